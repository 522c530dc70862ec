"""The vault's side removes what may go from a real repository, and nothing else, and says so in the ledger."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from real_vault import Vault

from backup.evidence import verify
from backup.policy import load_policy
from backup.records import CheckRecord, DeletionRecord, Outcome, RepositoryRecord, append_records, load_backups, load_records
from backup.restic import build_forget
from backup.sources.taken import NotTakenError
from backup.vault.freeze import load_frozen, release
from backup.vault.records import FreezeRecord, PruneRecord, RetentionRecord, last_retentions
from backup.vault.retain import Retained, attempt, retain
from tenants.problem import UserError

TERMS = load_policy().vault.model_copy(update={"keep_verified": 1})
WITHIN = {"volume:prod/portal": timedelta(days=90)}
BY = "operator@here"


def run(vault: Vault, known: RepositoryRecord, **options: bool) -> Retained:
    return retain(vault.place(), known, WITHIN, TERMS, vault.records, BY, vault.said.append, **options)


def test_what_is_old_goes_and_its_space_is_given_back(vault: Vault) -> None:
    known = vault.open()
    old = vault.store_aged(100, size=300_000)
    kept = [vault.store_aged(50), vault.store_aged(1)]
    before = sum(f.stat().st_size for f in vault.packs())
    looked = run(vault, known, dry_run=True)
    assert set(looked.chosen.goes) == {old.snapshot_id}
    assert len(vault.snapshots()) == 3, "a dry run removes nothing"
    assert load_records(DeletionRecord, vault.records) == ()

    done = run(vault, known)
    assert (done.removed, done.problems) == (1, ())
    assert done.freed >= 300_000
    assert sum(f.stat().st_size for f in vault.packs()) == before - done.freed
    assert {s["id"] for s in vault.snapshots()} == {r.snapshot_id for r in kept}
    assert {r.snapshot_id for r in load_backups(vault.records)} == {r.snapshot_id for r in kept}
    begun, ended = load_records(DeletionRecord, vault.records)
    assert (begun.outcome, ended.outcome, ended.by, ended.left) == (Outcome.PENDING, Outcome.VERIFIED, BY, 2)
    assert ended.snapshots == {old.snapshot_id: "older than 90d and 2 newer ones are verified; it was verified"}
    (pruned,) = load_records(PruneRecord, vault.records)
    assert (pruned.outcome, pruned.bytes_before - pruned.bytes_after) == (Outcome.GOOD, done.freed)
    assert load_records(CheckRecord, vault.records)[-1].outcome is Outcome.GOOD
    assert all(not examined.problems for examined in verify(vault.records))
    assert list((vault.files / "locks").iterdir()) == []

    again = run(vault, known)
    assert (again.removed, again.freed, again.problems) == (0, 0, ())
    assert len(load_records(PruneRecord, vault.records)) == 1


def test_every_look_is_on_record_also_where_nothing_goes_or_something_hinders_it(vault: Vault) -> None:
    known = vault.open()
    vault.store_aged(1)

    def look(of: RepositoryRecord, *, dry_run: bool = False) -> Retained:
        return attempt(known, vault.records, BY, lambda: run(vault, of, dry_run=dry_run), dry_run=dry_run)

    look(known, dry_run=True)
    assert load_records(RetentionRecord, vault.records) == (), "who only looks removes nothing"
    assert look(known).problems == ()
    other = replace(known, repository_id="0" * 64)
    assert look(other).problems == (f"the vault holds repository {known.repository_id[:8]}, expected 00000000",)
    good, bad = load_records(RetentionRecord, vault.records)
    assert (good.outcome, good.held, good.removed, good.reason, good.by) == (Outcome.VERIFIED, 1, 0, "", BY)
    assert (bad.outcome, bad.reason) == (Outcome.FAILED, look(other).problems[0])
    assert last_retentions((good, bad)) == {"health": good}, "what was hindered did not run"


@pytest.mark.slow
def test_a_department_that_was_emptied_loses_nothing_until_a_person_releases_it(vault: Vault) -> None:
    known = vault.open()
    runs = [vault.store_aged(age, size=200_000 if age > 1 else 10_000) for age in (200, 5, 4, 3, 2, 1)]
    done = run(vault, known)
    assert done.removed == 0
    assert "4 % of the data is left since the run before" in done.problems[0] or "5 %" in done.problems[0]
    assert run(vault, known).removed == 0
    assert len(load_records(FreezeRecord, vault.records)) == 1, "said once"
    with pytest.raises(UserError, match="expected a sentence"):
        release("health", "fine", BY, vault.records)
    release("health", "The old archive moved to another department.", BY, vault.records)
    assert load_frozen(vault.records) == {}
    assert run(vault, known, beyond=True).removed == 1
    assert runs[0].snapshot_id not in {s["id"] for s in vault.snapshots()}


@pytest.mark.slow
def test_a_snapshot_dated_ahead_freezes_the_department(vault: Vault) -> None:
    known = vault.open()
    vault.store_aged(100), vault.store_aged(1)
    ahead = vault.store_aged(-3000)
    arrived = datetime.now(UTC).timestamp()
    os.utime(vault.files / "snapshots" / ahead.snapshot_id, (arrived, arrived))
    done = run(vault, known)
    assert done.removed == 0
    assert "it says it is of" in done.problems[0]
    release("health", "Its clock was wrong for a day.", BY, vault.records)
    done = run(vault, known)
    assert (done.removed, done.problems) == (1, ())
    assert len(done.chosen.quarantined) == 1
    assert ahead.snapshot_id in {s["id"] for s in vault.snapshots()}


def test_the_cloud_s_side_cannot_release_what_is_frozen(vault: Vault, tmp_path: Path) -> None:
    from backup.exchange import accept, build_offer

    there = tmp_path / "operations"
    frozen = FreezeRecord("health", datetime.now(UTC), True, "oneroof", "everything is new")
    append_records(vault.records, [frozen])
    append_records(there, [replace(frozen, recorded_at=datetime.now(UTC), frozen=False, by="root@operations")])
    accept(vault.records, build_offer(there, {}).tails)
    assert set(load_frozen(vault.records)) == {"health"}


@pytest.mark.slow
def test_nothing_goes_from_a_repository_that_is_damaged_in_use_another_one_or_not_on_record(
    vault: Vault,
) -> None:
    known = vault.open()
    old, *_ = vault.store_aged(100), vault.store_aged(50), vault.store_aged(1)
    with pytest.raises(NotTakenError, match="expected 00000000"):
        run(vault, replace(known, repository_id="0" * 64))
    with pytest.raises(NotTakenError, match="password"):
        retain(replace(vault.place(), password=BY), known, WITHIN, TERMS, vault.records, BY, vault.said.append)

    writer = subprocess.Popen(
        ["restic", "--no-cache", "backup", "--stdin"],
        env={**os.environ, **vault.repository.environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 20
        while not any(f.stat().st_size for f in (vault.files / "locks").iterdir()):
            assert time.monotonic() < until
            time.sleep(0.05)
        done = run(vault, known)
        assert done.removed == 0
        assert f"in use: shared lock of process {writer.pid}" in done.problems[0]
    finally:
        writer.kill()
        writer.wait()

    now = datetime.now(UTC)
    check = CheckRecord("health", known.repository_id, now, now, 0, 0, Outcome.FAILED, 1, "pack 1234 does not match")
    append_records(vault.records, [check])
    assert "its last check failed: pack 1234" in run(vault, known).problems[0]
    assert old.snapshot_id in {s["id"] for s in vault.snapshots()}


@pytest.mark.slow
def test_a_retention_that_was_killed_is_ended_by_the_next(vault: Vault) -> None:
    known = vault.open()
    old, *_ = vault.store_aged(100), vault.store_aged(95), vault.store_aged(1), vault.store_aged(0.5), vault.store_aged(0.1)
    now = datetime.now(UTC)
    cut = DeletionRecord(
        "health", known.repository_id, now, now, BY, {old.snapshot_id: "old", "c" * 64: "old"}, 5, Outcome.PENDING
    )
    append_records(vault.records, [cut])
    place = vault.place()
    assert place.restic(build_forget(place.repository, [old.snapshot_id])).ok
    lock = subprocess.Popen(
        ["restic", "--no-cache", "--repo", str(vault.files), "prune"],
        env={**os.environ, "RESTIC_PASSWORD": "correct horse"},
        stdout=subprocess.DEVNULL,
    )
    while not any(f.stat().st_size for f in (vault.files / "locks").iterdir()) and lock.poll() is None:
        time.sleep(0.01)
    lock.send_signal(signal.SIGKILL)
    lock.wait()
    done = run(vault, known)
    assert (done.removed, done.problems) == (1, ())
    settled = load_records(DeletionRecord, vault.records)[1]
    assert (settled.outcome, settled.started_at) == (Outcome.FAILED, cut.started_at)
    assert set(settled.snapshots) == {old.snapshot_id, "c" * 64}, "both are gone"
    assert vault.restic("check", "--read-data").ok


@pytest.mark.slow
def test_a_prune_whose_time_is_over_loses_nothing_and_goes_on_next_time(vault: Vault) -> None:
    known = vault.open()
    for age in (100, 50, 1):
        vault.store_aged(age)
    hurried = TERMS.model_copy(update={"prune_within": timedelta(milliseconds=50)})
    done = retain(vault.place(), known, WITHIN, hurried, vault.records, BY, vault.said.append)
    (pruned,) = load_records(PruneRecord, vault.records)
    assert pruned.outcome is Outcome.PENDING, pruned
    assert done.problems == ()
    run(vault, known)
    assert load_records(PruneRecord, vault.records)[-1].outcome is Outcome.GOOD
    assert vault.restic("check", "--read-data").ok
    assert list((vault.files / "locks").iterdir()) == []


@pytest.mark.slow
@pytest.mark.skipif(os.getuid() != 0, reason="needs root to mount a small file system")
def test_a_full_vault_still_lets_go(vault: Vault) -> None:
    vault.files.parent.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=140m", "vault", vault.files.parent], check=True)
    try:
        known = vault.open()
        place = vault.place()
        assert place.keep_room()
        old = vault.store_aged(100, size=20_000_000)
        vault.store_aged(50)
        vault.store_aged(1)
        with (vault.files.parent / "filler").open("wb") as filler:
            try:
                while True:
                    filler.write(bytes(1 << 16))
                    filler.flush()
            except OSError:
                pass
        assert not vault.restic("backup", "--stdin-from-nothing").ok
        assert place.restic(build_forget(place.repository, [old.snapshot_id])).code != 0, "not even a lock can be written"
        done = run(vault, known)
        assert (done.removed, done.problems) == (1, ())
        assert done.freed >= 20_000_000
        assert vault.restic("--no-lock", "check").ok
    finally:
        subprocess.run(["umount", "-l", vault.files.parent], check=True)
