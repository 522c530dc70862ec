"""A plan as the comment on a pull request: the summary, then warnings, then a table a department; details are folded. Pure.

What departments write themselves (names, texts) is escaped, so that a declaration cannot draw its own comment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from infra.plan.document import DepartmentPlan, PlanDocument
from infra.plan.text import build_rows, capacity_words, cost_words, summary, total_cost

LONGEST_TABLE = 20
"""Rows that are shown unfolded."""
_MOST_ROWS = 200
_HEADS: tuple[tuple[str, str], ...] = (
    ("refusals", "Refused"),
    ("reasons", "Speaks against it"),
    ("data_lost", "Data that would be lost"),
    ("replaced", "Made anew"),
)


def render_markdown(plan: PlanDocument) -> str:
    """Render it; the same plan gives the same text."""
    return "\n".join(_lines(plan)).rstrip() + "\n"


def _lines(plan: PlanDocument) -> Iterator[str]:
    yield f"### Plan: {summary(plan)}"
    yield ""
    cost = total_cost(plan)
    if cost is not None:
        yield f"**Cost:** {cost_words(cost)}"
        yield ""
    warnings = [
        f"**{escape(each.department)}**: {words}: {escape(what)}"
        for field, words in _HEADS
        for each in plan.departments
        for what in getattr(each, field)
    ]
    yield from _list([*warnings, *map(escape, plan.warnings)], ":warning: ")
    for each in plan.departments:
        yield from _department(each)
    unchanged = [each.department for each in plan.departments if each.state == "unchanged"]
    if unchanged:
        yield f"Without changes: {', '.join(map(escape, unchanged))}."
        yield ""
    yield from _folded("What the cloud has left", [f"- {escape(words)}" for words in capacity_words(plan)])
    base = f" against `{plan.base_commit[:12]}`" if plan.base_commit else ""
    yield f"<sub>cloud `{escape(plan.cloud)}`{base}, plan `{plan.digest[:12]}`</sub>"


def _department(plan: DepartmentPlan) -> Iterator[str]:
    rows = list(build_rows(plan))
    if not rows and plan.cost is None:
        return
    yield f"#### {escape(plan.department)}"
    yield ""
    if plan.cost is not None:
        yield cost_words(plan.cost)
        yield ""
    table = ["| change | resource | property | declared | actual | in use |", "|---|---|---|---|---|---|"]
    for row in rows[:_MOST_ROWS]:
        cells = (row.operation, row.resource, row.property, row.declared, row.actual, row.in_use)
        table.append(f"| {' | '.join(map(escape, cells))} |")
    if len(rows) > _MOST_ROWS:
        table.append(f"| … | {len(rows) - _MOST_ROWS} more | | | | |")
    if not rows:
        return
    if len(rows) > LONGEST_TABLE:
        yield from _folded(f"{len(rows)} changes", table)
    else:
        yield from (*table, "")


def _list(items: Iterable[str], mark: str) -> Iterator[str]:
    lines = [f"- {mark}{item}" for item in items]
    yield from (*lines, "") if lines else ()


def _folded(head: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield from ("<details>", f"<summary>{head}</summary>", "", *lines, "", "</details>", "")


def escape(text: str) -> str:
    """Give text that no Markdown or HTML in it, no mention, reference or link can leave its place."""
    return " ".join(text.split()).translate(_ESCAPED)


_APART = "&#8203;"
"""Of no width: what a forge looks for after its own rendering (@name, #7, a link) is not there any more."""
_ESCAPED = {ord(mark): f"&#{ord(mark)};" for mark in "\\`*_[]<>|~!()&"} | {
    ord(mark): f"&#{ord(mark)};{_APART}" for mark in "@#:"
}
