"""An erasure that is killed anywhere is completed by the next run: nothing left in any service, and one record of it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from openstack.connection import Connection
from trial_department import descendants
from trial_home import Trial

from infra.lab.status import LabStatus
from tenants.installation import Installation

pytestmark = [pytest.mark.system, pytest.mark.slow]

SLUG = "system-killed"
DECLARATION = f"""
name: {SLUG}
local_name: Trial of interrupted erasures
owners: [it@killed.gov.example]
cost_centre: T-4
recovery: none
projects:
  - name: old
    networks: [{{name: front, cidr: 10.23.17.0/24}}]
    volumes: [{{name: data, size_gib: 1}}]
    containers: [{{name: scans}}]
    servers: [{{name: web, flavor: tiny, image: tiny, volumes: [data], floating_ip: true}}]
  - name: prod
    networks: [{{name: front, cidr: 10.23.18.0/24}}]
    volumes: [{{name: papers, size_gib: 1}}]
    containers: [{{name: forms}}]
groups: [{{name: ops, roles: {{old: member, prod: member}}}}]
users: [{{name: operator, groups: [ops]}}]
"""
TODAY = datetime.now(UTC).date()


def erasures(*things: str) -> str:
    days = f"approved_on: {TODAY}, not_before: {TODAY}, expires: {TODAY + timedelta(days=1)}"
    entry = f"reason: The trial is over, approved_by: [it@killed.gov.example], without_backup: It is a trial, {days}"
    return "erasures:\n" + "".join(f"  - {{what: {thing}, {entry}}}\n" for thing in things)


@pytest.fixture
def trial(lab: LabStatus, installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:  # noqa: ARG001 - it must run first
    made = Trial(installation, tmp_path_factory.mktemp("killed"), SLUG)
    made.declare(DECLARATION)
    try:
        made.on_department("apply")
        yield made
    finally:
        made.withdraw()


def erase_until_killed(trial: Trial, lines: int) -> None:
    """Start erasing what is due; after so many lines of progress, kill every process of it at once."""
    words = ("erase", SLUG, "--yes", "--directory", str(trial.declared))
    argv = [sys.executable, "-c", "import oneroof; oneroof.main()", *words]
    environment = {**os.environ, "ONEROOF_HOME": str(trial.home.home)}
    streams = {"stderr": subprocess.PIPE, "stdout": subprocess.DEVNULL}
    with subprocess.Popen(argv, text=True, env=environment, **streams) as running:  # type: ignore[call-overload]
        said = 0
        for line in running.stderr:
            said += line.startswith(f"{SLUG}: delete")
            if said > lines:
                break
        for process in (*descendants(running.pid), running.pid):
            with contextlib.suppress(ProcessLookupError):  # it came to its end first
                os.kill(process, signal.SIGKILL)


def recorded(trial: Trial) -> dict[str, list[dict[str, Any]]]:
    """Give the states of each erasure that is on record."""
    found = defaultdict(list)
    for line in trial.run("evidence", "list", "erasure").splitlines():
        found[(entry := json.loads(line))["name"]].append(entry)
    return dict(found)


def held(cloud: Connection, project: str) -> list[str]:
    """Give the ids of what the services have of a project, by their own lists."""
    lists = (
        cloud.compute.servers(all_projects=True), cloud.block_storage.volumes(all_projects=True), cloud.network.ports(),
        cloud.network.networks(), cloud.network.routers(), cloud.network.ips(), cloud.network.security_groups(),
    )  # fmt: skip
    return [each.id for listed in lists for each in listed if each.project_id == project]


def test_what_a_killed_run_began_the_next_one_completes(trial: Trial, cloud: Connection) -> None:
    old, prod = trial.project("old")["id"], trial.project("prod")["id"]
    domain = next(cloud.identity.domains(name=SLUG))
    (user,) = cloud.identity.users(domain_id=domain.id)
    person = trial.user("old")
    person.object_store.upload_object("scans", "a.txt", data=b"a page")
    person.compute.create_keypair(name="mine")
    image = cloud.image.create_image(name="given", visibility="shared", disk_format="raw", container_format="bare")
    cloud.image.add_member(image.id, member_id=prod)
    try:
        trial.declare(DECLARATION + erasures("project old"))
        trial.on_department("apply")
        for lines in (0, 3):
            erase_until_killed(trial, lines)
        assert "project old is erased; nothing of it is left" in trial.on_department("erase", "--yes")
        assert held(cloud, old) == []
        assert held(cloud, prod) != []
        assert "skipped" in trial.on_department("apply") or "unchanged" in trial.on_department("apply")

        trial.declare(DECLARATION + erasures("project old", "department"))
        trial.on_department("apply")
        for lines in (1, 6):
            erase_until_killed(trial, lines)
        assert "department is erased; nothing of it is left" in trial.on_department("erase", "--yes")
        assert held(cloud, prod) == []
        assert list(cloud.identity.domains(name=SLUG)) == []
        assert [pair.name for pair in cloud.compute.keypairs(user_id=user.id)] == []
        assert [member.member_id for member in cloud.image.members(image.id)] == []
    finally:
        cloud.image.delete_image(image)

    records = recorded(trial)
    assert {name: len({state["started_at"] for state in states}) for name, states in records.items()} == {
        "project old": 1,
        "department": 1,
    }
    assert {name: (states[-1]["outcome"], states[-1]["left"]) for name, states in records.items()} == {
        "project old": ("verified", []),
        "department": ("verified", []),
    }
    trial.run("evidence", "verify")
    assert "is gone" in trial.on_department("erase")
    assert "skipped" in trial.on_department("apply"), "what is gone is not made again"
