"""How far the savings can be from the truth: each kind of figure at its least and at its most, the others as they are.

S1  a figure's range    low to high as its source tells, else value * (1 - spread) to value * (1 + spread) of its confidence
S2  effect of a kind    the total with all figures of the kind (such as every idle_watts) at one end, less the total as it is
S3  a total's range     total - sqrt(sum of squares of what lowers it) to total + sqrt(sum of squares of what raises it)
Figures of one kind move together, as a survey's method is wrong for all that it surveyed; kinds are taken as independent
(JCGM 100:2008, Guide to the expression of uncertainty in measurement, 5.1.2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from math import hypot
from typing import TypeVar

from monitoring.savings.model import CloudUse, Savings, build_savings
from monitoring.savings.survey import Baseline, DepartmentBaseline, ServerGroup
from tenants.assumptions.figures import Figure, Sourced, Strict
from tenants.assumptions.model import Assumptions

OUTCOMES = ("energy_saved", "carbon_saved", "avoided_cost", "saving")
"""Totals of :class:`Savings` that have a range."""
SHARES = frozenset({"utilisation", "planned_utilisation"})
"""Figures that are shares: their range ends at 1."""
_NEUTRAL = frozenset({"spread", "planned_utilisation", "servers_a_rack"})
_Part = TypeVar("_Part", bound=Strict)


@dataclass(frozen=True)
class Effect:
    """What one kind of figure does to one total, in the total's unit."""

    kind: str
    outcome: str
    at_low: float
    """By how much the total changes where the figures are at their least."""
    at_high: float


@dataclass(frozen=True)
class Range:
    """A total with its two ends."""

    value: float
    low: float
    high: float


def build_effects(baseline: Baseline, assumptions: Assumptions, use: CloudUse, today: date) -> tuple[Effect, ...]:
    """S2, the largest first within each total; empty where the totals are not known."""
    whole = build_savings(baseline, assumptions, use, today)
    found = []
    for kind in _kinds():
        low, high = (
            build_savings(
                _surveyed(baseline, assumptions, kind, end),
                _at_end(assumptions, kind, end, assumptions, assumptions),
                use,
                today,
            )
            for end in (0, 1)
        )
        for outcome in OUTCOMES:
            value, least, most = (_total(savings, outcome) for savings in (whole, low, high))
            if value is not None and least is not None and most is not None:
                found.append(Effect(kind, outcome, least - value, most - value))
    return tuple(sorted(found, key=lambda e: (OUTCOMES.index(e.outcome), -max(abs(e.at_low), abs(e.at_high)), e.kind)))


def build_ranges(whole: Savings, effects: tuple[Effect, ...]) -> Mapping[str, Range | None]:
    """S3 of each total; None where it could not be computed."""
    ranges: dict[str, Range | None] = {}
    for outcome in OUTCOMES:
        value = _total(whole, outcome)
        ends = [(e.at_low, e.at_high) for e in effects if e.outcome == outcome]
        lower = hypot(*(min(0.0, *pair) for pair in ends))
        higher = hypot(*(max(0.0, *pair) for pair in ends))
        ranges[outcome] = None if value is None else Range(value, value - lower, value + higher)
    return ranges


def ends_of(figure: Figure, sources: Sourced, assumptions: Assumptions) -> tuple[float, float]:
    """S1: give the least and the most that a figure could be."""
    spread = assumptions.spread[sources.sources[figure.source].confidence].value
    low = figure.value * (1 - min(1.0, spread)) if figure.low is None else figure.low
    return low, figure.value * (1 + spread) if figure.high is None else figure.high


def _kinds() -> Iterator[str]:
    for model in (DepartmentBaseline, ServerGroup, Assumptions):
        for name, field in model.model_fields.items():
            if field.annotation is Figure and name not in _NEUTRAL:
                yield name


def _surveyed(baseline: Baseline, assumptions: Assumptions, kind: str, end: int) -> Baseline:
    def department(entry: DepartmentBaseline) -> DepartmentBaseline:
        groups = tuple(_at_end(group, kind, end, baseline, assumptions) for group in entry.groups)
        return _at_end(entry, kind, end, baseline, assumptions).model_copy(update={"groups": groups})

    return baseline.model_copy(update={"departments": {n: department(e) for n, e in baseline.departments.items()}})


def _at_end(part: _Part, kind: str, end: int, sources: Sourced, assumptions: Assumptions) -> _Part:
    figure = getattr(part, kind, None)
    if not isinstance(figure, Figure):
        return part
    value = ends_of(figure, sources, assumptions)[end]
    moved = min(1.0, value) if kind in SHARES else value
    return part.model_copy(update={kind: figure.model_copy(update={"value": moved})})


def _total(savings: Savings, outcome: str) -> float | None:
    value: float | None = getattr(savings, outcome)
    return value
