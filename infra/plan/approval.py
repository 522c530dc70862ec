"""Whether a plan that is made again is still the one that was approved: what moved, in sentences. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from infra.plan.document import DepartmentPlan, PlanDocument, PlanStep, Value
from infra.plan.text import shown
from tenants.problem import Problem, UserError


def check_appliable(plan: PlanDocument, cloud: str) -> None:
    """Raise UserError where a plan cannot be applied, whatever became of the cloud since."""
    problems = [Problem(f"the plan is for cloud {plan.cloud}, got --cloud {cloud}")] if plan.cloud != cloud else []
    problems += [
        Problem(f"{each.department}: {sentence}", "Mend it, and plan again.")
        for each in plan.departments
        if each.state in ("refused", "failed")
        for sentence in (*each.refusals, *each.reasons)
    ]
    if problems:
        raise UserError(*problems)


def find_moved(approved: PlanDocument, now: PlanDocument) -> Iterator[str]:
    """Give a sentence for each thing that the plan of now does and the approved one does not.

    What was approved and is done already has not moved: an apply that was interrupted carries on with the same plan.
    """
    before = {each.department: each for each in approved.departments}
    after = {each.department: each for each in now.departments}
    for slug in sorted(before.keys() | after.keys()):
        yield from _moved(slug, before.get(slug), after.get(slug))


def _moved(slug: str, before: DepartmentPlan | None, after: DepartmentPlan | None) -> Iterator[str]:
    if after is None or before is None:
        yield f"{slug}: {'is not declared any more' if after is None else 'is not in the approved plan'}"
        return
    if after.state in ("refused", "failed"):
        yield from (f"{slug}: now {after.state}: {sentence}" for sentence in (*after.refusals, *after.reasons))
        return
    old, new = _by_property(before.steps), _by_property(after.steps)
    for key, changes in sorted(new.items()):
        was = old.get(key, ())
        if any(change not in was for change in changes):
            yield f"{slug}: {' '.join(filter(None, key[1:]))}: approved: {_words(was)}; now: {_words(changes)}"
    for what in sorted({*map(_holder, after.data_lost)} - {*map(_holder, before.data_lost)}):
        yield f"{slug}: data of {what} would be lost, which the approved plan does not say"


_Change = tuple[str, Value, Value]


def _by_property(steps: Iterable[PlanStep]) -> Mapping[tuple[str, str, str], tuple[_Change, ...]]:
    """Give operation, actual and declared value by type, resource and property; a property of a list has several."""
    found: dict[tuple[str, str, str], tuple[_Change, ...]] = {}
    for step in steps:
        key = (step.type, step.resource, step.property)
        found[key] = (*found.get(key, ()), (step.operation, step.actual, step.declared))
    return found


def _holder(lost: str) -> str:
    """Give what would be lost without how much it holds now, which moves by itself."""
    return lost.partition(" (")[0]


def _words(changes: tuple[_Change, ...]) -> str:
    return ", ".join(f"{operation} {shown(old)} → {shown(new)}" for operation, old, new in changes) or "nothing"
