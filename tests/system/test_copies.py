"""A department's snapshots go from the real vault to a third place, and are restored from there without the vault."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from trial_home import build_home

from backup.command import Command, run
from backup.copies.record import CopyRecord
from backup.keys import keys_file
from backup.ledger import list_ledgers
from backup.plan import build_jobs
from backup.policy import load_policy
from backup.records import Outcome, Source, load_backups, load_records, newest_restorable
from infra.lab.status import LabStatus
from tenants.declaration.load import load_departments
from tenants.installation import Installation
from tenants.machines import load_machine

pytestmark = [pytest.mark.system, pytest.mark.slow]


@pytest.fixture
def home(lab: LabStatus, installation: Installation, tmp_path: Path) -> Installation:  # noqa: ARG001 - it must run first
    """Give a home with the keys and the evidence, from which no evidence goes anywhere."""
    made = build_home(installation, tmp_path)
    inventory = yaml.safe_load(installation.inventory.read_text())
    inventory["all"]["children"].pop("operations")
    made.inventory.write_text(yaml.safe_dump(inventory))
    shutil.copy2(keys_file(installation), made.home)
    (made.records / "ledger").mkdir(parents=True)
    for file in list_ledgers(installation.records):
        shutil.copy2(file, made.records / "ledger")
    return made


def test_what_the_vault_proves_is_restored_from_a_third_place(
    home: Installation, installation: Installation, image_program: Callable[[str], Path], tmp_path: Path
) -> None:
    programs, disk, back = (tmp_path / name for name in ("bin", "disk", "back"))
    for folder in (programs, disk):
        folder.mkdir()
    (programs / "restic").symlink_to(image_program("restic"))
    environment = {**os.environ, "ONEROOF_HOME": str(home.home), "PATH": f"{programs}:{os.environ['PATH']}"}

    def oneroof(*words: str, code: int = 0) -> str:
        argv = [sys.executable, "-c", "import oneroof; oneroof.main()", *words]
        done = subprocess.run(argv, capture_output=True, text=True, env=environment, check=False)
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    newest = newest_restorable(load_backups(home.records))
    jobs = build_jobs(load_departments(), load_policy())
    job = next(j for j in jobs if j.source is Source.CONTAINER and (j.department, j.source, j.name) in newest)
    assert "got nothing there, expected a directory" in oneroof("backup", "copy", "--to", str(tmp_path / "no"), code=2)

    oneroof("backup", "copy", job.department, "--to", str(disk))
    copied = load_records(CopyRecord, home.records)[-1]
    assert (copied.outcome, copied.snapshots) == (Outcome.GOOD, copied.copied)
    assert copied.newest[f"container {job.name}"] == newest[(job.department, job.source, job.name)].snapshot_id
    oneroof("backup", "copy", job.department, "--to", str(disk), "--everything")
    again = load_records(CopyRecord, home.records)[-1]
    assert (again.outcome, again.copied, again.copy_id) == (Outcome.VERIFIED, 0, copied.copy_id)

    told = ("--from", str(disk), "--to", str(back), "--yes")
    assert " verified" in oneroof("restore", "container", job.department, job.name, *told)
    assert (back / "manifest.json").is_file()
    vault = load_machine(installation, "vaults")
    locks = run(Command(vault.ssh(f"ls /srv/vault/{job.department}/locks")))
    assert (locks.ok, locks.stdout) == (True, b""), "what was read is unlocked again"
