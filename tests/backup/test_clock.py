"""A clock that was wrong makes nothing look younger than it is."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

from backup.clock import BEFORE_ALL, SKEW, believe, date_truly, find_spans
from backup.ledger import Declared, Entry
from backup.plan import Job
from backup.policy import load_policy
from backup.records import BackupRecord, CheckRecord, Outcome, Source, append_records, load_backups
from backup.reread import reread_since
from backup.standing import State, build_standings

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
POLICY = load_policy()


def entries(*hours: float) -> list[Entry]:
    return [Entry("a", n, NOW + h * HOUR, "backup", Declared(""), "", {}, "") for n, h in enumerate(hours, start=1)]


def backup(hours: float, snapshot: str, outcome: Outcome = Outcome.GOOD) -> BackupRecord:
    at = NOW + hours * HOUR
    return BackupRecord("health", Source.VOLUME, "prod/portal", at, at, snapshot * 64, 1, "", outcome)


def test_the_order_of_entries_tells_which_clock_was_wrong() -> None:
    def believed(*hours: float) -> list[int]:
        return [n for n, true in enumerate(believe([NOW + h * HOUR for h in hours], NOW)) if true]

    assert believed(-9, -8, -7) == [0, 1, 2]
    assert believed(-9, 240, -7) == [0, 2], "ahead of now"
    assert believed(-90, -10, -80, -70) == [0, 2, 3], "ahead, and set right"
    assert believed(-95, -90, -500, -80, -70) == [0, 1, 3, 4], "back, and set right"
    assert believed(-5, -5, -5) == [0, 1, 2]
    assert believed(9) == believed() == []


def test_what_was_dated_ahead_counts_as_old_as_what_is_before_it() -> None:
    told = entries(-10, 240, 240.1, -5)
    records = [backup(-10, "1"), backup(240, "2", Outcome.PENDING), backup(240, "2"), backup(-5, "3")]
    truly = date_truly(list(zip(told, records, strict=True)), find_spans(told, NOW))
    assert [(NOW - r.started_at) / HOUR for r in truly] == [10, 10, 10, 5]
    (alone,) = date_truly([(entries(240)[0], records[1])], find_spans(entries(240), NOW))
    assert alone.started_at == BEFORE_ALL


def test_all_states_of_a_snapshot_are_of_the_same_instant_though_the_clock_was_set_right_between() -> None:
    told = entries(-10, 240, -6, -5)
    records = [backup(-10, "1"), backup(240, "2", Outcome.PENDING), backup(-6, "3"), backup(240, "2")]
    truly = date_truly(list(zip(told, records, strict=True)), find_spans(told, NOW))
    assert truly[1].started_at == truly[3].started_at == NOW - 10 * HOUR


def test_what_no_clock_was_wrong_about_stays_as_it_is() -> None:
    told = entries(-10, -10, -9.99, -3, -3.05)
    records = [backup((e.at - NOW) / HOUR, str(e.number)) for e in told]
    assert date_truly(list(zip(told, records, strict=True)), find_spans(told, NOW)) == tuple(records)


def test_no_jump_of_a_clock_makes_anything_younger_once_as_many_true_entries_follow() -> None:
    chance = random.Random(20260301)  # noqa: S311 - no secret
    for _ in range(300):
        true = sorted(NOW - chance.random() * 100 * HOUR for _ in range(30))
        length = chance.randrange(1, 8)
        first = chance.randrange(30 - 2 * length)
        jump = chance.choice((-1, 1)) * chance.choice((HOUR, DAY, 30 * DAY))
        wrong = range(first, first + length)
        shown = [at + jump if n in wrong else at for n, at in enumerate(true)]
        told = [Entry("a", n, at, "backup", Declared(""), "", {}, "") for n, at in enumerate(shown)]
        records = [backup((at - NOW) / HOUR, f"{n % 10}") for n, at in enumerate(shown)]
        truly = date_truly(list(zip(told, records, strict=True)), find_spans(told, NOW))
        for n, record in enumerate(truly):
            assert record.started_at <= (true[first + 2 * length] if n in wrong else true[n]) + SKEW, (
                n,
                first,
                length,
                jump,
            )


def test_a_backup_of_the_future_is_no_reason_to_be_green(tmp_path: Path) -> None:
    job = Job("health", Source.VOLUME, "prod/portal", "gold", 4 * HOUR, HOUR, 14 * DAY)
    now = datetime.now(UTC)
    ahead = now + 10 * DAY
    record = BackupRecord("health", Source.VOLUME, "prod/portal", ahead, ahead, "a" * 64, 1, "", Outcome.GOOD)
    append_records(tmp_path, [record])
    (one,) = build_standings([job], load_backups(tmp_path), POLICY, now)
    assert one.state in (State.LATE, State.KEPT)
    assert one.age is not None
    assert one.age >= -SKEW


def test_packs_read_by_a_clock_that_was_ahead_prove_nothing_of_later_snapshots() -> None:
    told = entries(-10, 240, -5)
    at = NOW + 240 * HOUR
    check = CheckRecord("health", "r" * 64, at, at, 1, 1, Outcome.GOOD, 0)
    (truly,) = date_truly([(told[1], check)], find_spans(told, NOW))
    assert reread_since([truly], timedelta(days=1), NOW - DAY) == NOW - 10 * HOUR
