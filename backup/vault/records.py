"""What the ledger keeps of the vault: space given back, departments frozen and released, and refused deletions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from backup.records import Outcome


@dataclass(frozen=True)
class PruneRecord:
    """Space of removed snapshots given back by the vault's side."""

    KIND: ClassVar[str] = "prune"

    department: str
    repository_id: str
    started_at: datetime
    ended_at: datetime
    by: str
    bytes_before: int
    bytes_after: int
    """In packs."""
    outcome: Outcome
    """Good when it ended; pending when its time was over: the next one goes on; failed otherwise."""
    reason: str = ""


@dataclass(frozen=True)
class RetentionRecord:
    """A look of the vault's side at what need no longer be kept of one department, also where nothing was."""

    KIND: ClassVar[str] = "retention"

    department: str
    repository_id: str
    started_at: datetime
    ended_at: datetime
    by: str
    held: int
    """Snapshots that were judged."""
    removed: int
    freed_bytes: int
    """In packs."""
    outcome: Outcome
    """Verified where all that may go is gone; failed where something stood against it."""
    reason: str = ""


@dataclass(frozen=True)
class FreezeRecord:
    """A department of which nothing may be removed from then on, or of which something may again."""

    KIND: ClassVar[str] = "freeze"

    department: str
    recorded_at: datetime
    frozen: bool
    by: str
    """``<user>@<machine>``; the program's name where it found something unusual itself."""
    reason: str
    snapshots: tuple[str, ...] = ()
    """What was unusual; in a release, what is known by then and is not judged again."""


@dataclass(frozen=True)
class ProbeRecord:
    """What the cloud's side tried against a repository, and how the vault answered."""

    KIND: ClassVar[str] = "probe"

    department: str
    started_at: datetime
    ended_at: datetime
    object: str
    """Path of the probe's own object."""
    delete: int
    """HTTP status; 0 where there was no answer."""
    overwrite: int
    foreign: int
    """Of reading another department's repository; 0 where there is no other."""
    intact: bool
    """Whether the object was there afterwards as it was written."""
    clock_offset_seconds: float
    """By how much the vault's clock is ahead of this one's."""
    outcome: Outcome
    """Verified where everything was refused; failed otherwise."""
    reason: str = ""


def frozen_departments(records: Iterable[FreezeRecord]) -> dict[str, FreezeRecord]:
    """Give the departments that are frozen now, each with the record that says why."""
    last = {record.department: record for record in sorted(records, key=lambda r: r.recorded_at)}
    return {department: record for department, record in last.items() if record.frozen}


def last_retentions(records: Iterable[RetentionRecord]) -> dict[str, RetentionRecord]:
    """Give the last retention of each department that came to its end."""
    ended = (record for record in records if record.outcome is Outcome.VERIFIED)
    return {record.department: record for record in sorted(ended, key=lambda r: r.ended_at)}


def last_probes(records: Iterable[ProbeRecord]) -> dict[str, ProbeRecord]:
    """Give the last probe of each department."""
    return {record.department: record for record in sorted(records, key=lambda r: r.started_at)}
