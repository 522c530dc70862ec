"""The level of GB/T 20988 that the evidence bears out for one thing: each condition with its measure, and what it rests on.

Figures of the standard come from :mod:`backup.report.standards`. Two conditions are ours, and say so: that the keys were
opened from their escrow, and that a delete was refused, without which a copy at another site may not be there when needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from backup.ledger import Entry
from backup.policy import render_duration
from backup.report.proof import Run, cite, instant
from backup.report.standards import MOST, Limit, load_standards

ESCROW_WITHIN = timedelta(days=400)
PROBE_WITHIN = timedelta(days=2)
REBUILT_WITHIN = timedelta(days=400)
"""How old these proofs may be; ours, for the standard tells none."""


@dataclass(frozen=True)
class Facts:
    """What the ledger tells of one thing, and of the cloud as a whole."""

    now: datetime
    every: timedelta
    """Time between two backups as scheduled."""
    newest: Run | None
    """Newest snapshot that counts."""
    worst: timedelta | None
    """Longest time in the period without a newer snapshot that counts: the most data that could have been lost."""
    drill: Entry | None
    """Last drill of it, where that was identical."""
    drill_seconds: float
    drill_every: timedelta
    probe: Entry | None
    """Last time the vault refused to delete anything of this department."""
    escrow: Entry | None
    """Last time the keys were opened from their escrow."""
    rebuilt: Entry | None
    """Last time the whole cloud was brought back."""


@dataclass(frozen=True)
class Condition:
    """One condition of a level."""

    key: str
    level: int
    met: bool
    measured: str
    limit: str
    source: str
    """``standard`` or ``ours``."""
    evidence: tuple[str, ...]
    """Entries it rests on."""


def judge_level(facts: Facts) -> tuple[int, tuple[Condition, ...]]:
    """Give the highest level all of whose conditions, and those below, are met (0 for none), and every condition."""
    conditions: list[Condition] = []
    for number in range(1, MOST + 1):
        limit = load_standards().levels[number].limit
        if limit is not None:
            conditions += _conditions(facts, number, limit)
    reached = 0
    for number in range(1, MOST + 1):
        if not all(c.met for c in conditions if c.level == number):
            break
        reached = number
    return reached, tuple(conditions)


def _conditions(facts: Facts, level: int, limit: Limit) -> list[Condition]:
    cited = (cite(facts.newest.entry),) if facts.newest else ()
    age = facts.now - facts.newest.record.started_at if facts.newest else None
    found = [
        _at_most("recovery_point", level, age, limit.recovery_point, cited),
        _at_most("worst_recovery_point", level, facts.worst, limit.recovery_point, cited),
        _at_most("every", level, facts.every, limit.every, ()),
    ]
    if limit.recovery_time is not None:
        seconds = timedelta(seconds=facts.drill_seconds) if facts.drill else None
        found.append(_at_most("recovery_time", level, seconds, limit.recovery_time, _cited(facts.drill)))
        found.append(_recent("drill", level, facts.now, facts.drill, facts.drill_every))
        found.append(_recent("escrow", level, facts.now, facts.escrow, ESCROW_WITHIN))
    if level == MOST:
        found.append(_recent("refused_delete", level, facts.now, facts.probe, PROBE_WITHIN))
        found.append(_recent("rebuilt", level, facts.now, facts.rebuilt, REBUILT_WITHIN))
    return found


def _at_most(key: str, level: int, value: timedelta | None, limit: timedelta, evidence: tuple[str, ...]) -> Condition:
    met = value is not None and value <= limit
    told = "" if value is None else render_span(value)
    return Condition(key, level, met, told, f"≤ {render_duration(limit)}", "standard", evidence)


def _recent(key: str, level: int, now: datetime, entry: Entry | None, within: timedelta) -> Condition:
    ended = (instant(entry.record, "ended_at") or entry.at) if entry else None
    met = ended is not None and now - ended <= within
    told = "" if ended is None else f"{ended:%Y-%m-%d %H:%M}Z"
    return Condition(key, level, met, told, f"≤ {render_duration(within)}", "ours", _cited(entry))


def _cited(entry: Entry | None) -> tuple[str, ...]:
    return (cite(entry),) if entry else ()


def render_span(span: timedelta, *, of_days: int = 1) -> str:
    """Give a measured time to two digits that matter: ``43 s``, ``3.9 h``; days with so many decimals."""
    seconds = span.total_seconds()
    for unit, size, until in (("s", 1, 120), ("min", 60, 7200), ("h", 3600, 172_800)):
        if seconds < until:
            number = seconds / size
            return f"{number:.0f} {unit}" if number >= 10 or number == int(number) else f"{number:.1f} {unit}"
    return f"{seconds / 86_400:.{of_days}f} d"


def worst_gap(runs: Sequence[Run], since: datetime, now: datetime) -> timedelta | None:
    """Give the longest time, from ``since`` on, without a newer snapshot that counts; nothing where none was ever there.

    What was before the first snapshot of a thing does not count: it may not have been there yet.
    """
    taken = sorted(run.record.started_at for run in runs if run.counts and run.record.started_at <= now)
    if not taken:
        return None
    ends = [*taken[1:], now]
    spans = [end - begin for begin, end in zip(taken, ends, strict=True) if end >= since]
    return max(spans, default=now - taken[-1])
