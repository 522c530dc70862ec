"""What the ledger tells of copies of a repository, and which of them count. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from backup.records import BackupRecord, Outcome

Thing = tuple[str, str, str]
"""Department, source and name."""


@dataclass(frozen=True)
class Held:
    """The newest snapshot of one thing in one further place."""

    copy_id: str
    taken_at: datetime
    """The instant the data is of."""


COUNTS = (Outcome.GOOD, Outcome.VERIFIED)


@dataclass(frozen=True)
class CopyRecord:
    """The proven snapshots of a department's repository, brought to another place."""

    KIND: ClassVar[str] = "copy"

    department: str
    repository_id: str
    """Of the vault's repository."""
    copy_id: str
    """Of the repository in the other place: the same disk is known by it, wherever it is mounted."""
    place: str
    """``<machine>:<directory>`` at the time."""
    started_at: datetime
    ended_at: datetime
    by: str
    """``<user>@<machine>``."""
    snapshots: int
    """Of the vault's proven snapshots, how many the place holds."""
    copied: int
    """How many of them came by this run."""
    newest: Mapping[str, str]
    """The newest snapshot that the place holds of each thing, ``<source> <name>`` to the vault's snapshot id."""
    outcome: Outcome
    """Pending when it begins; good once the place passed ``restic check``, verified where all of it was read; or failed."""
    reason: str = ""


def known_copies(records: Iterable[CopyRecord]) -> dict[str, str]:
    """Give the id of every copy that was ever begun, to the department whose it is."""
    return {record.copy_id: record.department for record in records}


def find_held(records: Iterable[CopyRecord], backups: Iterable[BackupRecord]) -> dict[Thing, tuple[Held, ...]]:
    """Give of each thing its newest snapshots in further places, only of places that are proven.

    A place is proven where its last copy ended well; one that failed its check since, or was never on record, is none.
    """
    taken = {b.snapshot_id: b.started_at for b in backups if b.snapshot_id}
    last = {r.copy_id: r for r in sorted(records, key=lambda r: r.ended_at) if r.outcome is not Outcome.PENDING}
    found: dict[Thing, tuple[Held, ...]] = {}
    for record in (r for r in last.values() if r.outcome in COUNTS):
        for thing, snapshot in record.newest.items():
            source, _, name = thing.partition(" ")
            if snapshot in taken:
                key = (record.department, source, name)
                found[key] = (*found.get(key, ()), Held(record.copy_id, taken[snapshot]))
    return found


def find_young(held: Iterable[Held], within: timedelta, now: datetime) -> tuple[Held, ...]:
    """Give those of them that are young enough to count as a copy."""
    return tuple(each for each in held if now - each.taken_at <= within)
