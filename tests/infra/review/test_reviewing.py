"""A plan that says the same is the one that was told before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from infra.plan.document import DepartmentPlan, PlanDocument, PlanStep, build_plan, render_json
from infra.review.record import Record
from infra.review.request import PullRequest
from infra.review.reviewing import as_before, moved_since_approved

STEP = PlanStep("create", "oneroof:compute:Server", "prod/web", "Server prod/web", "", True, None, None)


def plan(*steps: PlanStep, base: str = "b" * 40, warnings: tuple[str, ...] = ()) -> PlanDocument:
    made = [DepartmentPlan("health", "changes", steps=steps)]
    return build_plan("oneroof", made, base="main", base_commit=base, warnings=warnings)


BEFORE = plan(STEP, warnings=("the cloud has 7 left",))


@pytest.mark.parametrize(
    ("made", "same"),
    [
        (BEFORE, True),
        (plan(STEP, base="c" * 40, warnings=("the cloud has 6.5 left",)), True),
        (plan(STEP), False),
        (plan(STEP, warnings=("volumes could not be read",)), False),
        (plan(STEP, replace(STEP, name="prod/more", resource="Server prod/more"), warnings=BEFORE.warnings), False),
        (plan(warnings=BEFORE.warnings), False),
    ],
)
def test_only_what_is_new_is_told_anew(made: PlanDocument, same: bool, request_of: Callable[..., PullRequest]) -> None:
    request = request_of("health-it")
    record = Record(1, request.head, {}, (), render_json(BEFORE))
    assert as_before(record, request, made) == (BEFORE if same else made)
    assert as_before(None, request, made) == made
    assert as_before(replace(record, head="d" * 40), request, made) == made
    assert as_before(replace(record, plan=""), request, made) == made


def test_what_is_approved_is_the_plan_that_was_told_first(request_of: Callable[..., PullRequest]) -> None:
    record = Record(1, request_of("health-it").head, {}, (), render_json(BEFORE))
    more = plan(STEP, replace(STEP, name="prod/more", resource="Server prod/more"), base="c" * 40)
    said = ("health: Server prod/more: approved: nothing; now: create – → True",)
    approved = request_of("health-it", "health-security")
    assert moved_since_approved(record, approved, more) == said
    # nobody approved it, or only what was pushed before: the new plan is told in place of the old one
    assert moved_since_approved(record, request_of("health-it"), more) == ()
    assert moved_since_approved(record, request_of("health-it", stale=("health-security",)), more) == ()
    # the same, less of it, or the first plan of this commit
    assert moved_since_approved(record, approved, BEFORE) == ()
    assert moved_since_approved(record, approved, plan()) == ()
    assert moved_since_approved(replace(record, head="d" * 40), approved, more) == ()
    assert moved_since_approved(None, approved, more) == ()
