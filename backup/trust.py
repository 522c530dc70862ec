"""Which snapshot a new one may carry on from, and which ones a new one proves wrong."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from backup.checking import load_checks
from backup.plan import Job
from backup.records import BackupRecord, Outcome, RepositoryRecord, append_records, load_backups, newest_restorable
from backup.reread import in_doubt
from backup.sources.taken import Taken


def last_trusted(job: Job, known: RepositoryRecord, records: Path) -> BackupRecord | None:
    """Give the newest good snapshot of a job; nothing where there is none, or a check doubts the repository."""
    if in_doubt(load_checks(records, known)):
        return None
    return newest_restorable(load_backups(records)).get((job.department, job.source, job.name))


def proved_wrong(records: Iterable[BackupRecord], job: Job, taken: Taken, now: datetime) -> list[BackupRecord]:
    """Give the next state of the snapshots that a new one proves wrong: those since the last one that was read whole."""
    return [
        replace(r, ended_at=now, outcome=Outcome.FAILED, reason=taken.doubt)
        for r in records
        if (r.department, r.source, r.name) == (job.department, job.source, job.name)
        and r.outcome in (Outcome.GOOD, Outcome.VERIFIED)
        and taken.doubt_since is not None
        and r.started_at > taken.doubt_since
    ]


def record_doubt(records: Path, job: Job, taken: Taken) -> None:
    """Put on record what a new snapshot proves wrong."""
    if taken.doubt:
        append_records(records, proved_wrong(load_backups(records), job, taken, datetime.now(UTC)))
