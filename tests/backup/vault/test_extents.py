"""Extents of a real file, shown by the product's own program, read by a real restic: what did not change is not read."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import file_of_extents
import pytest
from real_vault import Vault

from backup.command import Command, run
from backup.plan import Job
from backup.records import BackupRecord, Outcome, Source
from backup.sources.carrying import draft_changes, draft_whole
from backup.sources.extent_backup import store_extents
from backup.sources.mounted_backup import CannotCarryError, Way
from backup.sources.stored_volume import Manifest, parse_manifest, render_manifest
from backup.sources.taken import NotTakenError, Taken
from backup.sources.volume_restore import feed_volume
from tenants.installation import repository

EXTENT = 1 << 20
NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
JOB = Job("health", Source.VOLUME, "prod/data", "gold", timedelta(hours=4), timedelta(0), timedelta(days=14))
IMAGE = Manifest(12 * EXTENT + 512, EXTENT, "image", "snapshot", 1, NOW.isoformat(), True, ())
HELD = [0, 1, 2, 5, 6, 7, 8, 9, 12]


class Trial:
    """A volume in a file, and the vault it goes to."""

    def __init__(self, vault: Vault, folder: Path, library: str) -> None:
        self.vault, self.file, self.folder, self.library = vault, folder / "volume", folder, library
        self.way = Way(JOB, vault.repository, folder / "a mount", vault.said.append)
        vault.open()
        self.file.write_bytes(b"")
        os.truncate(self.file, IMAGE.size)
        for number in HELD:
            self.write(number)

    def write(self, number: int, length: int = EXTENT) -> tuple[int, int, bool]:
        """Write into an extent; give what a storage would say of it."""
        length = min(length, IMAGE.size - number * EXTENT)
        with self.file.open("r+b") as stream:
            stream.seek(number * EXTENT)
            stream.write(os.urandom(length))
        return number * EXTENT, length, True

    def show(self, mountpoint: Path) -> Command:
        words = (sys.executable, file_of_extents.__file__, str(self.file), str(mountpoint))
        return Command(words, {"PYTHONPATH": str(repository()), "FUSE_LIBRARY_PATH": self.library})

    def store(self, draft: Manifest, parent: str = "") -> tuple[Taken, Manifest]:
        taken, manifest = store_extents(self.way, self.show, draft, parent, NOW)
        return taken, parse_manifest(manifest)

    def whole(self) -> tuple[Taken, Manifest]:
        return self.store(draft_whole(IMAGE, [(n * EXTENT, 1, True) for n in HELD]))

    def restore(self, taken: Taken) -> bytes:
        record = BackupRecord(
            "health", Source.VOLUME, "prod/data", NOW, NOW, taken.snapshot_id, taken.bytes, taken.sha256, Outcome.GOOD
        )
        out = self.folder / "restored"
        done = feed_volume(record, self.vault.repository, Command(("sh", "-c", 'cat > "$1"', "sh", str(out))))
        assert done.reason == ""
        return out.read_bytes()

    def is_mounted(self) -> bool:
        return str(self.folder) in Path("/proc/self/mounts").read_text()


@pytest.fixture
def trial(vault: Vault, image_library: Callable[[str], Path], tmp_path: Path) -> Trial:
    if not os.access("/dev/fuse", os.W_OK) or os.geteuid() != 0:
        pytest.skip("this machine cannot mount: no /dev/fuse, or not root")
    return Trial(vault, tmp_path, str(image_library("libfuse3.so.3")))


def test_every_snapshot_restores_alone_and_only_changes_are_read(trial: Trial) -> None:
    first = trial.file.read_bytes()
    taken, manifest = trial.whole()
    assert (taken.bytes, [e.offset // EXTENT for e in manifest.extents]) == (IMAGE.size, HELD)
    again, same = trial.store(draft_changes(manifest, IMAGE.size, "snapshot-2", [], alone=True), taken.snapshot_id)
    assert "health volume prod/data: reading 0 of 9 extents, 0 MiB" in trial.vault.said
    changes = [trial.write(n, 4096) for n in (1, 3, 12)]
    changed, _ = trial.store(draft_changes(same, IMAGE.size, "snapshot-3", changes, alone=True), again.snapshot_id)
    assert "health volume prod/data: reading 3 of 10 extents, 2 MiB" in trial.vault.said
    assert trial.restore(changed) == trial.file.read_bytes()
    assert trial.restore(again) == trial.restore(taken) == first
    assert not trial.is_mounted()


def test_an_extent_that_restic_leaves_out_is_no_backup(trial: Trial) -> None:
    """restic finds size and time as in the parent; the draft says that it must be read."""
    taken, manifest = trial.whole()
    trial.write(5)
    unread = tuple(replace(e, sha256="0" * 64) if e.offset == 5 * EXTENT else e for e in manifest.extents)
    with pytest.raises(CannotCarryError, match="restic left out 1 extents that must be read, 0x500000 first"):
        trial.store(replace(manifest, revision=2, extents=unread), taken.snapshot_id)
    assert not trial.is_mounted()


def test_what_changed_unseen_is_found_where_it_is_read(trial: Trial) -> None:
    """The parent is gone, so restic reads everything; one extent is not what the storage said."""
    taken, manifest = trial.whole()
    trial.write(6)
    draft = draft_changes(manifest, IMAGE.size, "snapshot-2", [trial.write(5)], alone=True)
    older = trial.vault.store()
    with pytest.raises(CannotCarryError, match="the extent at byte 6291456 changed although the storage calls it unchanged"):
        trial.store(draft, older.snapshot_id)
    assert trial.restore(taken)[: 5 * EXTENT] == trial.file.read_bytes()[: 5 * EXTENT]


def test_without_its_parent_nothing_is_carried_over(trial: Trial) -> None:
    _, manifest = trial.whole()
    with pytest.raises(CannotCarryError):
        trial.store(draft_changes(manifest, IMAGE.size, "snapshot-2", [], alone=True), "f" * 64)


def test_a_storage_that_cannot_be_read_gives_no_backup(trial: Trial) -> None:
    os.truncate(trial.file, 6 * EXTENT)
    with pytest.raises(NotTakenError, match=f"the storage gave 0 bytes at {6 * EXTENT}, expected {EXTENT}"):
        trial.whole()
    assert not trial.is_mounted()


def test_what_a_killed_run_left_mounted_is_in_nobodys_way(trial: Trial) -> None:
    trial.way.mountpoint.mkdir()
    left = trial.show(trial.way.mountpoint)
    script = '"$@" < "$DRAFT" & pid=$!; until ls "$4/manifest" >/dev/null 2>&1; do sleep 0.05; done; kill -9 $pid; wait $pid'
    draft = trial.folder / "draft"
    draft.write_bytes(render_manifest(IMAGE))
    run(Command(("bash", "-c", script, "bash", *left.argv), {**left.environment, "DRAFT": str(draft)}))
    assert trial.is_mounted()
    taken, _ = trial.whole()
    assert trial.restore(taken) == trial.file.read_bytes()
