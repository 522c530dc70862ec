"""A plan that was approved can be told from any other."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from infra.plan.document import (
    CapacityLeft,
    Cost,
    DepartmentPlan,
    PlanStep,
    build_plan,
    digest_of,
    parse_plan,
    render_json,
)
from tenants.problem import UserError

STEP = PlanStep("update", "oneroof:compute:Quota", "prod", "compute quota prod", "limits.cores", 8, 4, 3)
PLAN = build_plan(
    "oneroof",
    [DepartmentPlan("parks", "changes", (STEP,), cost=Cost(4, 0, 0.25, 31.5, 512.25, "CNY", True))],
    base="main",
    base_commit="a" * 40,
    capacity=[CapacityLeft("cores", "vCPU", 16, 5, 4)],
)


def test_a_plan_comes_back_as_it_was() -> None:
    assert parse_plan(render_json(PLAN)) == PLAN


def test_values_keep_their_types() -> None:
    steps = tuple(replace(STEP, declared=value) for value in (True, 1, 1.5, "1", None))
    plan = build_plan("oneroof", [DepartmentPlan("parks", "changes", steps)])
    read = parse_plan(render_json(plan)).departments[0].steps
    assert [(type(step.declared), step.declared) for step in read] == [(type(s.declared), s.declared) for s in steps]


def test_an_edited_plan_is_refused() -> None:
    edited = render_json(PLAN).replace('"declared": 8', '"declared": 800')
    with pytest.raises(UserError, match="the plan was edited"):
        parse_plan(edited)


def test_usage_and_cost_move_without_another_plan() -> None:
    department = replace(PLAN.departments[0], steps=(replace(STEP, in_use=1),), cost=None)
    assert digest_of(replace(PLAN, departments=(department,))) == PLAN.digest


@pytest.mark.parametrize("change", [{"declared": 9}, {"actual": 5}, {"operation": "replace"}, {"name": "test"}])
def test_each_part_of_a_step_is_in_the_digest(change: dict[str, object]) -> None:
    moved = replace(PLAN.departments[0], steps=(replace(STEP, **change),))  # type: ignore[arg-type]
    assert digest_of(replace(PLAN, departments=(moved,))) != PLAN.digest


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[]", "not a JSON object"),
        ("{", "not a JSON object"),
        ('{"schema_version": 99}', "got 99, expected 1"),
        (json.dumps({"schema_version": 1}), "cloud: "),
    ],
)
def test_anything_else_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        parse_plan(text)
