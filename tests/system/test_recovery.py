"""What was backed up can be brought back at the second site, byte for byte, and nobody can take it away."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import ssl
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from openstack.connection import Connection

from backup.command import Command, Completed, run
from backup.drill import run_drill
from backup.keys import load_keys
from backup.ledger import list_ledgers
from backup.plan import CONTROL_PLANE, Job, build_jobs
from backup.policy import load_policy
from backup.records import (
    BackupRecord,
    Outcome,
    RepositoryRecord,
    Source,
    append_records,
    load_backups,
    load_drills,
    newest_restorable,
)
from backup.schedule import PREFIX, render_probe_units, render_units
from backup.sources.container import object_file
from backup.timetable import next_start
from backup.vault.probe import NAME
from tenants.declaration.load import load_departments
from tenants.installation import Installation
from tenants.machines import Machine, load_machine

pytestmark = pytest.mark.system
SITE = "/var/lib/oneroof/site"
TRIAL = "/var/tmp/oneroof-trial"  # noqa: S108 - on the machines, where root is alone


@dataclass(frozen=True)
class Recovery:
    """Both sites, and everything that can be backed up."""

    installation: Installation
    operations: Machine
    vault: Machine
    jobs: tuple[Job, ...]

    def job(self, source: Source, *, probed: bool = False) -> Job:
        return next(j for j in self.jobs if j.source is source and (j.expectation is not None or not probed))

    def newest(self, job: Job) -> BackupRecord:
        return newest_restorable(load_backups(self.installation.records))[(job.department, job.source, job.name)]

    def dump(self, job: Job, file: str) -> bytes:
        """Read a file of a job's newest snapshot out of the vault's own storage."""
        words = f"restic --repo /srv/vault/{job.department} --no-lock --no-cache --password-file /dev/stdin dump"
        script = f"cat | {words} {self.newest(job).snapshot_id} {shlex.quote(file)}"
        return self.on(self.vault, script, load_keys(self.installation)[job.department].restic_password).stdout

    @staticmethod
    def on(host: Machine, script: str, stdin: str = "") -> Completed:
        done = run(Command(host.ssh(script)), stdin=stdin.encode())
        assert done.ok, done.reason
        return done


@pytest.fixture(scope="module")
def recovery(cloud: Connection, installation: Installation) -> Recovery:  # noqa: ARG001 - the cloud must answer first
    jobs = build_jobs(load_departments(), load_policy())
    return Recovery(installation, load_machine(installation, "operations"), load_machine(installation, "vaults"), jobs)


def ask(recovery: Recovery, method: str, user: str, path: str) -> int:
    """Ask the vault for something as a department; give the HTTP status."""
    address = recovery.vault.variables["management_address"]
    password = load_keys(recovery.installation)[user].vault_password
    request = urllib.request.Request(f"https://{address}:8000/{path}", method=method)
    request.add_header("Authorization", "Basic " + b64encode(f"{user}:{password}".encode()).decode())
    trust = ssl.create_default_context(cafile=str(recovery.installation.ca_certificate))
    try:
        with urllib.request.urlopen(request, context=trust, timeout=30) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def test_a_department_comes_back_byte_for_byte(recovery: Recovery, oneroof: Callable[..., str]) -> None:
    job = recovery.job(Source.VOLUME, probed=True)
    oneroof("backup", "run", job.department)
    taken = recovery.newest(job)
    assert taken.outcome is Outcome.GOOD
    oneroof("drill", job.department)
    held = next(d for d in reversed(load_drills(recovery.installation.records)) if d.name == job.name)
    assert held.identical
    assert held.snapshot_id == taken.snapshot_id
    assert held.sha256_restored == taken.sha256 != ""
    assert held.restored_bytes == taken.bytes
    assert held.restored_bytes % 1024**3 == 0, "a volume is whole GiB"
    assert held.recovery_seconds > 0
    assert recovery.newest(job).outcome is Outcome.VERIFIED
    left = recovery.on(recovery.vault, "ls -d /var/tmp/oneroof-drill-* 2>/dev/null || true").stdout
    assert left == b"", "what was restored must be gone"


def test_both_machines_hold_the_same_evidence(recovery: Recovery, oneroof: Callable[..., str]) -> None:
    oneroof("drill", recovery.job(Source.VOLUME, probed=True).department)
    for file in list_ledgers(recovery.installation.records):
        there = recovery.on(recovery.operations, f"cat {SITE}/records/ledger/{file.name}").stdout
        assert there.startswith(file.read_bytes()), file.name
    oneroof("evidence", "verify")
    recovery.on(recovery.operations, f"ONEROOF_HOME={SITE} oneroof evidence verify")


def test_an_object_is_in_the_vault_as_it_was_written(
    recovery: Recovery, users: dict[str, Connection], departments: dict[str, dict[str, Any]], oneroof: Callable[..., str]
) -> None:
    jobs = [j for j in recovery.jobs if j.source is Source.CONTAINER and j.department in users]
    first_project = {slug: made["projects"][0]["name"] for slug, made in departments.items()}  # where the user works
    job, user = next((j, users[j.department]) for j in jobs if j.project == first_project[j.department])
    name, data = "drill/公报 ../1.pdf", os.urandom(300_000)
    user.object_store.upload_object(container=job.item, name=name, data=data)
    try:
        oneroof("backup", "run", job.department)
        manifest = json.loads(recovery.dump(job, "/manifest.json"))
        entry = next(o for o in manifest["objects"] if o["name"] == name)
        assert entry["sha256"] == hashlib.sha256(data).hexdigest()
        assert recovery.dump(job, f"/objects/{object_file(name)}") == data
    finally:
        user.object_store.delete_object(name, container=job.item)


def test_the_control_plane_holds_what_a_new_cloud_needs(recovery: Recovery, oneroof: Callable[..., str]) -> None:
    oneroof("backup", "run", "--control-plane")
    job = recovery.job(Source.CONTROL_PLANE)
    sums = recovery.dump(job, "/SHA256SUMS").decode()
    for part in ("./databases.sql", "./ovn/northbound.db", "./ceph/mon.map", "./keystone/fernet/0", "./operator/pulumi/"):
        assert f"  {part}" in sums
    assert "/etc/oneroof/restic" not in sums, "one repository must not open the others"
    databases = recovery.dump(job, "/databases.sql").decode(errors="replace")
    for department in {j.department for j in recovery.jobs} - {CONTROL_PLANE}:
        assert f"'{department}'" in databases


@pytest.mark.parametrize("what", ["config", "snapshots/{snapshot}"])
def test_who_writes_backups_cannot_delete_them(recovery: Recovery, what: str) -> None:
    job = recovery.job(Source.VOLUME, probed=True)
    path = f"{job.department}/{what.format(snapshot=recovery.newest(job).snapshot_id)}"
    assert ask(recovery, "GET", job.department, path) == 200
    assert ask(recovery, "DELETE", job.department, path) == 403
    assert ask(recovery, "POST", job.department, path) == 403
    assert ask(recovery, "GET", job.department, path) == 200


def test_a_department_reaches_no_other_one_s_repository(recovery: Recovery) -> None:
    everybody = {j.department for j in recovery.jobs}
    own = min(everybody - {CONTROL_PLANE})
    assert ask(recovery, "GET", own, f"{own}/config") == 200
    for other in sorted(everybody - {own}):
        assert ask(recovery, "GET", own, f"{other}/config") == 403, other
        # what no snapshot knows of, so that a vault that does not refuse loses nothing
        for harmless in (f"data/{NAME}", "locks/" + "0" * 64):
            for method in ("GET", "POST", "DELETE"):
                assert ask(recovery, method, own, f"{other}/{harmless}") == 403, (other, method, harmless)


def test_the_vault_refuses_the_daily_probe(recovery: Recovery, oneroof: Callable[..., str]) -> None:
    said = oneroof("vault", "probe").splitlines()
    assert {line.split()[0] for line in said[1:]} >= {j.department for j in recovery.jobs}
    for line in said[1:]:
        assert line.split()[1:4] == ["403", "403", "403"], line


def test_one_flipped_bit_in_the_vault_fails_the_drill(recovery: Recovery) -> None:
    job = recovery.job(Source.CONTAINER)
    copy = f"{TRIAL}-vault"
    flip = (
        f"rm -rf {copy} && mkdir -m 700 {copy} && cp -a /srv/vault/{job.department} {copy}/ && "
        f"for pack in $(find {copy}/{job.department}/data -type f); do "
        "printf '\\377' | dd of=$pack bs=1 seek=100 conv=notrunc status=none; done"
    )
    recovery.on(recovery.vault, flip)
    try:
        damaged = replace(recovery.vault, variables={**recovery.vault.variables, "vault_directory": copy})
        keys = load_keys(recovery.installation)[job.department]
        said: list[str] = []
        held = run_drill(job, recovery.newest(job), keys, damaged, said.append)
        assert held.outcome is Outcome.FAILED
        assert not held.identical
        assert held.reason
    finally:
        recovery.on(recovery.vault, f"rm -rf {copy}")


def test_another_repository_in_its_place_is_an_error(recovery: Recovery, tmp_path: Path) -> None:
    job = recovery.job(Source.CONTAINER)
    home = f"{TRIAL}-home"
    records = tmp_path / "records"
    append_records(records, [RepositoryRecord(job.department, "0" * 64, datetime(2026, 1, 1, tzinfo=UTC))])
    script = (
        f"mkdir -p {home} && tar -xf - -C {home} && "
        f"ONEROOF_HOME={home} oneroof backup run --local {job.department}; code=$?; rm -rf {home}; exit $code"
    )
    packed = run(Command(("tar", "-C", str(tmp_path), "-cf", "-", "records")))
    done = run(Command(recovery.operations.ssh(script)), stdin=packed.stdout)
    assert done.code == 1
    assert "expected 00000000" in done.stdout.decode()


def test_every_job_has_a_timer_that_waits(recovery: Recovery) -> None:
    before = datetime.now(UTC)
    listed = recovery.on(recovery.operations, "systemctl list-timers --all --output=json 'oneroof-backup-*'").stdout
    waiting = {t["unit"] for t in json.loads(listed) if t["next"]}
    wanted = render_units(recovery.jobs, recovery.installation.home) | render_probe_units(recovery.installation.home)
    assert waiting == {name for name in wanted if name.endswith(".timer")}
    next_of = {t["unit"]: datetime.fromtimestamp(t["next"] / 10**6, UTC) for t in json.loads(listed) if t["next"]}
    for job in recovery.jobs:  # `oneroof backup schedule` says what systemd will do
        told = {next_start(job.start, job.every, now) for now in (before, datetime.now(UTC))}
        assert next_of[f"{PREFIX}{job.department}-{job.tier}.timer"] in told, job


def test_passwords_are_readable_by_root_alone(recovery: Recovery) -> None:
    found = recovery.on(recovery.operations, "find /etc/oneroof/restic -printf '%u %m %y\\n' | sort -u").stdout.decode()
    assert set(found.splitlines()) == {"root 600 f", "root 700 d"}
