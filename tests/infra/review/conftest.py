"""What the tests of reviews share: the repository's own declarations, rules, and requests to change them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from infra.review.change import ABSENT, PLAIN, FileChange
from infra.review.policy import POLICY_PATH, Policy, parse_policy
from infra.review.request import Approval, PullRequest, State
from tenants.declaration.catalogue import Catalogue
from tenants.declaration.load import load_catalogue, load_departments
from tenants.declaration.model import Department
from tenants.installation import repository

HEAD, OLD = "a" * 40, "b" * 40


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.fixture(scope="session")
def base() -> dict[str, Department]:
    return {department.slug: department for department in load_departments()}


@pytest.fixture(scope="session")
def policy() -> Policy:
    return parse_policy((repository() / POLICY_PATH).read_text(encoding="utf-8"))


@pytest.fixture
def request_of() -> Callable[..., PullRequest]:
    def build(author: str, *approvals: str, stale: tuple[str, ...] = ()) -> PullRequest:
        given = [Approval(account, HEAD) for account in approvals] + [Approval(account, OLD) for account in stale]
        return PullRequest(1, author, "main", HEAD, State.OPEN, approvals=tuple(given))

    return build


@pytest.fixture
def changed() -> Callable[..., tuple[FileChange, ...]]:
    def build(*paths: str, mode: str = PLAIN) -> tuple[FileChange, ...]:
        return tuple(FileChange(path, mode, OLD, "0" * 40 if mode == ABSENT else HEAD) for path in paths)

    return build
