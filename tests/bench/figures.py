"""The benchmark's figures as values and as one table with ratios to the floor. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import median, median_low
from typing import Any

from rich.table import Table

WORKS = ("create", "plan", "change", "destroy")
FLOOR = "floor"


@dataclass(frozen=True)
class Figure:
    """What one side took for one piece of work; what was not measured is None."""

    side: str
    work: str
    seconds: float
    calls: int | None = None
    client_cpu: float | None = None
    cloud_cpu: float | None = None
    peak_mb: float | None = None
    left: int | None = None
    """Quota rows and security groups of projects that are gone, after everything was destroyed."""
    recorded: bool = False
    """Measured elsewhere before, not in this run."""


RECORDED: tuple[Figure, ...] = (
    Figure("Terraform", "create", 46.5, 405, peak_mb=128, recorded=True),
    Figure("Terraform", "plan", 6.4, 184, recorded=True),
    Figure("Terraform", "change", 6.1, 187, recorded=True),
    Figure("Terraform", "destroy", 30.0, 425, recorded=True),
)
"""Terraform's OpenStack provider v3 on two cores, ten departments; the middle where several runs differed."""


def build_middle(figures: Sequence[Figure]) -> list[Figure]:
    """Give one figure for each side and work of several rounds: medians; of memory and of what is left behind the most."""
    rounds: dict[tuple[str, str], list[Figure]] = {}
    for each in figures:
        rounds.setdefault((each.side, each.work), []).append(each)
    return [
        replace(
            same[0],
            seconds=median(each.seconds for each in same),
            calls=_of(median_low, [each.calls for each in same]),
            client_cpu=_of(median, [each.client_cpu for each in same]),
            cloud_cpu=_of(median, [each.cloud_cpu for each in same]),
            peak_mb=_of(max, [each.peak_mb for each in same]),
            left=_of(max, [each.left for each in same]),
        )
        for same in rounds.values()
    ]


def _of(choose: Callable[[list[Any]], Any], values: Sequence[Any]) -> Any:
    known = [value for value in values if value is not None]
    return choose(known) if known else None


def render_figures(figures: Sequence[Figure], departments: int, rounds: int = 1) -> Table:
    """Give one line for each piece of work and side, the floor first."""
    words = {
        "create": f"create {departments}",
        "plan": "plan, nothing changed",
        "change": "change one quota",
        "destroy": f"destroy {departments}",
    }
    heads = ("work", "by", "seconds", "x floor", "calls", "cloud CPU s", "x floor", "own CPU s", "peak MB", "left behind")
    table = Table(*heads, title=f"{departments} departments, same work, {rounds} rounds in turn")
    for work in WORKS:
        of_work = sorted((each for each in figures if each.work == work), key=lambda each: each.side != FLOOR)
        floor = next((each for each in of_work if each.side == FLOOR), None)
        for each in of_work:
            table.add_row(words[work], *_cells(each, floor))
            words[work] = ""
        table.add_section()
    return table


def ratio(value: float | None, floor: float | None) -> float | None:
    """Give how many times the floor a value is; nothing where either is not known, or the floor is nothing."""
    return value / floor if value is not None and floor else None


def _cells(figure: Figure, floor: Figure | None) -> tuple[str, ...]:
    # what was recorded elsewhere is not compared with a floor measured here
    base = None if figure.recorded or figure is floor else floor
    return (
        figure.side + (" (recorded elsewhere)" if figure.recorded else ""),
        _number(figure.seconds),
        _number(ratio(figure.seconds, base.seconds if base else None), 2),
        _number(figure.calls, 0),
        _number(figure.cloud_cpu),
        _number(ratio(figure.cloud_cpu, base.cloud_cpu if base else None), 2),
        _number(figure.client_cpu),
        _number(figure.peak_mb, 0),
        _number(figure.left, 0),
    )


def _number(value: float | None, digits: int = 1) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def to_json(figures: Sequence[Figure]) -> list[Mapping[str, Any]]:
    """Give the figures as plain data."""
    return [asdict(figure) for figure in figures]
