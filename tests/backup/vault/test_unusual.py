"""Which runs are unusual: told by data alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from backup.policy import load_policy
from backup.records import BackupRecord, Outcome, Source
from backup.vault.holdings import Holdings, Pack, Snapshot
from backup.vault.records import PruneRecord
from backup.vault.unusual import find_unusual, measure_stored

START = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)
TERMS = load_policy().vault.freeze
GIB = 1 << 30


def run(day: int, *, changed: int, gib: int = 10, name: str = "prod/portal") -> BackupRecord:
    at = START + day * DAY
    added = gib * GIB * changed // 100
    made = (f"{day:064x}", gib * GIB, "")
    return BackupRecord("health", Source.VOLUME, name, at, at, *made, Outcome.GOOD, added_bytes=added)


def quiet(days: int, changed: int = 2) -> list[BackupRecord]:
    return [run(0, changed=100), *(run(day, changed=changed) for day in range(1, days))]


def test_a_department_s_ordinary_days_are_not_unusual() -> None:
    assert find_unusual(quiet(40), TERMS, {}) == ()
    grows = [run(day, changed=20 if day % 7 == 0 else 5, gib=10 + day // 4) for day in range(40)]
    assert find_unusual(grows, TERMS, {}) == ()
    assert find_unusual(quiet(40, changed=60), TERMS, {}) == (), "what always changes much"


def test_much_more_new_than_ever_is_unusual() -> None:
    (found,) = find_unusual([*quiet(20), run(20, changed=80)], TERMS, {})
    assert found.why == "80 % of the data is new, in the 19 runs before at most 2 %"
    assert "snapshot 00000000 of 2026-11-21" in str(found)


def test_what_is_unusual_does_not_become_the_measure_of_the_next_run() -> None:
    assert len(find_unusual([*quiet(20), run(20, changed=80), run(21, changed=80)], TERMS, {})) == 2


def test_what_a_person_released_is_not_judged_again() -> None:
    runs = [*quiet(20), run(20, changed=80)]
    assert find_unusual(runs, TERMS, {}, known=frozenset({runs[-1].snapshot_id})) == ()


def test_without_a_history_nothing_is_unusual() -> None:
    assert find_unusual([*quiet(4), run(4, changed=90)], TERMS, {}) == ()
    old = [replace(r, added_bytes=None) for r in quiet(20)]
    assert find_unusual([*old, run(20, changed=90)], TERMS, {}) == (), "records of before it was written down"


def test_data_that_was_emptied_is_unusual() -> None:
    (found,) = find_unusual([*quiet(20), run(20, changed=0, gib=1)], TERMS, {})
    assert found.why == "10 % of the data is left since the run before"


def test_new_data_that_cannot_be_compressed_any_more_is_unusual() -> None:
    runs = [*quiet(20, changed=8), run(20, changed=12)]
    stored = {r.snapshot_id: (r.added_bytes or 0) * 45 // 100 for r in runs}
    assert find_unusual(runs, TERMS, stored) == ()
    stored[runs[-1].snapshot_id] = runs[-1].added_bytes or 0
    (found,) = find_unusual(runs, TERMS, stored)
    assert found.why == "what is new could be compressed to 100 % of its size, before to 45 %: as if encrypted"
    pictures = {r.snapshot_id: (r.added_bytes or 0) * 99 // 100 for r in runs}
    assert find_unusual(runs, TERMS, pictures) == (), "what never could be compressed"


def test_failed_runs_and_other_things_say_nothing() -> None:
    failed = replace(run(20, changed=90), outcome=Outcome.FAILED)
    assert find_unusual([*quiet(20), failed], TERMS, {}) == ()
    others = [run(20 + n, changed=100, name=f"prod/new-{n}") for n in range(10)]
    assert find_unusual([*quiet(20), *others], TERMS, {}) == ()


def test_what_came_with_a_snapshot_is_measured_by_the_vault_s_own_files() -> None:
    def at(hours: float) -> datetime:
        return START + timedelta(hours=hours)

    snapshots = tuple(Snapshot(name, at(hour), at(hour), ()) for name, hour in (("a", 1), ("b", 5), ("c", 9)))
    packs = tuple(Pack(at(h), size) for h, size in ((0.5, 100), (0.9, 20), (4, 7), (8, 1), (9.5, 1000)))
    held = Holdings(at(10), "f" * 64, snapshots, packs)
    assert measure_stored(held, ()) == {"a": 120, "b": 7, "c": 1}
    prune = PruneRecord("health", "f" * 64, at(6), at(8.5), "root@a", 0, 0, Outcome.GOOD)
    assert measure_stored(held, [prune]) == {"a": 120, "b": 7}
