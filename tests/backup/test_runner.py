"""A snapshot is good only after the repository was checked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from backup.records import BackupRecord, Outcome, Source
from backup.runner import judge

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=5)
PENDING = BackupRecord("health", Source.VOLUME, "prod/portal", NOON, NOON, "a" * 64, 1, "b" * 64, Outcome.PENDING)


def test_a_repository_without_doubt_makes_it_good() -> None:
    (good,) = judge([PENDING], "", ["a" * 64], LATER)
    assert (good.outcome, good.reason, good.ended_at, good.started_at) == (Outcome.GOOD, "", LATER, NOON)


def test_any_doubt_makes_it_failed() -> None:
    (failed,) = judge([PENDING], "the repository is damaged: pack ab12 is missing", ["a" * 64], LATER)
    assert (failed.outcome, failed.reason) == (Outcome.FAILED, "the repository is damaged: pack ab12 is missing")


def test_what_the_vault_does_not_list_is_failed() -> None:
    (failed,) = judge([PENDING], "", ["c" * 64], LATER)
    assert (failed.outcome, failed.reason) == (Outcome.FAILED, "the vault does not list the snapshot")
