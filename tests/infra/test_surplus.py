"""Roles that nobody declared: those of the department's own people in it, and no others."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from infra.agreement import Cloud
from infra.inventory.model import Inventory, Principal, RoleAssignment
from infra.surplus import find_surplus

ROLE = {"role": "reader", "group_id": "g", "user_id": "", "is_provisioner": False, "project_id": "p", "domain_id": "",
        "is_inherited": False}  # fmt: skip
STACK = (
    {"type": "oneroof:identity:Domain", "id": "d", "urn": "urn::parks"},
    {"type": "oneroof:identity:Project", "id": "p", "urn": "urn::prod"},
    {"type": "oneroof:identity:RoleAssignment", "id": "/projects/p/groups/g/roles/1", "urn": "urn::r", "outputs": ROLE},
)
DECLARED = RoleAssignment("reader", None, "g", "p", None, False, False)


def surplus(*roles: RoleAssignment) -> list[str]:
    held: dict[str, Any] = {field.name: () for field in fields(Inventory)}
    held["groups"] = (Principal("g", "ops", "d", True), Principal("other", "theirs", "e", True))
    held["users"] = (Principal("u", "ann", "d", True), Principal("admin", "admin", "default", True))
    held["role_assignments"] = (DECLARED, *roles)
    return [each.called for each in find_surplus(STACK, Cloud(Inventory(**held)))]


def test_what_is_declared_is_none() -> None:
    assert surplus() == []


@pytest.mark.parametrize(("role", "called"), [
    (RoleAssignment("member", None, "g", "p", None, False, False), "prod/ops/member"),
    (RoleAssignment("admin", "u", None, "p", None, False, False), "prod/ann/admin"),
    (RoleAssignment("member", "u", None, None, "d", False, True), "domain/ann/member"),
])  # fmt: skip
def test_more_than_declared_is(role: RoleAssignment, called: str) -> None:
    assert surplus(role) == [called]


@pytest.mark.parametrize("role", [
    RoleAssignment("member", "admin", None, "p", None, False, False),  # the operator's own
    RoleAssignment("member", None, "other", "p", None, False, False),  # another department's
    RoleAssignment("member", None, "g", "elsewhere", None, False, False),  # on another's project
])  # fmt: skip
def test_what_others_gave_is_left_to_them(role: RoleAssignment) -> None:
    assert surplus(role) == []
