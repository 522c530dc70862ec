"""The vault's state as tables for people. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from backup.tables import render_lines
from backup.vault.records import ProbeRecord
from backup.vault.retain import Retained
from backup.vault.retention import Fate


def render_retained(retained: Iterable[Retained]) -> str:
    """Give one line a department, and below it why nothing, or not all, was done."""
    head = ("DEPARTMENT", "SNAPSHOTS", "MAY GO", "REMOVED", "DATED AHEAD", "FREED", "STATE")
    rows, below = [], []
    for each in retained:
        made = each.chosen.decisions
        numbers = (len(made), sum(d.fate is Fate.GOES for d in made), each.removed, len(each.chosen.quarantined))
        state = "not done" if each.problems else "done"
        rows.append((each.department, *map(str, numbers), f"{each.freed / (1 << 20):.1f} MiB", state))
        below += [f"{each.department}: {problem}" for problem in each.problems]
    return "\n".join([render_lines(head, rows), *below])


def render_probes(probes: Iterable[ProbeRecord]) -> str:
    """Give one line a department: how the vault answered to what it must refuse (HTTP status)."""
    head = ("DEPARTMENT", "OVERWRITE", "DELETE", "READ ANOTHER'S", "INTACT", "CLOCK", "OUTCOME")
    rows = []
    for p in probes:
        intact, clock = "yes" if p.intact else "no", f"{p.clock_offset_seconds:+.1f} s"
        outcome = f"{p.outcome}: {p.reason}" if p.reason else str(p.outcome)
        statuses = (str(status or "-") for status in (p.overwrite, p.delete, p.foreign))
        rows.append((p.department, *statuses, intact, clock, outcome))
    return render_lines(head, rows)


def render_decisions(retained: Iterable[Retained]) -> str:
    """Give one line a snapshot: what becomes of it, and why."""
    head = ("DEPARTMENT", "OF", "SNAPSHOT", "ARRIVED", "BECOMES", "WHY")
    rows = [
        (each.department, d.thing, d.snapshot.id[:8], f"{d.snapshot.arrived_at:%Y-%m-%d %H:%M}Z", str(d.fate), d.why)
        for each in retained
        for d in each.chosen.decisions
    ]
    return render_lines(head, rows)
