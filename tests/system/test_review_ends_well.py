"""What was approved and merged comes to the cloud whole and once, also where the reviews are killed halfway."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from openstack.connection import Connection
from real_forge import REPOSITORY
from review_desk import OWNER, PARKS, SECOND, WATER
from review_office import Office, open_office

from infra.lab.status import LabStatus
from tenants.installation import Installation

pytestmark = [pytest.mark.system, pytest.mark.slow]

PEOPLE = "groups: [{name: ops, roles: {pages: member}}]\nusers: [{name: operator, groups: [ops]}]\n"
DECLARED = {
    PARKS: f"""\
name: {PARKS}
local_name: Parks, for the tests of reviews
owners: [it@parks.gov.example, security@parks.gov.example]
cost_centre: T-1
{PEOPLE}projects:
  - name: pages
    recovery: none
    networks: [{{name: front, cidr: 10.23.33.0/24}}]
    containers: [{{name: papers}}]
""",
    WATER: f"""\
name: {WATER}
local_name: Water, for the tests of reviews
owners: [it@water.gov.example]
cost_centre: T-2
{PEOPLE}projects:
  - name: pages
    recovery: none
    networks: [{{name: front, cidr: 10.23.34.0/24}}]
""",
}
FILE = f"tenants/{PARKS}.yaml"


@pytest.fixture(scope="module")
def office(
    lab: LabStatus,  # noqa: ARG001 - it must run first
    installation: Installation,
    command: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Office]:
    def withdraw() -> None:
        for slug in (PARKS, WATER):
            argv = [command, "withdraw", slug, "--yes", "--erase-data"]
            done = subprocess.run(argv, capture_output=True, text=True, check=False)
            assert done.returncode == 0 or "never applied" in done.stderr, done.stderr

    withdraw()
    with open_office(installation, command, tmp_path_factory.mktemp("forge"), DECLARED) as made:
        yield made
    withdraw()


def test_an_apply_that_is_cut_off_is_carried_on_and_told_once(office: Office, cloud: Connection) -> None:
    desk, forge = office.desk, office.desk.forge
    with office.hears() as listener:
        number = office.agreed("volumes", {FILE: DECLARED[PARKS] + "    volumes: [{name: plans, size_gib: 1}]\n"}, SECOND)
        answer = forge.merge(OWNER, number)
        assert answer.ok, answer.text
        until = time.monotonic() + 120
        # something of it is there, and the volume, which comes later, is not
        while not cloud.identity.find_domain(PARKS):
            assert time.monotonic() < until, office.said()
            time.sleep(0.05)
        listener.kill()
    merged = forge.request(number)["merge_commit_sha"]
    assert "oneroof/apply" not in forge.statuses(merged)
    assert not [each for each in cloud.block_storage.volumes(all_projects=True) if each.name == "plans"]
    with office.hears():
        assert office.result(number) == ("success", "applied"), office.said()
    told = forge.do(OWNER, "GET", f"/repos/{REPOSITORY}/commits/{merged}/statuses")
    assert [each["context"] for each in told if each["context"] == "oneroof/apply"] == ["oneroof/apply"]
    assert desk.comment(number).splitlines()[1] == "## Applied"
    assert "was applied before" in desk.review("--merged", str(number)).stderr
    (domain,) = [each for each in cloud.identity.domains() if each.name == PARKS]
    (project,) = list(cloud.identity.projects(domain_id=domain.id))
    named = [each.name for each in cloud.block_storage.volumes(all_projects=True, project_id=project.id)]
    assert named == ["plans"]
    assert [each.name for each in cloud.network.networks(project_id=project.id)] == ["front"]
