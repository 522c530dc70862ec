"""What is taken out of a declaration is withdrawn exactly as the plan said: quota, role, rule, router, server, network."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from openstack.connection import Connection
from trial_home import Trial

from infra.lab.status import LabStatus
from tenants.installation import Installation

pytestmark = pytest.mark.system

SLUG = "system-removal"
BEFORE = f"""
name: {SLUG}
local_name: Trial of removals
owners: [it@removal.gov.example]
cost_centre: T-4
projects:
  - name: prod
    quota: {{class: small, cores: 9}}
    networks:
      - {{name: front, cidr: 10.23.65.0/24}}
      - {{name: side, cidr: 10.23.66.0/24, internet: false}}
    security_groups: [{{name: web, rules: [http, ping]}}]
    containers: [{{name: papers}}]
    servers: [{{name: guest, flavor: tiny, image: tiny, network: side}}]
groups:
  - {{name: ops, roles: {{prod: member}}}}
  - {{name: auditors, roles: {{prod: reader}}}}
"""
AFTER = f"""
name: {SLUG}
local_name: Trial of removals
owners: [it@removal.gov.example]
cost_centre: T-4
projects:
  - name: prod
    networks: [{{name: front, cidr: 10.23.65.0/24, internet: false}}]
    security_groups: [{{name: web, rules: [http]}}]
    containers: [{{name: papers}}]
groups: [{{name: ops, roles: {{prod: member}}}}]
"""
EXPECTED = {
    ("update", "compute quota prod"),
    ("update", "SecurityGroup prod/web"),
    ("delete", "Router prod"),
    ("delete", "Server prod/guest"),
    ("delete", "Network prod/side"),
    ("delete", "Subnet prod/side"),
    ("delete", "RoleAssignment prod/auditors/reader"),
    ("delete", "Group auditors"),
}


@pytest.fixture(scope="module")
def trial(lab: LabStatus, installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:  # noqa: ARG001 - it must run first
    made = Trial(installation, tmp_path_factory.mktemp("removal"), SLUG)
    made.declare(BEFORE)
    try:
        made.on_department("apply")
        yield made
    finally:
        made.withdraw()


def planned(file: Path) -> set[tuple[str, str]]:
    """Give change and resource of every step of a plan."""
    (department,) = json.loads(file.read_text())["departments"]
    return {(step["operation"], step["resource"]) for step in department["steps"]}


def done(said: str) -> set[tuple[str, str]]:
    """Give change and resource of every step that an apply told."""
    steps = re.findall(rf"^{SLUG}: (create|update|replace|delete) (\w+) (\S+)", said, re.MULTILINE)
    return {(change, f"compute quota {name}" if noun == "Quota" else f"{noun} {name}") for change, noun, name in steps}


def test_each_removal_does_what_its_plan_said(trial: Trial, cloud: Connection, tmp_path: Path) -> None:
    project = trial.project("prod")
    server, side = project["servers"][0]["id"], project["networks"][1]["id"]
    trial.declare(AFTER)
    plan = trial.on_department("plan", "--output", str(tmp_path / "plan.json"), code=3)
    assert planned(tmp_path / "plan.json") == EXPECTED, plan
    assert re.search(r"limits\.cores +8 +9", plan), "declared, then actual"
    assert done(trial.on_department("apply")) == EXPECTED

    assert cloud.compute.get_quota_set(project["id"]).cores == 8
    assert [each for each in cloud.compute.servers(all_projects=True) if each.id == server] == []
    assert [each for each in cloud.network.networks() if each.id == side] == []
    assert [router.id for router in cloud.network.routers() if router.project_id == project["id"]] == []
    (web,) = (g for g in cloud.network.security_groups() if g.project_id == project["id"] and g.name == "web")
    assert {rule["protocol"] for rule in web.security_group_rules if rule["direction"] == "ingress"} == {"tcp"}
    domain = next(cloud.identity.domains(name=SLUG))
    assert [group.name for group in cloud.identity.groups(domain_id=domain.id)] == ["ops"]
    assert "nothing to change" in trial.on_department("plan")


def test_a_container_with_data_and_a_network_that_is_used_stay(trial: Trial, cloud: Connection) -> None:
    trial.declare(AFTER.replace("    containers: [{name: papers}]\n", ""))
    said = "container prod/papers: no longer declared"
    assert said in trial.on_department("plan", code=3)
    assert said in trial.on_department("apply", code=1)
    trial.declare(BEFORE.replace("      - {name: side, cidr: 10.23.66.0/24, internet: false}\n", ""))
    assert "network: got side, expected a network of the project" in trial.on_department("apply", code=2)
    account = cloud.object_store.get_endpoint().rpartition("AUTH_")[0] + f"AUTH_{trial.project('prod')['id']}"
    assert cloud.object_store.get(account, params={"format": "json"}).json()[0]["name"] == "papers"


def test_a_withdrawal_says_what_is_left_and_when_run_again_that_nothing_is(trial: Trial, cloud: Connection) -> None:
    words, project = ("withdraw", SLUG, "--yes", "--erase-data"), trial.project("prod")["id"]
    image = cloud.image.create_image(name="left", owner=project, disk_format="raw", container_format="bare")
    try:
        assert f"{SLUG}: still found: image left" in trial.run(*words, code=1)
    finally:
        cloud.image.delete_image(image)
    assert f"{SLUG}: nothing of it is left in any service" in trial.run(*words)
    states = [json.loads(line) for line in trial.run("evidence", "list", "erasure").splitlines()]
    assert [state["outcome"] for state in states] == ["pending", "failed", "verified"]
    assert len({state["started_at"] for state in states}) == 1
