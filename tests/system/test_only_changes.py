"""On the real cloud a second backup reads what changed and no more, the ledger tells so, and both snapshots are whole."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from trial_home import PYTHON, Trial, TrialBackup, build_backup

from backup.command import Command, run
from backup.records import BackupRecord, Source, load_backups
from infra.lab.status import LabStatus
from tenants.installation import Installation

pytestmark = pytest.mark.system

SLUG = "system-only-changes"
DECLARATION = f"""
name: {SLUG}
local_name: Trial of what is read
owners: [it@changes.gov.example]
cost_centre: T-9
projects:
  - name: prod
    volumes: [{{name: data, size_gib: 1}}]
    containers: [{{name: papers}}]
groups: [{{name: ops, roles: {{prod: member}}}}]
users: [{{name: operator, groups: [ops]}}]
"""
EXTENT = 4 << 20
HELD = 100
WRITE = """
import os, sys
sys.path.append("/usr/lib/python3/dist-packages")
import rados, rbd
with rados.Rados(conffile="/etc/ceph/ceph.conf") as cluster, cluster.open_ioctx("volumes") as pool:
    with rbd.Image(pool, sys.argv[1]) as image:
        for number in map(int, sys.argv[2:]):
            image.write(os.urandom(65536), number * (4 << 20))
"""
OBJECTS = {f"{number}.pdf": os.urandom(100_000) for number in range(10)}


class Volume:
    """The trial's volume, written as a guest would, and its sum as Ceph gives it."""

    def __init__(self, backups: TrialBackup, identifier: str) -> None:
        self.backups, self.image = backups, f"volume-{identifier}"
        vault = f"-r {backups.folder}/vault -p {backups.folder}/restic/{SLUG}/password"
        self.restic = f"restic {vault} --no-lock --no-cache"

    def on(self, script: str) -> str:
        done = run(Command(self.backups.host.ssh(shlex.join(["bash", "-o", "pipefail", "-c", script]))))
        assert done.ok, f"{done.reason}\n{done.stdout.decode(errors='replace')[-2000:]}"
        return done.stdout.decode()

    def write(self, *extents: int) -> str:
        """Write into some extents; give the sha256 of the whole volume then."""
        self.on(shlex.join([PYTHON, "-c", WRITE, self.image, *map(str, extents)]))
        return self.on(f"rbd export --no-progress volumes/{self.image} - | sha256sum").split()[0]

    def restored(self, record: BackupRecord) -> str:
        """Give the sha256 of a snapshot's volume, as it comes out where there is nothing but restic and Python."""
        folder = self.backups.folder
        write = f"python3 {folder}/backup/sources/stored_volume.py {folder}/out"
        dump = f"{self.restic} dump {record.snapshot_id} /"
        return self.on(f"{dump} | {write} >&2 && sha256sum < {folder}/out && rm {folder}/out").split()[0]


@pytest.fixture
def trial(lab: LabStatus, installation: Installation, tmp_path: Path) -> Iterator[Trial]:  # noqa: ARG001 - it must run first
    made = Trial(installation, tmp_path, SLUG)
    made.declare(DECLARATION)
    try:
        made.on_department("apply")
        yield made
    finally:
        made.withdraw()


@pytest.fixture
def backups(trial: Trial, installation: Installation) -> Iterator[TrialBackup]:
    made = build_backup(installation, trial.home, SLUG, trial.declared)
    yield made
    made.remove()


def newest(trial: Trial, source: Source) -> BackupRecord:
    return [r for r in load_backups(trial.home.records) if r.source is source][-1]


def test_a_second_backup_reads_what_changed(trial: Trial, backups: TrialBackup) -> None:
    volume = Volume(backups, trial.project("prod")["volumes"][0]["id"])
    store = trial.user("prod").object_store
    for name, content in OBJECTS.items():
        store.upload_object("papers", name, data=content)
    first_sum = volume.write(*range(HELD))
    backups.back_up()
    first = newest(trial, Source.VOLUME)
    assert first.read_bytes == HELD * EXTENT
    assert sum(map(len, OBJECTS.values())) <= (newest(trial, Source.CONTAINER).read_bytes or 0)

    second_sum = volume.write(7)
    store.upload_object("papers", "3.pdf", data=b"changed")
    store.delete_object("4.pdf", container="papers")
    backups.back_up()
    second, papers = newest(trial, Source.VOLUME), newest(trial, Source.CONTAINER)
    assert second.read_bytes == EXTENT, "one hundredth of what it holds"
    assert second.bytes == 1 << 30
    assert 65536 <= (second.added_bytes or 0) < EXTENT
    assert papers.read_bytes is not None
    assert papers.read_bytes < 20_000, "one object, and the manifest"

    check = "sha256sum --check --strict --quiet SHA256SUMS && ls objects | wc -l"
    restore = f"{volume.restic} restore {papers.snapshot_id} --target {backups.folder}/tree >&2"
    tree = volume.on(f"{restore} && cd {backups.folder}/tree && {check}")
    assert int(tree) == len(OBJECTS) - 1
    assert volume.restored(second) == second_sum != first_sum
    assert volume.restored(first) == first_sum
