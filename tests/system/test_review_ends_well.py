"""What was approved and merged comes to the cloud whole and once, or not at all: cut off halfway, moved, shared by two."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import openstack
import pytest
from openstack.connection import Connection
from real_forge import REPOSITORY
from review_desk import OWNER, PARKS, SECOND, STRANGER, WATER
from review_office import Office, open_office

from infra.lab.status import LabStatus
from infra.outcome import load_outcome
from tenants.installation import Installation

pytestmark = [pytest.mark.system, pytest.mark.slow]

PEOPLE = "groups: [{name: ops, roles: {pages: member}}]\nusers: [{name: operator, groups: [ops]}]\n"
DECLARED = {
    PARKS: f"""\
name: {PARKS}
local_name: Parks, for the tests of reviews
owners: [it@parks.gov.example, security@parks.gov.example]
cost_centre: T-1
waivers:
  - {{what: project pages, reason: Made again, approved_by: [it@parks.gov.example],
     approved_on: 2026-11-01, expires: 2028-12-31}}
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
FILE, OTHER_FILE = f"tenants/{PARKS}.yaml", f"tenants/{WATER}.yaml"
GRANT = f"""\
shares:
  - container: pages/papers
    with: {WATER}/pages
    purpose: Opening hours beside the water
    legal_basis: Agreement 2026 No. 1
    data_items: [opening hours]
    from: 2026-01-01
    to: 2028-12-31
    approved_by: [it@parks.gov.example, it@water.gov.example]
"""
ASKED = f"""\
requests:
  - {{of: {PARKS}, container: pages/papers, for: pages, purpose: Opening hours beside the water,
     data_items: [opening hours], from: 2026-01-01, to: 2028-12-31, asked_on: 2026-01-01}}
"""


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


@pytest.fixture
def applied(office: Office, command: Path, tmp_path: Path) -> None:
    """Both departments are in the cloud as the protected branch has them."""
    forge = office.desk.forge
    forge.git(tmp_path, "clone", "--quiet", forge.address(OWNER), str(tmp_path / "main"))
    argv = [command, "apply", PARKS, WATER, "--directory", str(tmp_path / "main" / "tenants")]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_apply_that_is_cut_off_is_carried_on_and_told_once(office: Office, cloud: Connection) -> None:
    desk, forge = office.desk, office.desk.forge
    with office.hears() as listener:
        number = office.agreed("volumes", {FILE: DECLARED[PARKS] + "    volumes: [{name: plans, size_gib: 1}]\n"}, SECOND)
        answer = forge.merge(OWNER, number)
        assert answer.ok, answer.text
        until = time.monotonic() + 120
        # something of it is there, and the volume, which comes later, is not
        while not list(cloud.identity.domains(name=PARKS)):
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


@pytest.mark.usefixtures("applied")
def test_what_moved_since_it_was_approved_is_told_and_not_applied(
    office: Office, cloud: Connection, installation: Installation
) -> None:
    desk, forge = office.desk, office.desk.forge
    outcome = load_outcome(installation, PARKS)
    assert outcome is not None
    project = outcome.projects[0]["id"]

    def containers() -> list[str]:
        return [each.name for each in openstack_of(office, installation, PARKS).object_store.containers()]

    with office.hears():
        more = merged(office, FILE).replace("containers: [{name: papers}]", "containers: [{name: papers}, {name: minutes}]")
        number = office.agreed("minutes", {FILE: more}, SECOND)
        group = next(each for each in cloud.network.security_groups(project_id=project) if each.name == "web")
        rule = next(each for each in group.security_group_rules if each["protocol"] == "icmp")
        cloud.network.delete_security_group_rule(rule["id"])

        assert desk.review(str(number)).returncode == 0
        assert desk.verdict(number)[0] == "failure"
        assert desk.verdict(number)[1].startswith("the plan moved since it was approved")
        comment = desk.comment(number)
        assert comment.splitlines()[1] == "## The plan moved since it was approved"
        assert "approved: nothing; now: " in comment
        assert "icmp" in comment
        assert not forge.merge(OWNER, number).ok

        # merged past the status, it is not applied, and the request says what moved
        forge.force(number)
        assert office.result(number) == ("failure", "not applied")
        assert "moved since the plan was made: " in desk.comment(number)
        assert "icmp" in desk.comment(number)
        assert "minutes" not in containers()

    # as it was again, what was approved is carried on with
    keys = ("direction", "ethertype", "protocol", "remote_ip_prefix", "description")
    told = {key: rule[key] for key in keys if rule[key] is not None}
    cloud.network.create_security_group_rule(security_group_id=group.id, project_id=project, **told)
    done = desk.review("--merged")
    assert done.returncode == 0, done.stderr
    assert desk.comment(number).splitlines()[1] == "## Applied"
    assert "minutes" in containers()


@pytest.mark.usefixtures("applied")
def test_a_share_changes_two_departments_once_an_owner_of_each_agreed(office: Office, installation: Installation) -> None:
    forge = office.desk.forge
    owner, asker = (openstack_of(office, installation, slug) for slug in (PARKS, WATER))
    account = owner.object_store.get_endpoint()
    owner.object_store.upload_object(container="papers", name="hours", data=b"until dusk")

    def asks() -> int:
        return int(asker.session.get(f"{account}/papers/hours", raise_exc=False).status_code)

    assert asks() == 403
    with office.hears():
        ours, theirs = merged(office, FILE), merged(office, OTHER_FILE)
        forge.push(OWNER, "share", {FILE: ours + GRANT, OTHER_FILE: theirs + ASKED})
        number = forge.propose(OWNER, "share", "Opening hours for the water")
        office.status(number, "pending", f"waits for approval: an owner of {WATER}")
        assert forge.labels(number) == {"risk: sharing"}
        # another owner of the same department is none of the other's
        forge.approve(SECOND, number)
        assert office.desk.review(str(number)).returncode == 0
        assert office.desk.verdict(number)[0] == "pending"
        assert not forge.merge(OWNER, number).ok
        assert asks() == 403
        forge.approve(STRANGER, number)
        office.status(number, "success", "may be merged")
        answer = forge.merge(OWNER, number)
        assert answer.ok, answer.text
        assert office.result(number) == ("success", "applied"), office.said()
    assert asks() == 200
    assert asker.session.put(f"{account}/papers/theirs", data=b"x", raise_exc=False).status_code == 403


def merged(office: Office, file: str) -> str:
    """Give a file as the protected branch has it now."""
    forge = office.desk.forge
    with TemporaryDirectory() as folder:
        forge.git(Path(folder), "clone", "--quiet", forge.address(OWNER), f"{folder}/main")
        return (Path(folder) / "main" / file).read_text(encoding="utf-8")


def openstack_of(office: Office, installation: Installation, slug: str) -> Connection:
    """Give a department's own user's connection to its project."""
    file = office.desk.forge.root / f"{slug}.clouds.yaml"
    argv = [office.desk.command, "department", "clouds", slug, "--output", str(file)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{installation.home}: {done.stderr}"
    return Connection(
        config=openstack.config.OpenStackConfig(config_files=[str(file)]).get_one(cloud=f"{slug}-pages-operator")
    )
