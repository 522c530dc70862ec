"""An apply does what was approved; what moved since is told, what is done already is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from infra.plan.approval import check_appliable, find_moved
from infra.plan.document import DepartmentPlan, PlanDocument, PlanStep, build_plan
from tenants.problem import UserError

CORES = PlanStep("update", "oneroof:compute:Quota", "prod", "compute quota prod", "limits.cores", 8, 4, 3)
WEB = PlanStep("create", "oneroof:compute:Server", "prod/web", "Server prod/web", "", "present", None, None)


def plan(*steps: PlanStep, lost: tuple[str, ...] = (), state: str = "changes", **more: tuple[str, ...]) -> PlanDocument:
    return build_plan("oneroof", [DepartmentPlan("parks", state, steps, data_lost=lost, **more)])  # type: ignore[arg-type]


APPROVED = plan(CORES, WEB)


def test_the_same_plan_has_not_moved() -> None:
    assert list(find_moved(APPROVED, plan(WEB, replace(CORES, in_use=4)))) == []


def test_what_is_done_already_has_not_moved() -> None:
    assert list(find_moved(APPROVED, plan(WEB))) == []
    assert list(find_moved(APPROVED, plan(state="unchanged"))) == []


def test_another_actual_value_is_told_with_both() -> None:
    assert list(find_moved(APPROVED, plan(replace(CORES, actual=6), WEB))) == [
        "parks: compute quota prod limits.cores: approved: update 4 → 8; now: update 6 → 8"
    ]


def test_another_declared_value_is_told() -> None:
    assert list(find_moved(APPROVED, plan(replace(CORES, declared=800), WEB))) == [
        "parks: compute quota prod limits.cores: approved: update 4 → 8; now: update 4 → 800"
    ]


def test_a_step_more_is_told() -> None:
    more = replace(WEB, name="prod/shop", resource="Server prod/shop")
    assert list(find_moved(APPROVED, plan(CORES, WEB, more))) == [
        "parks: Server prod/shop: approved: nothing; now: create – → present"
    ]


def test_a_replacement_in_place_of_an_update_is_told() -> None:
    assert len(list(find_moved(APPROVED, plan(replace(CORES, operation="replace"), WEB)))) == 1


def test_data_that_would_be_lost_now_is_told_but_not_how_much_it_holds() -> None:
    before = plan(CORES, lost=("container prod/papers (1 objects, 0.1 MiB)",))
    assert list(find_moved(before, plan(CORES, lost=("container prod/papers (2 objects, 9.0 MiB)",)))) == []
    (moved,) = find_moved(before, plan(CORES, lost=("volume prod/data (1 GiB)",)))
    assert moved == "parks: data of volume prod/data would be lost, which the approved plan does not say"


def test_a_department_that_is_refused_now_is_told() -> None:
    assert list(find_moved(APPROVED, plan(state="refused", refusals=("cores: too many",)))) == [
        "parks: now refused: cores: too many"
    ]


def test_a_department_that_is_gone_or_came_is_told() -> None:
    nothing = build_plan("oneroof", [])
    assert list(find_moved(APPROVED, nothing)) == ["parks: is not declared any more"]
    assert list(find_moved(nothing, APPROVED)) == ["parks: is not in the approved plan"]


@pytest.mark.parametrize(("state", "field"), [("refused", "refusals"), ("failed", "reasons")])
def test_a_plan_that_cannot_be_done_is_not_begun(state: str, field: str) -> None:
    with pytest.raises(UserError, match="parks: too many"):
        check_appliable(plan(state=state, **{field: ("too many",)}), "oneroof")


def test_a_plan_of_one_cloud_is_not_done_to_another() -> None:
    check_appliable(APPROVED, "oneroof")
    with pytest.raises(UserError, match="the plan is for cloud oneroof, got --cloud other"):
        check_appliable(APPROVED, "other")
