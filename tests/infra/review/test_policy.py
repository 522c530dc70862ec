"""The rules of review: this repository's own, and what is wrong with others."""

from __future__ import annotations

import pytest

from infra.review.policy import Policy, Risk, parse_policy
from tenants.declaration.model import Department
from tenants.problem import UserError


def test_every_owner_of_this_repository_has_an_account(policy: Policy, base: dict[str, Department]) -> None:
    owners = {owner for department in base.values() for owner in department.owners}
    assert owners <= policy.people.keys()


def test_every_risk_of_this_repository_has_approvers(policy: Policy) -> None:
    assert policy.approvals.keys() == set(Risk)
    assert all(policy.approvals.values())


def test_accounts_are_compared_as_forges_do(policy: Policy) -> None:
    assert policy.is_operations("OPS-Chen")
    assert policy.accounts(["it@health.gov.example", "it@nowhere.gov.example"]) == {"health-it"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("operations: []\npeople: {}\napprovals: {}\nquota_growth_percent: 20\n", "operations: got 0 entries"),
        (
            "operations: [a]\npeople: {x: [a]}\napprovals: {}\nquota_growth_percent: 20\n",
            "people.x: got x, expected a mailbox",
        ),
        ("operations: [a]\npeople: {}\napprovals: {size: [owner]}\nquota_growth_percent: 20\n", "approvals.size: got size"),
        ("operations: [a]\npeople: {}\napprovals: {data: [me]}\nquota_growth_percent: 20\n", "approvals.data[0]: got me"),
        ("operations: [a]\npeople: {}\napprovals: {}\nquota_growth_percent: 2.5\n", "quota_growth_percent: got 2.5"),
    ],
)
def test_a_mistake_is_one_sentence(text: str, says: str) -> None:
    with pytest.raises(UserError, match=r"policy.yaml:\d") as error:
        parse_policy(text)
    assert says in str(error.value)
