"""A plan shows what differs, not everything around it, and what is used of a limit that changes."""

from __future__ import annotations

from infra.plan.document import DepartmentPlan, PlanStep
from infra.plan.recorded import Recorded
from infra.plan.steps import build_steps, replaced
from infra.plan.text import Row, build_rows
from infra.plan.usage import Usage
from infra.programs.stacks import Step

NOTHING = Recorded({}, {}, ())
PROD = Recorded({"prod": "id-of-prod"}, {("prod", "compute"): {"cores": 99, "ram": 8}}, ())
DECLARED = {("prod", "compute"): {"cores": 4, "ram": 8}}
QUOTA = Step("update", "oneroof:compute:Quota", "prod", (("limits", {"cores": 99.0, "ram": 8}, {"cores": 4, "ram": 8}),))


def lines(*steps: Step, recorded: Recorded = NOTHING) -> tuple[PlanStep, ...]:
    return build_steps(steps, recorded, DECLARED, Usage())


def rows(*steps: Step, recorded: Recorded = NOTHING) -> list[Row]:
    return list(build_rows(DepartmentPlan("parks", "changes", lines(*steps, recorded=recorded))))


def test_of_a_quota_the_limits_that_differ_are_shown_with_what_is_used() -> None:
    steps = build_steps([QUOTA], PROD, DECLARED, Usage(frozenset({"compute/cores"}), {("id-of-prod", "compute/cores"): 5}))
    assert steps == (PlanStep("update", "oneroof:compute:Quota", "prod", "compute quota prod", "limits.cores", 4, 99, 5),)
    assert isinstance(steps[0].actual, int)


def test_a_new_quota_is_told_limit_by_limit_and_shown_in_one_line() -> None:
    step = Step("create", "oneroof:compute:Quota", "prod")
    assert [(line.property, line.declared, line.actual) for line in lines(step)] == [
        ("limits.cores", 4, None),
        ("limits.ram", 8, None),
    ]
    assert rows(step) == [Row("create", "compute quota prod", "limits", "cores 4, ram 8", "–", "")]


def test_a_quota_that_goes_tells_what_was() -> None:
    step = Step("delete", "oneroof:compute:Quota", "prod")
    assert [(line.property, line.declared, line.actual) for line in lines(step, recorded=PROD)] == [
        ("limits.cores", None, 99),
        ("limits.ram", None, 8),
    ]


def test_of_a_list_the_items_that_come_and_go_are_shown() -> None:
    kept, gone, new = {"port": 1}, {"port": 2, "remote": None}, {"port": 3}
    step = Step("update", "oneroof:network:SecurityGroup", "prod/web", (("rules", [kept, gone], [new, kept]),))
    assert {(row.declared, row.actual) for row in rows(step)} == {("port=3", "–"), ("–", "port=2")}


def test_the_same_items_in_another_order_are_shown_whole() -> None:
    step = Step("update", "oneroof:compute:Server", "prod/site", (("volume_ids", ["a", "b"], ["b", "a"]),))
    assert [(row.declared, row.actual) for row in rows(step)] == [("['b', 'a']", "['a', 'b']")]


def test_secrets_are_never_told() -> None:
    closed = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:abc"}
    other = closed | {"ciphertext": "v1:def"}
    step = Step("update", "oneroof:identity:User", "op", (("password", closed, None), ("key", closed, other)))
    assert {(line.property, line.actual, line.declared) for line in lines(step)} == {
        ("password", "(secret)", None),
        ("key", "(secret)", "(secret)"),
    }


def test_what_comes_and_what_goes_as_a_whole() -> None:
    come = Step("create", "oneroof:compute:Server", "prod/web")
    go = Step("delete", "oneroof:compute:Server", "prod/old")
    assert [(row.resource, row.declared, row.actual) for row in rows(come, go)] == [
        ("Server prod/old", "–", "exists"),
        ("Server prod/web", "to be made", "–"),
    ]


def test_what_is_made_anew_is_told_with_the_reason() -> None:
    step = Step("replace", "oneroof:compute:Server", "prod/web", (("flavor", "tiny", "small"), ("image", "a", "b")))
    assert replaced(lines(step)) == ("Server prod/web (flavor, image)",)


def test_the_order_in_which_the_engine_speaks_makes_no_other_plan() -> None:
    come = Step("create", "oneroof:compute:Server", "prod/web")
    assert lines(come, QUOTA) == lines(QUOTA, come)
