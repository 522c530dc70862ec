"""A new snapshot carries on from what can be trusted, and takes the good name of what it proves wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from backup.plan import Job
from backup.records import BackupRecord, CheckRecord, Outcome, RepositoryRecord, Source, append_records, load_backups
from backup.sources.taken import Taken
from backup.trust import last_trusted, record_doubt

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
JOB = Job("health", Source.VOLUME, "prod/data", "gold", timedelta(hours=4), timedelta(0), timedelta(days=14))
KNOWN = RepositoryRecord("health", "a" * 64, NOW - timedelta(days=30))


def record(days: int, outcome: Outcome, name: str = "prod/data") -> BackupRecord:
    when = NOW - timedelta(days=days)
    return BackupRecord("health", Source.VOLUME, name, when, when, f"{days:064x}", 9, "b" * 64, outcome)


def check(days: int, outcome: Outcome) -> CheckRecord:
    when = NOW - timedelta(days=days)
    return CheckRecord("health", KNOWN.repository_id, when, when, 0, 0, outcome, 0, "it is damaged")


def test_the_newest_good_one_counts_and_no_later_try(tmp_path: Path) -> None:
    records = [record(3, Outcome.GOOD), record(2, Outcome.VERIFIED), record(1, Outcome.PENDING), record(0, Outcome.FAILED)]
    append_records(tmp_path, records)
    assert last_trusted(JOB, KNOWN, tmp_path) == records[1]


def test_nothing_counts_while_a_check_doubts_the_repository(tmp_path: Path) -> None:
    append_records(tmp_path, [record(3, Outcome.GOOD), check(2, Outcome.GOOD), check(1, Outcome.FAILED)])
    assert last_trusted(JOB, KNOWN, tmp_path) is None
    append_records(tmp_path, [check(0, Outcome.GOOD)])
    assert last_trusted(JOB, KNOWN, tmp_path) is not None


def test_what_a_new_one_proves_wrong_fails_since_the_last_that_was_read_whole(tmp_path: Path) -> None:
    append_records(
        tmp_path,
        [
            record(9, Outcome.VERIFIED),
            record(5, Outcome.GOOD),
            record(4, Outcome.VERIFIED),
            record(3, Outcome.GOOD, "prod/b"),
        ],
    )
    record_doubt(tmp_path, JOB, Taken("f" * 64, 9, "c" * 64, NOW, doubt="unseen", doubt_since=NOW - timedelta(days=9)))
    found = {(r.name, (NOW - r.started_at).days): (r.outcome, r.reason) for r in load_backups(tmp_path)}
    assert found == {
        ("prod/data", 9): (Outcome.VERIFIED, ""),
        ("prod/data", 5): (Outcome.FAILED, "unseen"),
        ("prod/data", 4): (Outcome.FAILED, "unseen"),
        ("prod/b", 3): (Outcome.GOOD, ""),
    }
