"""Which snapshots may go: told by data alone."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from backup.policy import load_policy
from backup.records import BackupRecord, Outcome, Source
from backup.vault.holdings import Holdings, Pack, Snapshot, build_holdings, parse_files
from backup.vault.retention import Fate, choose

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
DAY = timedelta(days=1)
TERMS = load_policy().vault
WITHIN = {"volume:prod/portal": 90 * DAY}


def snapshot(number: int, age: timedelta, *, ahead: timedelta = timedelta(0), tag: str = "volume:prod/portal") -> Snapshot:
    return Snapshot(f"{number:064x}", NOW - age + ahead, NOW - age, (tag,))


def record(of: Snapshot, outcome: Outcome = Outcome.VERIFIED) -> BackupRecord:
    source, _, name = of.tags[0].partition(":")
    return BackupRecord("health", Source(source), name, of.claimed_at, of.arrived_at, of.id, 100, "", outcome)


def holdings(*snapshots: Snapshot) -> Holdings:
    return Holdings(NOW, "f" * 64, tuple(sorted(snapshots, key=lambda s: s.arrived_at)), ())


def history(days: int) -> list[Snapshot]:
    return [snapshot(n, n * DAY) for n in range(days)]


def test_what_is_old_and_has_verified_ones_after_it_goes() -> None:
    snapshots = history(120)
    chosen = choose(holdings(*snapshots), map(record, snapshots), WITHIN, TERMS)
    assert chosen.refused == ()
    assert set(chosen.goes) == {s.id for s in snapshots[90:]}
    assert "older than 90d and 100 newer ones are verified; it was verified" in chosen.goes[snapshots[100].id]


def test_what_is_young_stays_whatever_it_says_of_itself() -> None:
    snapshots = [replace(s, claimed_at=NOW - 5000 * DAY) for s in history(80)]
    assert choose(holdings(*snapshots), map(record, snapshots), WITHIN, TERMS).goes == {}


def test_snapshots_dated_ahead_are_kept_apart_and_push_nothing_out() -> None:
    old = [snapshot(n, (100 + n) * DAY) for n in range(4)]
    ahead = [snapshot(100 + n, n * DAY, ahead=4000 * DAY) for n in range(50)]
    chosen = choose(holdings(*old, *ahead), map(record, [*old, *ahead]), WITHIN, TERMS)
    assert {d.snapshot.id for d in chosen.quarantined} == {s.id for s in ahead}
    assert set(chosen.goes) == {old[3].id}, "the three newest verified of the true ones stay"


@pytest.mark.parametrize("outcome", [Outcome.PENDING, Outcome.GOOD, Outcome.FAILED])
def test_a_thing_that_was_not_verified_since_loses_nothing(outcome: Outcome) -> None:
    snapshots = history(400)
    records = [record(s, outcome if n < 300 else Outcome.VERIFIED) for n, s in enumerate(snapshots)]
    chosen = choose(holdings(*snapshots), records, WITHIN, TERMS)
    assert set(chosen.goes) == {s.id for s in snapshots[303:]}
    assert choose(holdings(*snapshots), [record(s, outcome) for s in snapshots], WITHIN, TERMS).goes == {}


def test_without_a_ledger_nothing_goes() -> None:
    assert choose(holdings(*history(400)), (), WITHIN, TERMS).goes == {}


def test_what_nothing_declares_stays() -> None:
    snapshots = history(400)
    assert choose(holdings(*snapshots), map(record, snapshots), {}, TERMS).goes == {}


def test_a_typo_in_the_policy_is_refused_unless_a_person_says_so() -> None:
    snapshots = history(90)
    typed = {"volume:prod/portal": 9 * DAY}
    chosen = choose(holdings(*snapshots), map(record, snapshots), typed, TERMS)
    assert chosen.goes == {}
    assert "81 of 90 snapshots would go at once, expected at most 50 %" in chosen.refused[0]
    assert len(choose(holdings(*snapshots), map(record, snapshots), typed, TERMS, beyond=True).goes) == 81


def test_a_vault_whose_clock_is_behind_keeps_everything() -> None:
    snapshots = history(120)
    early = replace(holdings(*snapshots), at=NOW - 200 * DAY)
    assert choose(early, map(record, snapshots), WITHIN, TERMS).goes == {}


def test_no_group_is_ever_emptied_nor_loses_its_last_verified() -> None:
    draw = random.Random(5)  # noqa: S311 - which cases, not which keys
    for _ in range(300):
        things = ["volume:prod/portal", "container:prod/files"]
        snapshots = [
            snapshot(n, draw.randrange(500) * DAY, ahead=draw.choice([0, 0, 0, 900]) * DAY, tag=draw.choice(things))
            for n in range(draw.randrange(1, 60))
        ]
        records = [record(s, draw.choice(list(Outcome))) for s in snapshots if draw.random() < 0.9]
        within = {thing: draw.randrange(1, 300) * DAY for thing in things}
        chosen = choose(holdings(*snapshots), records, within, TERMS, beyond=True)
        left = {d.snapshot.id for d in chosen.decisions} - set(chosen.goes)
        for thing in things:
            own = [s for s in snapshots if s.tags == (thing,)]
            true = [s for s in own if s.claimed_at <= s.arrived_at]
            verified = {r.snapshot_id for r in records if r.outcome is Outcome.VERIFIED} & {s.id for s in true}
            newest = sorted((s for s in true if s.id in verified), key=lambda s: s.arrived_at)[-TERMS.keep_verified :]
            assert {s.id for s in newest} <= left
            assert not own or any(s.id in left for s in own)
            assert all(s.id in left for s in own if NOW - s.arrived_at < within[thing])


def test_every_decision_has_a_reason() -> None:
    snapshots = [*history(120), snapshot(999, DAY, ahead=DAY)]
    made = choose(holdings(*snapshots), map(record, snapshots), WITHIN, TERMS).decisions
    assert len(made) == len(snapshots)
    assert all(d.why for d in made)
    assert {d.fate for d in made} == set(Fate)


def test_files_of_the_vault_are_read() -> None:
    files = parse_files(
        "1764072000.5 120 snapshots/" + "a" * 64 + "\n1764071999.0 5000 data/ab/abcd\n1764071999.0 9 config\n"
    )
    listed = b'[{"id":"' + b"a" * 64 + b'","time":"2025-11-25T13:00:00.123456789+01:00","tags":["volume:prod/portal"]}]'
    held = build_holdings(NOW, "f" * 64, listed, files)
    assert held.packs == (Pack(datetime(2025, 11, 25, 11, 59, 59, tzinfo=UTC), 5000),)
    (only,) = held.snapshots
    assert (only.arrived_at - only.claimed_at) < timedelta(seconds=1)
    with pytest.raises(ValueError, match="there is no file of it"):
        build_holdings(NOW, "f" * 64, listed.replace(b"aaaa", b"bbbb"), files)
