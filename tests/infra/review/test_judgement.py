"""Who may ask for what, and whose approval it needs: by the protected branch's own words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from infra.review.change import ABSENT, FileChange
from infra.review.judgement import Need, build_needs, find_others, judge_author, judge_sharing, missing, owns
from infra.review.policy import Policy, Risk
from infra.review.request import PullRequest
from infra.review.risk import Finding
from infra.review.sentence import Sentence
from tenants.declaration.model import Department

Requests = Callable[..., PullRequest]
Changes = Callable[..., tuple[FileChange, ...]]
Base = dict[str, Department]

MINE, THEIRS = "tenants/health.yaml", "tenants/transport.yaml"


def finding(risk: Risk, slug: str = "health", *partners: str) -> Finding:
    return Finding(risk, slug, Sentence(f"because of {risk}"), partners)


@pytest.mark.parametrize(
    ("author", "paths", "refused"),
    [
        ("health-it", (MINE,), ()),
        ("HEALTH-IT", (MINE,), ()),  # forges compare names so
        ("health-it", ("tenants/forestry.yaml",), ()),
        ("stranger", ("tenants/forestry.yaml",), ()),  # operations must approve a new department
        ("ops-chen", (MINE, THEIRS, "playbooks/site.yml", "infra/review/policy.yaml"), ()),
        ("health-it", (MINE, THEIRS), ()),  # only sharing may change there: judge_sharing
        ("stranger", (MINE,), ("`tenants/health.yaml` is another's",)),
        ("transport-it", (MINE,), ("`tenants/health.yaml` is another's",)),
        ("health-it", (MINE, "tenants/forestry.yaml"), ("declarations of 2 departments",)),
        (
            "health-it",
            (MINE, THEIRS, "tenants/civil-affairs.yaml"),
            ("`tenants/transport.yaml` is another's", "`tenants/civil-affairs.yaml` is another's"),
        ),
        ("health-it", (MINE, ".github/workflows/review.yml"), ("`.github/workflows/review.yml` is no department's",)),
        ("health-it", ("tenants/catalogue.yaml",), ("`tenants/catalogue.yaml` is no department's",)),
        ("health-it", ("tenants/Health.yaml",), ("`tenants/Health.yaml` is no department's",)),
        ("health-it", ("tenants/health.yml",), ("`tenants/health.yml` is no department's",)),
        ("health-it", ("tenants/health.yaml/x",), ("is no department's",)),
        ("health-it", ("x/tenants/health.yaml",), ("is no department's",)),
        ("health-it", ("tenants/health.yaml\n",), ("is no department's",)),
        ("", (MINE,), ("is another's",)),
    ],
)
def test_who_may_change_which_file(
    author: str,
    paths: tuple[str, ...],
    refused: tuple[str, ...],
    request_of: Requests,
    changed: Changes,
    base: Base,
    policy: Policy,
) -> None:
    told = judge_author(request_of(author), changed(*paths), base, policy)
    assert len(told) == len(refused), told
    for start in refused:
        assert any(start in sentence.markdown() for sentence in told)


@pytest.mark.parametrize("mode", ["120000", "100755", "160000"])
def test_a_declaration_is_a_plain_file(
    mode: str, request_of: Requests, changed: Changes, base: Base, policy: Policy
) -> None:
    told = judge_author(request_of("health-it"), changed(MINE, mode=mode), base, policy)
    assert [sentence.plain() for sentence in told] == [f"{MINE} would be a link or a program, expected a plain file"]


def test_an_owner_may_delete_the_own_file_and_nobody_else_s(
    request_of: Requests, changed: Changes, base: Base, policy: Policy
) -> None:
    assert judge_author(request_of("health-it"), changed(MINE, mode=ABSENT), base, policy) == ()
    assert judge_author(request_of("health-it"), changed(THEIRS, mode=ABSENT), base, policy)


def test_many_refusals_are_cut(request_of: Requests, changed: Changes, base: Base, policy: Policy) -> None:
    told = judge_author(request_of("x"), changed(*(f"file-{number}" for number in range(1000))), base, policy)
    assert [sentence.plain() for sentence in told][-1] == "and 990 more"


def test_beside_one_s_own_nothing_but_sharing_may_change(request_of: Requests, base: Base, policy: Policy) -> None:
    after = {**base, "transport": base["transport"].model_copy(update={"cost_centre": "mine"})}
    assert len(judge_sharing(request_of("health-it"), base, after, policy)) == 1
    assert judge_sharing(request_of("transport-it"), base, after, policy) == ()
    assert judge_sharing(request_of("ops-sun"), base, after, policy) == ()
    gone = {slug: department for slug, department in base.items() if slug != "transport"}
    assert len(judge_sharing(request_of("health-it"), base, gone, policy)) == 1


def needs(request: PullRequest, base: Base, policy: Policy, *findings: Finding) -> dict[str, Need]:
    return {need.whose: need for need in build_needs(request, findings, base, policy)}


def test_production_needs_another_owner(request_of: Requests, base: Base, policy: Policy) -> None:
    found = needs(request_of("health-it"), base, policy, finding(Risk.PRODUCTION))
    assert found["another owner of health"].accounts == ("health-security",)
    assert missing(found.values())
    found = needs(request_of("health-it", "health-security"), base, policy, finding(Risk.PRODUCTION))
    assert found["another owner of health"].given_by == "health-security"
    assert not missing(found.values())


@pytest.mark.parametrize("approver", ["health-it", "HEALTH-IT", "transport-it", "ops-chen", "nobody"])
def test_neither_the_author_nor_others_give_it(approver: str, request_of: Requests, base: Base, policy: Policy) -> None:
    found = needs(request_of("health-it", approver), base, policy, finding(Risk.PRODUCTION))
    assert missing(found.values())


def test_an_approval_of_an_older_head_counts_for_nothing(request_of: Requests, base: Base, policy: Policy) -> None:
    found = needs(request_of("health-it", stale=("health-security",)), base, policy, finding(Risk.PRODUCTION))
    assert missing(found.values())


def test_operations_stand_in_for_an_only_owner(request_of: Requests, base: Base, policy: Policy) -> None:
    found = needs(request_of("transport-it"), base, policy, finding(Risk.PRODUCTION, "transport"))
    assert found["operations"].accounts == ("ops-chen", "ops-sun")


def test_operations_do_not_approve_their_own(request_of: Requests, base: Base, policy: Policy) -> None:
    found = needs(request_of("ops-chen", "ops-chen"), base, policy, finding(Risk.QUOTA))
    assert found["operations"].accounts == ("ops-sun",)
    assert missing(found.values())


def test_where_nobody_is_left_to_approve_it_stays_missing(request_of: Requests, base: Base, policy: Policy) -> None:
    alone = policy.model_copy(update={"operations": ("ops-chen",)})
    found = needs(request_of("ops-chen", "ops-chen"), base, alone, finding(Risk.QUOTA))
    assert found["operations"].accounts == ()
    assert missing(found.values())


def test_a_share_needs_the_other_department(request_of: Requests, base: Base, policy: Policy) -> None:
    share = finding(Risk.SHARING, "health", "civil-affairs")
    found = needs(request_of("health-it", "health-security"), base, policy, share)
    assert list(found) == ["an owner of civil-affairs"]
    assert missing(found.values())
    assert not missing(needs(request_of("health-it", "civil-affairs-it"), base, policy, share).values())


def test_what_is_shared_by_another_s_file_needs_its_owner(request_of: Requests, base: Base, policy: Policy) -> None:
    found = needs(request_of("civil-affairs-it"), base, policy, finding(Risk.SHARING, "health", "civil-affairs"))
    assert list(found) == ["an owner of health"]


def test_who_owns_both_sides_does_not_consent_to_themselves(request_of: Requests, base: Base, policy: Policy) -> None:
    both = policy.model_copy(update={"people": {**policy.people, "it@civil-affairs.gov.example": ("health-it",)}})
    found = needs(request_of("health-it"), base, both, finding(Risk.SHARING, "health", "civil-affairs"))
    assert list(found) == ["operations"]


def test_taking_a_share_back_needs_nobody(request_of: Requests, base: Base, policy: Policy) -> None:
    assert needs(request_of("health-it"), base, policy, finding(Risk.SHARING)) == {}


def test_one_approval_may_be_for_several_reasons(request_of: Requests, base: Base, policy: Policy) -> None:
    found = needs(request_of("health-it"), base, policy, finding(Risk.QUOTA), finding(Risk.OWNERS))
    assert [sentence.plain() for sentence in found["operations"].reasons] == ["because of quota", "because of owners"]


def test_files_that_are_no_declaration_are_a_risk_of_their_own(changed: Changes) -> None:
    assert find_others(changed(MINE)) == ()
    (found,) = find_others(changed(MINE, "a", "b", "c", "d"))
    assert found.reason.plain() == "changed beside declarations: a, b, c and 1 more"


class WithApprovers(Department):
    """A declaration that names who approves beside who owns."""

    approvers: tuple[str, ...] = ()


def test_approvers_may_ask_and_approve_and_owners_only_ask(request_of: Requests, base: Base, policy: Policy) -> None:
    named = WithApprovers(**{**base["health"].model_dump(by_alias=False), "approvers": ("it@transport.gov.example",)})
    government = {**base, "health": named}
    assert owns("transport-it", named, policy)
    assert owns("health-it", named, policy)
    found = needs(request_of("health-it", "health-security"), government, policy, finding(Risk.PRODUCTION))
    assert found["another owner of health"].accounts == ("transport-it",)
    assert missing(found.values())
