"""One part a day, every pack in time, also after days off; what failed is not trusted until the very same is read again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from backup.records import BackupRecord, CheckRecord, Outcome, Source
from backup.reread import count_parts, in_doubt, parts_due, reread_since, verified_by_reading

BORN = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def check(part: int, day: float, outcome: Outcome = Outcome.GOOD, parts: int = 11) -> CheckRecord:
    at = BORN + day * DAY
    reason = "pack ab12 is damaged" if outcome is Outcome.FAILED else ""
    return CheckRecord("health", "a" * 64, at, at, part, parts if part else 0, outcome, 1 if reason else 0, reason)


@pytest.mark.parametrize(("days", "parts"), [(1, 1), (2, 1), (14, 11), (30, 24), (60, 48), (4000, 256)])
def test_a_repository_is_split_into_about_a_part_a_day(days: int, parts: int) -> None:
    assert count_parts(days * DAY) == parts


@pytest.mark.parametrize("off", [(), range(5, 8)], ids=["every day", "three days off"])
def test_every_part_is_read_in_its_time(off: range) -> None:
    within, checks = 14 * DAY, []
    for hours in range(4, 60 * 24, 4):  # six runs a day
        now = BORN + timedelta(hours=hours)
        if now.day in off:
            continue
        checks += [check(part, (now - BORN) / DAY) for part in parts_due(checks, within, BORN, now)]
        assert now - reread_since(checks, within, BORN) <= within
    assert len(checks) < 60 * 1.2, "no more than is needed"


def test_what_failed_is_read_again_at_once_and_doubted_until_then() -> None:
    failed = [check(1, 1), check(2, 2, Outcome.FAILED)]
    assert parts_due(failed, 14 * DAY, BORN, BORN + 2.1 * DAY) == (2,)
    assert in_doubt(failed) == "pack ab12 is damaged"
    assert in_doubt([*failed, check(0, 2.2), check(3, 2.3)]) == "pack ab12 is damaged", "others do not mend it"
    assert in_doubt([*failed, check(2, 2.4)]) == ""


def test_a_structure_that_failed_is_trusted_again_after_any_check_that_passed() -> None:
    failed = [check(0, 1, Outcome.FAILED)]
    assert in_doubt(failed)
    assert in_doubt([*failed, check(0, 2)]) == ""
    assert in_doubt([*failed, check(4, 2)]) == ""


def test_a_round_counts_with_its_last_part() -> None:
    checks = [check(part, part) for part in range(1, 12)]
    assert reread_since(checks[:-1], 14 * DAY, BORN) == BORN
    assert reread_since(checks, 14 * DAY, BORN) == BORN + DAY
    assert reread_since([*checks, check(1, 12)], 14 * DAY, BORN) == BORN + 2 * DAY
    assert reread_since([*checks, check(1, 12, Outcome.FAILED)], 14 * DAY, BORN) == BORN + DAY


def test_parts_of_another_split_do_not_count() -> None:
    assert reread_since([check(part, part, parts=24) for part in range(1, 25)], 14 * DAY, BORN) == BORN


def test_only_good_snapshots_older_than_the_whole_round_are_verified() -> None:
    def snapshot(day: int, outcome: Outcome) -> BackupRecord:
        at = BORN + day * DAY
        return BackupRecord("health", Source.VOLUME, "prod/portal", at, at, str(day) * 64, 1, "b" * 64, outcome)

    made = [snapshot(1, Outcome.GOOD), snapshot(2, Outcome.PENDING), snapshot(3, Outcome.FAILED), snapshot(5, Outcome.GOOD)]
    (verified,) = verified_by_reading(made, BORN + 4 * DAY, BORN + 9 * DAY)
    assert (verified.snapshot_id, verified.outcome) == ("1" * 64, Outcome.VERIFIED)
