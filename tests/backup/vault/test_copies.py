"""A copy outside both sites: only what is proven, checked, carried on, never mistaken for another's, and restored from."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from real_vault import Vault

from backup.command import run
from backup.copies.copying import Copying, copy_repository, find_place
from backup.copies.record import CopyRecord, find_held, find_young
from backup.evidence import verify
from backup.keys import Keys
from backup.records import BackupRecord, Outcome, RepositoryRecord, Source, append_records, load_backups, load_records
from backup.restic import Repository, parse_originals
from backup.restore.operator import copy_store, restore_into_files
from backup.sources.taken import NotTakenError
from tenants.installation import Installation
from tenants.problem import UserError

PLACE = "here:/media/disk"


def copying(vault: Vault, disk: Path) -> Copying:
    """Give the copy of a vault's repository on a disk, reached by the same password."""
    told = vault.records.parent / f"address-of-{disk.name}"
    told.write_text(str(disk / "health"))
    target = replace(vault.repository, repository_file=told)
    return Copying(vault.repository, target, disk / "health", PLACE, "operator@here")


def copy(vault: Vault, disk: Path, known: RepositoryRecord, *, everything: bool = False) -> CopyRecord:
    return copy_repository(copying(vault, disk), known, vault.records, vault.said.append, everything=everything)


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    folder = tmp_path / "disk"
    folder.mkdir()
    return folder


def test_what_is_proven_is_copied_checked_and_on_record_and_a_second_run_copies_nothing(vault: Vault, disk: Path) -> None:
    known = vault.open()
    proven = [vault.store_aged(3), vault.store_aged(1, outcome=Outcome.GOOD)]
    vault.store_aged(0.5, outcome=Outcome.PENDING), vault.store_aged(0.2, outcome=Outcome.FAILED)
    done = copy(vault, disk, known)
    assert (done.outcome, done.snapshots, done.copied, done.reason) == (Outcome.GOOD, 2, 2, "")
    assert done.newest == {"volume prod/portal": proven[1].snapshot_id}
    listed = run(copying(vault, disk).target.command("--no-lock", "--json", "snapshots"))
    assert parse_originals(listed.stdout).keys() == {b.snapshot_id for b in proven}
    assert "health: 2 of 2 snapshots copied" in vault.said

    size = sum(f.stat().st_size for f in disk.rglob("*") if f.is_file())
    again = copy(vault, disk, known, everything=True)
    assert (again.outcome, again.snapshots, again.copied) == (Outcome.VERIFIED, 2, 0)
    assert sum(f.stat().st_size for f in disk.rglob("*") if f.is_file()) == size, "what is there is not stored twice"
    third = vault.store_aged(0.1)
    assert copy(vault, disk, known).newest == {"volume prod/portal": third.snapshot_id}
    kinds = [r.outcome for r in load_records(CopyRecord, vault.records)]
    assert kinds == [*([Outcome.PENDING, Outcome.GOOD]), Outcome.PENDING, Outcome.VERIFIED, Outcome.PENDING, Outcome.GOOD]
    assert all(not examined.problems for examined in verify(vault.records))
    assert list((vault.files / "locks").iterdir()) == []


def test_it_is_restored_from_the_copy_alone(vault: Vault, disk: Path, tmp_path: Path) -> None:
    known = vault.open()
    taken = vault.store(size=500_000)
    told = (taken.taken_at, taken.taken_at, taken.snapshot_id, taken.bytes, taken.sha256, Outcome.VERIFIED)
    kept = BackupRecord("health", Source.CONTAINER, "prod/papers", *told)
    append_records(vault.records, [kept])
    copy(vault, disk, known)
    shutil.rmtree(vault.files)
    home, keys = Installation(tmp_path / "home"), Keys("", vault.repository.password_file.read_text())
    back = tmp_path / "back"
    done = restore_into_files(kept, keys, copy_store(disk), back, home, vault.said.append)
    assert (done.outcome, done.sha256_restored, done.reason) == (Outcome.VERIFIED, taken.sha256, "")
    (tree,) = tmp_path.glob("tree-*")
    assert (back / "data").read_bytes() == (tree / "data").read_bytes()
    gone = replace(kept, snapshot_id="0" * 64)
    done = restore_into_files(gone, keys, copy_store(disk), tmp_path / "other", home, vault.said.append)
    assert (done.outcome, done.reason) == (Outcome.FAILED, f"{disk} does not hold snapshot 00000000")


@pytest.mark.slow
def test_a_copy_counts_while_it_is_recorded_proven_and_young(vault: Vault, disk: Path, tmp_path: Path) -> None:
    known = vault.open()
    vault.store_aged(2)
    now, month = datetime.now(UTC), timedelta(days=31)

    def count(at: datetime = now, within: timedelta = month) -> int:
        held = find_held(load_records(CopyRecord, vault.records), load_backups(vault.records))
        return len(find_young(held.get(("health", "volume", "prod/portal"), ()), within, at))

    assert count() == 0
    first = copy(vault, disk, known)
    assert count() == 1
    assert count(within=timedelta(days=1)) == 0, "its data is two days old"
    assert count(at=now + month) == 0
    other = tmp_path / "other"
    other.mkdir()
    copy(vault, other, known)
    assert count() == 2
    append_records(vault.records, [replace(first, ended_at=datetime.now(UTC), outcome=Outcome.FAILED, reason="damaged")])
    assert count() == 1, "what failed its last check is none"


@pytest.mark.slow
def test_what_is_not_this_department_s_copy_is_refused_and_left(vault: Vault, disk: Path, tmp_path: Path) -> None:
    known = vault.open()
    vault.store_aged(1)
    done = copy(vault, disk, known)
    own = load_records(CopyRecord, vault.records)

    def refused(reason: str, where: Path = disk) -> None:
        before = sorted((f.name, f.stat().st_size) for f in where.rglob("*") if f.is_file())
        with pytest.raises(NotTakenError, match=reason):
            copy(vault, where, known)
        assert sorted((f.name, f.stat().st_size) for f in where.rglob("*") if f.is_file()) == before

    append_records(vault.records, [replace(own[-1], department="transport")])
    refused(f"holds repository {done.copy_id[:8]}, which is the copy of transport, not of health")
    vaults = tmp_path / "vaults"
    vaults.mkdir()
    (vaults / "health").symlink_to(vault.files)
    refused(f"is the vault's own repository {known.repository_id[:8]}, expected another place", vaults)
    full = tmp_path / "photos"
    (full / "health").mkdir(parents=True)
    (full / "health" / "photo.jpg").write_bytes(b"x")
    refused("holds files and no repository, expected an empty directory or a copy of it", full)
    locked = tmp_path / "locked"
    secret = tmp_path / "another-password"
    secret.write_text("battery staple")
    made = Repository("health", tmp_path / "address", secret, cache=tmp_path / "cache")
    (tmp_path / "address").write_text(str(locked / "health"))
    assert run(made.command("init")).ok
    refused("is no copy of health: the department's password does not open it", locked)
    stranger = tmp_path / "stranger"
    (tmp_path / "address").write_text(str(stranger / "health"))
    made = replace(made, password_file=vault.repository.password_file)
    assert run(made.command("init")).ok
    assert run(made.command("backup", str(secret))).ok
    refused("which is on record as no copy of health", stranger)


def test_another_repository_in_the_vault_s_place_is_not_copied(vault: Vault, disk: Path) -> None:
    known = vault.open()
    vault.store_aged(1)
    with pytest.raises(NotTakenError, match=f"the vault holds repository {known.repository_id[:8]}, expected 00000000"):
        copy(vault, disk, replace(known, repository_id="0" * 64))
    assert list(disk.iterdir()) == []


def test_a_place_that_is_none_is_told_before_anything_begins(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="got nothing there, expected a directory for the copies"):
        find_place(tmp_path / "not-mounted")
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="got a file, expected a directory"):
        find_place(tmp_path / "file")
    assert not (tmp_path / "not-mounted").exists()
    assert find_place(tmp_path) == tmp_path


@pytest.mark.slow
def test_a_full_disk_is_told_and_the_run_after_makes_it_whole(vault: Vault, disk: Path) -> None:
    known = vault.open()
    for age in (3, 2, 1):
        vault.store_aged(age, size=3_000_000)
    with mounted(disk, "size=6m"):
        done = copy(vault, disk, known)
        assert done.outcome is Outcome.FAILED
        assert f"{disk / 'health'} is full: make room, or take another disk, and run it again" in done.reason
        subprocess.run(["mount", "-o", "remount,size=40m", disk], check=True)
        whole = copy(vault, disk, known, everything=True)
        assert (whole.outcome, whole.snapshots, whole.reason) == (Outcome.VERIFIED, 3, "")
    assert vault.check(timedelta(seconds=5)).ok


@pytest.mark.slow
def test_a_copy_that_was_interrupted_is_carried_on(vault: Vault, disk: Path) -> None:
    known = vault.open()
    for age in range(12, 0, -1):
        vault.store_aged(age, size=200_000)

    def interrupt() -> None:
        end = time.monotonic() + 60
        while time.monotonic() < end and not any("of 12 snapshots copied" in line for line in vault.said):
            time.sleep(0.005)
        os.kill(os.getpid(), signal.SIGINT)

    watch = threading.Thread(target=interrupt)
    watch.start()
    with pytest.raises(KeyboardInterrupt):
        copy(vault, disk, known)
    watch.join()
    assert load_records(CopyRecord, vault.records)[-1].outcome is Outcome.PENDING
    done = copy(vault, disk, known, everything=True)
    assert (done.outcome, done.snapshots) == (Outcome.VERIFIED, 12)
    assert done.copied < 12, "what had arrived is not copied again"


@pytest.mark.slow
def test_a_damaged_copy_is_never_verified(vault: Vault, disk: Path, damage: Callable[[Path, str], None]) -> None:
    known = vault.open()
    vault.store_aged(1, size=400_000)
    copy(vault, disk, known)
    packs = [f for f in (disk / "health" / "data").rglob("*") if f.is_file()]
    damage(max(packs, key=lambda f: f.stat().st_size), "bit flip")
    done = copy(vault, disk, known, everything=True)
    assert done.outcome is Outcome.FAILED
    assert "the repository is damaged" in done.reason


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """Put a small file system there; skip where this user may not."""
    if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("a file system of its own needs root")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
