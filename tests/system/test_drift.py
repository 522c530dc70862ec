"""What somebody does by hand is told, and taken back where it is a department's; what was there before is taken over."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml

from backup.plan import build_jobs, select_jobs
from backup.policy import load_policy
from backup.sources.cloud import Cloud as Stored
from infra.gateway import list_buckets
from infra.inventory.closer import CONTAINERS, collect_closer
from infra.inventory.collect import collect_inventory
from infra.inventory.turns import BUDGET
from infra.lab.status import LabStatus
from infra.provider.account import account_address
from infra.provider.cloud import CLOUD_VARIABLE, Cloud
from tenants.declaration.load import load_departments
from tenants.installation import Installation, repository

pytestmark = pytest.mark.system

SLUG, ADOPTER, OLD = "system-drift", "system-adopter", "System Old Web (2019)"
DECLARATION = f"""
name: {SLUG}
local_name: Trial of drift
owners: [it@trial.gov.example]
cost_centre: T-0
projects:
  - name: prod
    networks: [{{name: front, cidr: 10.23.26.0/24, internet: false}}]
groups: [{{name: ops, roles: {{prod: reader}}}}]
users: [{{name: operator, groups: [ops]}}]
"""


class Trial:
    """Departments of the tests' own, and the command as an operator runs it."""

    def __init__(self, command: Path, folder: Path) -> None:
        self.command, self.folder = command, folder
        shutil.copy(repository() / "tenants" / "catalogue.yaml", folder)
        (folder / f"{SLUG}.yaml").write_text(DECLARATION)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        argv = [self.command, *words, "--directory", str(self.folder)]
        return subprocess.run(argv, capture_output=True, text=True, check=False)

    def drift(self, slug: str) -> set[tuple[str, str]]:
        done = self.run("drift", slug, "--json")
        assert done.returncode in (0, 3), done.stderr
        findings = json.loads(done.stdout)["findings"]
        assert bool(findings) == (done.returncode == 3)
        return {(each["kind"], each["resource"]) for each in findings}

    def withdraw(self, slug: str) -> None:
        argv = [self.command, "withdraw", slug, "--yes", "--erase-data"]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert done.returncode == 0 or "never applied" in done.stderr, done.stderr


@pytest.fixture(scope="module")
def trial(lab: LabStatus, cloud: Any, command: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:  # noqa: ARG001
    made = Trial(command, tmp_path_factory.mktemp("declared"))
    for project in [p for domain in cloud.identity.domains(name=SLUG) for p in cloud.identity.projects(domain_id=domain.id)]:
        for network in cloud.network.networks(project_id=project.id, name="back"):
            cloud.network.delete_network(network)  # of a run that was cut off
    made.withdraw(SLUG)
    yield made
    made.withdraw(SLUG)


def test_what_was_done_by_hand_is_told_and_taken_back(trial: Trial, cloud: Any) -> None:
    assert trial.run("apply", SLUG).returncode == 0
    assert trial.drift(SLUG) == set()
    domain = next(iter(cloud.identity.domains(name=SLUG)))
    project = next(iter(cloud.identity.projects(domain_id=domain.id)))
    group = next(iter(cloud.identity.groups(domain_id=domain.id)))
    member = next(iter(cloud.identity.roles(name="member")))
    web = next(iter(cloud.network.security_groups(project_id=project.id, name="web")))
    cloud.identity.assign_project_role_to_group(project, group, member)
    rule = {"protocol": "tcp", "port_range_min": 23, "port_range_max": 23, "ethertype": "IPv4"}
    cloud.network.create_security_group_rule(security_group_id=web.id, direction="ingress", **rule)
    back = cloud.network.create_network(name="back", project_id=project.id)
    try:
        assert trial.drift(SLUG) == {("unknown", "RoleAssignment"), ("mismatch", "SecurityGroup"), ("unknown", "Network")}
        planned = trial.run("plan", SLUG)
        assert planned.returncode == 3
        assert "prod/ops/member" in planned.stdout
        done = trial.run("apply", SLUG)
        assert done.returncode == 0, done.stderr
        assert "delete RoleAssignment prod/ops/member" in done.stderr
        assert trial.drift(SLUG) == {("unknown", "Network")}, "a thing made by hand is told, not deleted"
    finally:
        cloud.network.delete_network(back)
    assert trial.drift(SLUG) == set()
    assert f"{SLUG}: skipped" in trial.run("apply", SLUG).stderr


def test_containers_memberships_policies_and_credentials_by_hand_are_told(
    trial: Trial, cloud: Any, installation: Installation
) -> None:
    assert trial.run("apply", SLUG).returncode == 0
    domain = next(iter(cloud.identity.domains(name=SLUG)))
    project = next(iter(cloud.identity.projects(domain_id=domain.id)))
    user, group = (
        next(iter(cloud.identity.users(domain_id=domain.id))),
        next(iter(cloud.identity.groups(domain_id=domain.id))),
    )
    network = next(iter(cloud.network.networks(project_id=project.id)))
    other = Cloud({"OS_CLIENT_CONFIG_FILE": str(installation.clouds), CLOUD_VARIABLE: "oneroof"})
    image = cloud.image.create_image(name="shot", owner=project.id, visibility="shared", disk_format="raw",
                                     container_format="bare")  # fmt: skip
    address = f"{account_address(other, project.id)}/own"
    own = cloud.identity.create_group(name="by-hand", domain_id=domain.id)
    service = next(iter(cloud.identity.projects(name="service")))
    try:
        cloud.image.add_member(image.id, member_id=service.id)
        assert other.in_project(project.id).object_store.put(address).status_code == 201
        target = {"object_type": "network", "object_id": network.id, "action": "access_as_shared"}
        cloud.network.create_rbac_policy(project_id=project.id, target_project_id=service.id, **target)
        cloud.identity.remove_user_from_group(user, group)
        cloud.identity.add_user_to_group(user, own)
        key = {"type": "ec2", "user_id": user.id, "project_id": project.id, "blob": '{"access": "a", "secret": "b"}'}
        cloud.identity.create_credential(**key)
        assert trial.drift(SLUG) == {
            ("unknown", "Container"), ("unknown", "Image"), ("unknown", "Member"), ("unknown", "RbacPolicy"),
            ("unknown", "Group"), ("unknown", "Membership"), ("missing", "Membership"), ("unknown", "AccessKey"),
        }  # fmt: skip
    finally:
        other.in_project(project.id).object_store.delete(address)
        cloud.image.delete_image(image)
        for policy in cloud.network.rbac_policies(object_id=network.id):
            cloud.network.delete_rbac_policy(policy)
        for key in cloud.identity.credentials(user_id=user.id):
            cloud.identity.delete_credential(key)
        cloud.identity.delete_group(own)
    assert trial.drift(SLUG) == {("missing", "Membership")}, "what was strange is looked at again first"
    assert trial.run("apply", SLUG, "--refresh").returncode == 0
    assert trial.drift(SLUG) == set(), "what the remedy says, mends it"


def test_rights_for_projects_that_do_not_exist_are_told(trial: Trial, cloud: Any, installation: Installation) -> None:
    assert trial.run("apply", SLUG).returncode == 0
    domain = next(iter(cloud.identity.domains(name=SLUG)))
    project = next(iter(cloud.identity.projects(domain_id=domain.id)))
    network = next(iter(cloud.network.networks(project_id=project.id)))
    own, gone = Cloud({"OS_CLIENT_CONFIG_FILE": str(installation.clouds), CLOUD_VARIABLE: "oneroof"}), uuid4().hex
    store, address = own.in_project(project.id).object_store, f"{account_address(own, project.id)}/open"
    target = {"object_type": "network", "object_id": network.id, "action": "access_as_shared"}
    try:
        assert store.put(address).status_code == 201
        assert store.post(address, headers={"X-Container-Read": f"{gone}:*"}).status_code == 204
        policy = cloud.network.create_rbac_policy(project_id=project.id, target_project_id=gone, **target)
        told = json.loads(trial.run("drift", SLUG, "--json").stdout)["findings"]
        assert {(each["resource"], each["what"]) for each in told} == {
            ("Container", f"in no stack, in {project.name}"),
            ("AccessList", f"lets in project {gone}, which does not exist"),
            ("RbacPolicy", "in no stack, access_as_shared, for a project that does not exist"),
        }
        cloud.network.delete_rbac_policy(policy)
        assert store.post(address, headers={"X-Container-Read": ""}).status_code == 204
        assert trial.drift(SLUG) == {("unknown", "Container")}
    finally:
        store.delete(address)
    assert trial.drift(SLUG) == set()


def test_each_account_tells_in_turns_what_the_gateway_tells_at_once(
    cloud: Any, installation: Installation, departments: dict[str, dict[str, Any]]
) -> None:
    found, now = collect_inventory(cloud), datetime.now(UTC)
    at_once = collect_closer(cloud, found, {}, {}, lambda: list_buckets(installation), now).parts[CONTAINERS]
    looks: dict[str, Any] = {}
    for _ in range(2 + 2 * len(found.projects or ()) // BUDGET):
        told = collect_closer(cloud, found, {}, {CONTAINERS: looks}, lambda: None, now)
        assert told.calls < 4 * BUDGET, "however many projects there are"
        in_turns = told.parts[CONTAINERS]
        looks = dict(in_turns.looks)
    assert (in_turns.error, in_turns.unseen) == ("", 0)
    projects = {project["id"] for made in departments.values() for project in made["projects"]}
    held = {place: look.held for place, look in in_turns.looks.items() if place in projects}
    assert held == {place: look.held for place, look in at_once.looks.items() if place in projects}
    assert any(held.values())


@pytest.fixture
def old(trial: Trial, cloud: Any, installation: Installation) -> Iterator[Any]:
    """A project as somebody made it by hand, under names that no declaration knows."""
    trial.withdraw(ADOPTER)
    for left in cloud.identity.projects(name=OLD):
        cloud.identity.delete_project(left)
    made = cloud.identity.create_project(name=OLD, domain_id="default", description="The old web server")
    cloud.identity.assign_project_role_to_user(made, cloud.current_user_id, next(iter(cloud.identity.roles(name="member"))))
    network = cloud.network.create_network(name="Old Net", project_id=made.id, description="by hand")
    cloud.network.create_subnet(network_id=network.id, name="", cidr="10.23.27.0/24", ip_version=4, project_id=made.id)
    for name, protocol in (("www", "tcp"), ("strange", "112")):
        group = cloud.network.create_security_group(name=name, project_id=made.id)
        ports = {"port_range_min": 80, "port_range_max": 80} if protocol == "tcp" else {}
        rule = {"direction": "ingress", "protocol": protocol, "ethertype": "IPv4", **ports}
        cloud.network.create_security_group_rule(security_group_id=group.id, **rule)
    own = Cloud({"OS_CLIENT_CONFIG_FILE": str(installation.clouds), CLOUD_VARIABLE: "oneroof"})
    assert own.in_project(made.id).object_store.put(f"{account_address(own, made.id)}/papers").status_code == 201
    cloud.compute.update_quota_set(made.id, cores=17)
    yield made
    for group in cloud.network.security_groups(project_id=made.id, name="strange"):
        cloud.network.delete_security_group(group)
    trial.withdraw(ADOPTER)
    assert [each for each in cloud.identity.projects() if each.id == made.id] == [], (
        "what was adopted is withdrawn like everything else"
    )


def held(cloud: Any, project_id: str) -> dict[str, list[Any]]:
    """Give all that a bulk reading tells of a project, but its limits in Neutron, which adopting says for the first time."""
    found = collect_inventory(cloud)
    parts = ("projects", "role_assignments", "networks", "subnets", "ports", "security_groups", "volumes", "servers")
    inside = {part: getattr(found, part) for part in parts}
    return {part: [x for x in every if project_id in (x.id if part == "projects" else x.project_id, )]
            for part, every in inside.items()}  # fmt: skip


def test_what_was_there_before_is_taken_over_without_touching_it(
    trial: Trial, cloud: Any, old: Any, installation: Installation
) -> None:
    before = held(cloud, old.id)
    shown = trial.run("adopt", OLD, "--into", ADOPTER)
    assert (shown.returncode, (trial.folder / f"{ADOPTER}.yaml").exists()) == (0, False), shown.stderr
    assert "security group strange: lets in IPv4 112" in shown.stderr
    done = trial.run("adopt", OLD, "--into", ADOPTER, "--as", "web", "--yes")
    assert done.returncode == 0, done.stderr
    assert held(cloud, old.id) == before
    (project,) = yaml.safe_load((trial.folder / f"{ADOPTER}.yaml").read_text())["projects"]
    assert project["quota"]["cores"] == 17
    assert project["networks"] == [{"name": "old-net", "cidr": "10.23.27.0/24", "internet": False}]
    for words in (["plan", ADOPTER], ["plan", ADOPTER, "--refresh"]):
        planned = trial.run(*words)
        assert (planned.returncode, planned.stdout.strip()) == (0, "nothing to change"), planned.stderr
    assert f"{ADOPTER}: skipped" in trial.run("apply", ADOPTER).stderr
    (papers,) = select_jobs(build_jobs(load_departments(trial.folder), load_policy()), [ADOPTER])
    assert Stored(installation.clouds).objects(papers) == [], "a backup finds it under its own name"
    assert trial.drift(ADOPTER) == {("unknown", "SecurityGroup")}, "what could not be declared, and nothing else"
    (trial.folder / f"{ADOPTER}.yaml").unlink()
