"""A plan for people: at the terminal as a table, and its figures in words, which the comment on a pull request shares."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from infra.plan.capacity import number
from infra.plan.document import Cost, DepartmentPlan, PlanDocument, PlanStep, Value
from infra.plan.steps import PRESENT

_WIDTH = 80
_LONG_LISTS = ("create", "delete")


@dataclass(frozen=True)
class Row:
    """One line for people."""

    operation: str
    resource: str
    property: str
    declared: str
    actual: str
    in_use: str


def build_rows(plan: DepartmentPlan) -> Iterator[Row]:
    """Give the lines of one department; the limits of a quota that comes or goes as a whole are one line."""
    for steps in _grouped(plan.steps):
        first = steps[0]
        if len(steps) > 1:
            declared, actual = _limits(steps, "declared"), _limits(steps, "actual")
            yield Row(first.operation, first.resource, "limits", declared, actual, "")
        else:
            used = "" if first.in_use is None else str(first.in_use)
            new, old = shown(first.declared), shown(first.actual)
            if (first.declared, first.actual) == (PRESENT, None):
                new = "to be made"
            if (first.declared, first.actual) == (None, PRESENT):
                old = "exists"
            yield Row(first.operation, first.resource, first.property, new, old, used)


def _limits(steps: list[PlanStep], side: str) -> str:
    told = [(step.property.removeprefix("limits."), getattr(step, side)) for step in steps]
    return ", ".join(f"{name} {value}" for name, value in told if value is not None) or "–"


def _grouped(steps: tuple[PlanStep, ...]) -> Iterator[list[PlanStep]]:
    group: list[PlanStep] = []
    for step in steps:
        whole = step.operation in _LONG_LISTS and step.type.endswith(":Quota")
        if group and not (whole and (step.type, step.name) == (group[0].type, group[0].name)):
            yield group
            group = []
        group.append(step)
    if group:
        yield group


def shown(value: Value) -> str:
    """Give a value in one line of bounded width."""
    text = "–" if value is None else " ".join(str(value).split())
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"


def cost_words(cost: Cost) -> str:
    """Give what a plan reserves and costs, each figure with its sign and unit."""
    words = f"{cost.vcpus:+d} vCPU, {cost.memory_mib / 1024:+.1f} GiB memory reserved"
    if cost.hosts is None or cost.kwh_per_month is None or cost.money_per_month is None:
        return f"{words}; hosts, energy and money unknown: the cloud's capacity was not read"
    sample = " (sample prices)" if cost.example else ""
    return (
        f"{words}: {cost.hosts:+.2f} hosts, {cost.kwh_per_month:+.1f} kWh a month, "
        f"{cost.money_per_month:+,.2f} {cost.currency} a month{sample}"
    )


def total_cost(plan: PlanDocument) -> Cost | None:
    """Give the sum over all departments; nothing where the plan changes no quota of compute."""
    costs = [each.cost for each in plan.departments if each.cost is not None]
    if not costs:
        return None
    known = all(cost.hosts is not None for cost in costs)

    def total(name: str) -> float | None:
        return round(sum(getattr(cost, name) for cost in costs), 4) if known else None

    return Cost(
        vcpus=sum(cost.vcpus for cost in costs),
        memory_mib=sum(cost.memory_mib for cost in costs),
        hosts=total("hosts"),
        kwh_per_month=total("kwh_per_month"),
        money_per_month=total("money_per_month"),
        currency=costs[0].currency,
        example=any(cost.example for cost in costs),
    )


def capacity_words(plan: PlanDocument) -> Iterator[str]:
    """Give what the plan promises of what the cloud has left, for each resource that it promises more of."""
    for each in plan.capacity:
        left = number(each.capacity - each.used)
        yield f"{each.resource}: {number(each.growth)} more promised, {left} of {number(each.capacity)} {each.unit} left"


def summary(plan: PlanDocument) -> str:
    """Give the whole plan in one line."""
    counted = {
        "changed": sum(each.state == "changes" for each in plan.departments),
        "refused": sum(each.state == "refused" for each in plan.departments),
        "could not be planned": sum(each.state == "failed" for each in plan.departments),
        "no longer declared": sum(each.state == "gone" for each in plan.departments),
        "without changes": sum(each.state == "unchanged" for each in plan.departments),
    }
    steps = len({(each.department, step.type, step.name) for each in plan.departments for step in each.steps})
    told = [f"{count} {what}" for what, count in counted.items() if count]
    return f"{', '.join(told) or 'nothing to plan'}; {steps} {'resource' if steps == 1 else 'resources'} to change"


def print_plan(plan: PlanDocument, console: Any) -> None:
    """Print the table, then what would be replaced and lost, then cost and capacity."""
    from rich.table import Table

    columns = ("department", "change", "resource", "property", "declared", "actual", "in use")
    table = Table(*columns, box=None, pad_edge=False)
    for each in plan.departments:
        for row in build_rows(each):
            table.add_row(each.department, row.operation, row.resource, row.property, row.declared, row.actual, row.in_use)
    if table.rows:
        console.print(table)
    for each in plan.departments:
        for refusal in each.refusals:
            console.print(f"refused: {each.department}: {refusal.replace(' HINT: ', chr(10) + '  HINT: ')}")
        for what in each.replaced:
            console.print(f"replaced: {each.department}: {what}")
        for what in each.data_lost:
            console.print(f"data lost: {each.department}: {what}")
        if each.state == "gone":
            console.print(f"gone: {each.department}: {'; '.join(each.reasons)}")
        if each.cost is not None:
            console.print(f"cost: {each.department}: {cost_words(each.cost)}")
    for words in capacity_words(plan):
        console.print(f"capacity: {words}")
    if all(each.state == "unchanged" for each in plan.departments):
        console.print("nothing to change")
