"""Checks of a repository: its structure after every run, and about once a day a part of its packs, read again in turn."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from backup.ending import explain
from backup.lock import PATIENCE, run_unlocked
from backup.records import CheckRecord, Outcome, RepositoryRecord, append_records, load_backups, load_records
from backup.reread import count_parts, in_doubt, parts_due, reread_since, verified_by_reading
from backup.restic import Repository, build_check
from backup.sources.taken import Say


def load_checks(records: Path, known: RepositoryRecord) -> list[CheckRecord]:
    """Give every check of a repository, oldest first."""
    return [c for c in load_records(CheckRecord, records) if c.repository_id == known.repository_id]


def check_repository(
    repository: Repository,
    known: RepositoryRecord,
    within: timedelta,
    records: Path,
    say: Say,
    *,
    everything: bool = False,
    patience: timedelta = PATIENCE,
) -> str:
    """Check a repository and read the parts that are due, or all; give why it cannot be trusted, or nothing.

    Each check is on record before the next begins. Snapshots all of whose packs were read since become verified.
    """
    parts = count_parts(within)
    due: Sequence[int] = parts_due(load_checks(records, known), within, known.recorded_at, datetime.now(UTC))
    if everything:
        due = range(1, parts + 1)
    for part in due or (0,):
        what = f"reading part {part} of {parts} of the repository" if part else "checking the repository"
        say(f"{repository.department}: {what}")
        started_at = datetime.now(UTC)
        command = build_check(repository, part, parts if part else 0)
        ended = run_unlocked(repository, command, repository.version, say, patience=patience, timeout=timedelta(hours=24))
        reason = explain(ended, repository.version)
        outcome = Outcome.FAILED if reason else Outcome.GOOD
        check = CheckRecord(
            repository.department,
            known.repository_id,
            started_at,
            datetime.now(UTC),
            part,
            parts if part else 0,
            outcome,
            ended.code,
            reason,
        )
        append_records(records, [check])
    checks = load_checks(records, known)
    doubt = in_doubt(checks)
    if not doubt:
        own = [r for r in load_backups(records) if r.department == repository.department]
        since = reread_since(checks, within, known.recorded_at)
        if verified := verified_by_reading(own, since, datetime.now(UTC)):
            append_records(records, verified)
    return doubt
