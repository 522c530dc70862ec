"""A snapshot is good only after the repository was checked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from backup.command import Completed
from backup.records import BackupRecord, Outcome, Source
from backup.runner import judge

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=5)
PENDING = BackupRecord("health", Source.VOLUME, "prod/portal", NOON, NOON, "a" * 64, 1, "b" * 64, Outcome.PENDING)


def test_a_passed_check_makes_it_good() -> None:
    (good,) = judge([PENDING], Completed(("restic",), 0, b"", "", 1.0), LATER)
    assert (good.outcome, good.reason, good.ended_at, good.started_at) == (Outcome.GOOD, "", LATER, NOON)


def test_any_other_end_of_the_check_makes_it_failed() -> None:
    for code in (1, 2, 3, 11, 130, -9, 77):
        (failed,) = judge([PENDING], Completed(("restic",), code, b"", "pack ab12 is missing", 1.0), LATER)
        assert failed.outcome is Outcome.FAILED
        assert failed.reason == f"restic ended with {code}: pack ab12 is missing"


def test_a_check_that_was_stopped_makes_it_failed() -> None:
    (failed,) = judge([PENDING], Completed(("restic",), 0, b"", "", 60.0, timed_out=True), LATER)
    assert failed.outcome is Outcome.FAILED
