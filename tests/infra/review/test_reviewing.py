"""A plan that says the same is the one that was told before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from infra.plan.document import DepartmentPlan, PlanDocument, PlanStep, build_plan, render_json
from infra.review.record import Record
from infra.review.request import PullRequest
from infra.review.reviewing import as_before

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
