"""Runs that look as if somebody had encrypted, replaced or emptied the data, against the history of the same thing. Pure.

What is new in a run, and of how much, is what restic said at its end; how small it could be made is what the vault's own
files say. The policy has the thresholds and their reasons.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from statistics import median

from backup.policy import Freeze
from backup.records import BackupRecord, Outcome
from backup.vault.holdings import Holdings
from backup.vault.records import PruneRecord

RECENT = 30
"""So many earlier runs are a thing's history."""


@dataclass(frozen=True)
class Unusual:
    """One run of which a person must say whether it is right."""

    department: str
    thing: str
    snapshot_id: str
    at: datetime
    why: str

    def __str__(self) -> str:
        return f"{self.thing}: snapshot {self.snapshot_id[:8]} of {self.at:%Y-%m-%d %H:%M}Z: {self.why}"


def find_unusual(
    records: Iterable[BackupRecord], terms: Freeze, stored: Mapping[str, int], known: frozenset[str] = frozenset()
) -> tuple[Unusual, ...]:
    """Give every unusual run among the last states of a department's snapshots.

    ``stored`` tells of a snapshot's id how many bytes came to the vault with it; where it does not, nothing is said by that.
    ``known`` are runs that a person released: they are history like any other.
    """
    runs = sorted(
        (r for r in records if r.snapshot_id and r.outcome is not Outcome.FAILED),
        key=lambda r: (r.department, r.source, r.name, r.started_at),
    )
    found: list[Unusual] = []
    for (department, source, name), group in groupby(runs, key=lambda r: (r.department, r.source, r.name)):
        history: list[BackupRecord] = []
        for run in group:
            if run.snapshot_id not in known and (why := _judge(run, history[-RECENT:], terms, stored)):
                found.append(Unusual(department, f"{source}:{name}", run.snapshot_id, run.started_at, why))
            else:
                history.append(run)  # what is unusual must not become the measure of the next
    return tuple(found)


def measure_stored(holdings: Holdings, prunes: Iterable[PruneRecord]) -> dict[str, int]:
    """Give of each snapshot how many bytes of packs came to the vault since the one before.

    Left out is what a prune wrote meanwhile: nobody can tell it apart.
    """
    spans = [(p.started_at, p.ended_at) for p in prunes]
    packs = sorted(holdings.packs, key=lambda p: p.arrived_at)
    stored: dict[str, int] = {}
    place, before = 0, datetime.min.replace(tzinfo=holdings.at.tzinfo)
    for snapshot in holdings.snapshots:
        came = 0
        while place < len(packs) and packs[place].arrived_at <= snapshot.arrived_at:
            came, place = came + packs[place].bytes, place + 1
        if not any(start <= snapshot.arrived_at and before <= end for start, end in spans):
            stored[snapshot.id] = came
        before = snapshot.arrived_at
    return stored


def _judge(run: BackupRecord, history: Sequence[BackupRecord], terms: Freeze, stored: Mapping[str, int]) -> str:
    if len(history) < terms.history:
        return ""
    before = history[-1]
    if run.bytes * 100 < before.bytes * terms.shrunk:
        return f"{run.bytes * 100 // before.bytes} % of the data is left since the run before"
    share = _changed(run)
    if share is None:
        return ""
    earlier = [s for r in history[1:] if (s := _changed(r)) is not None]  # in the first one everything is new
    most = max(earlier, default=None)
    if most is not None and share >= max(terms.changed, most * terms.times):
        return f"{share:.0f} % of the data is new, in the {len(earlier)} runs before at most {most:.0f} %"
    if share >= terms.matters and (kept := _kept(run, stored)) is not None:
        usual = [k for r in history if (k := _kept(r, stored)) is not None]
        middle = median(usual) if len(usual) >= terms.history else None
        if kept >= terms.incompressible and middle is not None and middle < terms.compressible:
            return f"what is new could be compressed to {kept:.0f} % of its size, before to {middle:.0f} %: as if encrypted"
    return ""


def _changed(run: BackupRecord) -> float | None:
    """Give the share of a run's data that was new, per cent; nothing where that is not on record."""
    if run.added_bytes is None or run.bytes == 0:
        return None
    return min(100.0, run.added_bytes * 100 / run.bytes)


def _kept(run: BackupRecord, stored: Mapping[str, int]) -> float | None:
    """Give to which share of its size what was new could be made, per cent; nothing where that is not known."""
    if not run.added_bytes or run.snapshot_id not in stored:
        return None
    return min(100.0, stored[run.snapshot_id] * 100 / run.added_bytes)
