"""A tree of which only what changed is at hand, shown by the product's own program, read by a real restic."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from real_vault import Vault

from backup.command import Command
from backup.plan import Job
from backup.records import Source
from backup.restic import Summary, build_backup_tree
from backup.sources.carried_files import set_revision
from backup.sources.mounted_backup import CannotCarryError, Way, back_up_mounted
from backup.sources.taken import demand_restic, identify
from tenants.installation import repository

JOB = Job("health", Source.CONTAINER, "prod/bulletins", "gold", timedelta(hours=4), timedelta(0), timedelta(days=14))


class Trial:
    """A tree, and the vault that it goes to."""

    def __init__(self, vault: Vault, folder: Path, library: str) -> None:
        self.vault, self.tree, self.library = vault, folder / "tree", library
        self.way = Way(JOB, vault.repository, folder / "a mount", vault.said.append)
        vault.open()
        for name in ("manifest.json", "objects/a", "objects/b", "objects/c"):
            self.write(name, 1)

    def write(self, name: str, revision: int) -> None:
        file = self.tree / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(os.urandom(300_000))
        set_revision(file, revision)

    def content(self) -> dict[str, bytes]:
        return {str(f.relative_to(self.tree)): f.read_bytes() for f in self.tree.rglob("*") if f.is_file()}

    def plain(self) -> Summary:
        ended = demand_restic(self.vault.repository, build_backup_tree(self.vault.repository, self.tree, "t"))
        return identify(self.vault.repository, ended.stdout)

    def carrying(self, parent: str, *carried: str) -> Summary:
        told = {name: ((self.tree / name).stat().st_size, 1) for name in carried}
        for name in carried:
            (self.tree / name).unlink()
        words = (sys.executable, "-m", "backup.sources.carried_files", str(self.tree), str(self.way.mountpoint))
        show = Command(words, {"PYTHONPATH": str(repository()), "FUSE_LIBRARY_PATH": self.library})
        return back_up_mounted(self.way, show, json.dumps(told).encode(), parent, 0, lambda *_: None)[0]

    def restore(self, snapshot: str, into: Path) -> dict[str, bytes]:
        assert self.vault.restic("restore", snapshot, "--target", str(into)).ok
        found = {str(f.relative_to(into)): f.read_bytes() for f in into.rglob("*") if f.is_file()}
        shutil.rmtree(into)
        return found


@pytest.fixture
def trial(vault: Vault, image_library: Callable[[str], Path], tmp_path: Path) -> Trial:
    if not os.access("/dev/fuse", os.W_OK) or os.geteuid() != 0:
        pytest.skip("this machine cannot mount: no /dev/fuse, or not root")
    return Trial(vault, tmp_path, str(image_library("libfuse3.so.3")))


def test_what_is_not_at_hand_is_in_the_snapshot_all_the_same(trial: Trial, tmp_path: Path) -> None:
    before, first = trial.content(), trial.plain()
    trial.write("objects/b", 2)
    now = trial.content()
    second = trial.carrying(first.snapshot_id, "objects/a", "objects/c")
    assert second.bytes == first.bytes
    assert second.added_bytes < 350_000
    assert trial.restore(second.snapshot_id, tmp_path / "out") == now
    assert trial.restore(first.snapshot_id, tmp_path / "out") == before


def test_what_restic_does_not_know_is_never_stored_without_its_content(trial: Trial) -> None:
    first = trial.plain()
    trial.write("objects/d", 1)
    with pytest.raises(CannotCarryError, match="objects/d is to be carried over, and restic does not know it"):
        trial.carrying(first.snapshot_id, "objects/a", "objects/d")
    assert str(trial.way.mountpoint) not in Path("/proc/self/mounts").read_text()


def test_what_the_vault_lost_is_not_carried_over(trial: Trial) -> None:
    first = trial.plain()
    (trial.vault.files / "snapshots" / first.snapshot_id).unlink()
    shutil.rmtree(trial.vault.repository.cache)  # type: ignore[arg-type]
    with pytest.raises(CannotCarryError):
        trial.carrying(first.snapshot_id, "objects/a")
