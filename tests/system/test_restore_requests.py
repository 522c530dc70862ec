"""A department asks in its declaration for what it spoilt, and gets it back beside what is there, once."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from openstack.connection import Connection
from trial_home import Trial, TrialBackup, build_backup

from backup.plan import build_jobs
from backup.policy import load_policy
from backup.records import Outcome, Source, load_records
from backup.restore.record import RestoreRecord
from infra.lab.status import LabStatus
from tenants.declaration.load import load_departments
from tenants.installation import Installation, repository

pytestmark = [pytest.mark.system, pytest.mark.slow]

SLUG = "system-restores"
DECLARATION = f"""
name: {SLUG}
local_name: Trial of restores
owners: [it@restores.gov.example]
cost_centre: T-5
projects:
  - name: prod
    volumes: [{{name: data, size_gib: 1}}MORE]
    containers: [{{name: papers}}]
groups: [{{name: ops, roles: {{prod: member}}}}]
users: [{{name: operator, groups: [ops]}}]
"""
TODAY = datetime.now(UTC).date()
DAYS = f"not_before: {TODAY}, expires: {TODAY + timedelta(days=1)}"
REQUESTS = f"""restores:
  - {{what: volume prod/data, into: prod/data-back, reason: A script emptied it, {DAYS}}}
  - {{what: container prod/papers, prefix: back/, reason: A script spoilt it, {DAYS}}}
"""
OVER = f"""  - what: container prod/papers
    reason: It shall be as it was
    overwrite: true
    approved_by: [it@restores.gov.example]
    approved_on: {TODAY}
    not_before: {TODAY}
    expires: {TODAY}
"""
PAPERS = {"a.txt": b"kept for ten years", "plans/b.txt": b"and this too"}


@pytest.fixture(scope="module")
def trial(lab: LabStatus, installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:  # noqa: ARG001 - it must run first
    made = Trial(installation, tmp_path_factory.mktemp("restores"), SLUG)
    made.declare(DECLARATION.replace("MORE", ""))
    try:
        made.on_department("apply")
        yield made
    finally:
        made.withdraw()


@pytest.fixture(scope="module")
def backups(trial: Trial, installation: Installation) -> Iterator[TrialBackup]:
    made = build_backup(installation, trial.home, SLUG, trial.declared)
    yield made
    made.remove()


def image(trial: Trial, name: str) -> str:
    volumes = {volume["name"]: volume["id"] for volume in trial.project("prod")["volumes"]}
    return f"volumes/volume-{volumes[name]}"


def write(backups: TrialBackup, name: str, mebibytes: int, letter: str) -> None:
    """Write the beginning of a volume, as a server would."""
    pool, _, called = name.partition("/")
    program = f"""
import rados, rbd
with rados.Rados(conffile="/etc/ceph/ceph.conf") as cluster, cluster.open_ioctx("{pool}") as pool:
    with rbd.Image(pool, "{called}") as image:
        image.write(b"{letter}" * ({mebibytes} << 20), 0)
"""
    backups.on_host(shlex.join(["/usr/bin/python3", "-c", program]))


def read(backups: TrialBackup, name: str) -> str:
    return backups.on_host(f"rbd export --no-progress {name} - | sha256sum").split()[0]


def content(*written: int | str) -> str:
    """Give the sha256 of a volume of 1 GiB, written up to so many MiB with a letter, then up to so many with the next."""
    sha256, done = hashlib.sha256(), 0
    for upto, letter in zip(written[::2], written[1::2], strict=True):
        sha256.update(str(letter).encode() * ((int(upto) - done) << 20))
        done = int(upto)
    for _ in range(1024 - done):
        sha256.update(bytes(1 << 20))
    return sha256.hexdigest()


def papers(user: Connection) -> dict[str, bytes]:
    names = [each.name for each in user.object_store.objects("papers")]
    return {name: bytes(user.object_store.download_object(name, "papers")) for name in names}


def test_what_was_spoilt_comes_back_beside_it_once(trial: Trial, backups: TrialBackup) -> None:
    data, user = image(trial, "data"), trial.user("prod")
    for name, body in PAPERS.items():
        user.object_store.upload_object("papers", name, data=body)
    write(backups, data, 8, "a")
    backups.back_up()
    write(backups, data, 4, "z")
    user.object_store.upload_object("papers", "a.txt", data=b"spoilt")
    user.object_store.delete_object("plans/b.txt", container="papers")

    trial.declare(DECLARATION.replace("MORE", ", {name: data-back, size_gib: 1}") + REQUESTS)
    trial.on_department("apply")
    back = image(trial, "data-back")
    asked = ("restore", "requests", SLUG, "--directory", str(trial.declared))
    assert trial.run(*asked, code=3).count(" due, as of ") == 2
    assert "prod/papers/back/" in trial.run(*asked, code=3)

    backups.on_host(f"cp -a {backups.folder}/home {backups.folder}/lost")
    said = backups.restore("lost")
    assert "verified prod/data-back" in said
    assert "verified prod/papers/back/" in said
    assert read(backups, back) == content(8, "a")
    assert read(backups, data) == content(4, "z", 8, "a"), "what is there is kept"
    there = {"a.txt": b"spoilt"} | {f"back/{name}": body for name, body in PAPERS.items()}
    assert papers(user) == there

    # as if the power had gone before it was on record: it is found to be there, and not done again
    assert trial.run(*asked, code=3).count(" due, as of ") == 2
    said = backups.restore()
    assert "was put there by a run that was interrupted" in said
    assert said.count("verified ") == 2

    user.object_store.delete_object("back/a.txt", container="papers")
    assert "verified" not in backups.restore(), "what was done is done once"
    assert "back/a.txt" not in papers(user)
    assert trial.run(*asked).count(" done ") == 2


def test_what_is_there_is_replaced_by_an_approval_alone(trial: Trial, backups: TrialBackup) -> None:
    user = trial.user("prod")
    spoilt = papers(user)
    assert spoilt["a.txt"] == b"spoilt"
    volumes = DECLARATION.replace("MORE", ", {name: data-back, size_gib: 1}")
    into_itself = f"restores:\n  - {{what: container prod/papers, reason: Shall be as it was, {DAYS}}}\n"
    trial.declare(volumes + into_itself + f"  - {{what: volume prod/data, reason: It too, {DAYS}}}\n")
    said = backups.restore()
    assert "failed prod/papers container prod/papers holds 1 objects that are not as in the snapshot, 'a.txt'" in said
    assert "failed prod/data volume prod/data holds data" in said
    assert papers(user) == spoilt
    assert read(backups, image(trial, "data")) == content(4, "z", 8, "a")

    trial.declare(volumes + "restores:\n" + OVER)
    assert "verified prod/papers" in backups.restore()
    assert papers(user) == spoilt | PAPERS
    entries = trial.run("evidence", "list", "restore")
    assert '"approved_by": "it@restores.gov.example"' in entries or '"approved_by":"it@restores.gov.example"' in entries


def test_the_operations_host_does_what_is_asked_and_both_machines_know_it(
    users: dict[str, Connection],
    departments: dict[str, dict[str, Any]],
    installation: Installation,
    oneroof: Callable[..., str],
    tmp_path: Path,
) -> None:
    jobs = [j for j in build_jobs(load_departments(), load_policy()) if j.source is Source.CONTAINER]
    job = next(j for j in jobs if j.department in users and departments[j.department]["projects"][0]["name"] == j.project)
    slug, store = job.department, users[job.department].object_store
    name, data, prefix = f"asked-{uuid4().hex}.bin", os.urandom(100_000), f"back-{uuid4().hex}/"
    shutil.copytree(repository() / "tenants", tmp_path / "declared", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    directory = str(tmp_path / "declared")
    entry = f"what: container {job.name}, prefix: {prefix}, reason: A system test spoilt it, {DAYS}"
    with (tmp_path / "declared" / f"{slug}.yaml").open("a") as file:
        file.write(f"\nrestores:\n  - {{{entry}}}\n")
    store.upload_object(container=job.item, name=name, data=data)
    try:
        oneroof("backup", "run", slug)
        store.upload_object(container=job.item, name=name, data=b"spoilt")
        asked = ("restore", "requests", slug, "--directory", directory)
        assert f" {job.name}/{prefix} " in oneroof(*asked, "--yes")
        assert store.download_object(f"{prefix}{name}", job.item) == data
        assert store.download_object(name, job.item) == b"spoilt"
        assert " done " in oneroof(*asked, "--yes"), "the second run has nothing to do"
        own = [r for r in load_records(RestoreRecord, installation.records) if prefix in r.request]
        assert [r.outcome for r in own] == [Outcome.PENDING, Outcome.VERIFIED]
        assert own[-1].requested_because == "A system test spoilt it"
    finally:
        for each in list(store.objects(job.item)):
            if each.name == name or each.name.startswith(prefix):
                store.delete_object(each.name, container=job.item)
