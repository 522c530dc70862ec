"""One department that asks for everything a declaration may have: what each key promises, kept by the real cloud."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import yaml
from keystoneauth1.exceptions import NotFound, Unauthorized
from openstack.config import OpenStackConfig
from openstack.connection import Connection
from trial_department import TrialDepartment

from infra.lab.status import LabStatus

pytestmark = pytest.mark.system

SLUG = "system-whole"
BOOT_SECONDS = 180
TITLE = "It's open; $(reboot)"
DECLARATION = f"""
name: {SLUG}
local_name: Trial of every key
owners: [it@trial.gov.example]
cost_centre: T-1
projects:
  - name: prod
    networks:
      - {{name: front, cidr: 10.23.80.0/24}}
    containers:
      - {{name: papers, quota: {{size_mib: 1, objects: 3}}}}
      - {{name: minutes, versioning: true}}
    floating_ips: [{{name: front}}]
    servers:
      - {{name: web, flavor: tiny, image: tiny, count: 2, spread: prefer}}
      - {{name: page, flavor: tiny, image: tiny, floating_ip: front}}
    blueprints:
      - use: web-service
        name: portal
        with: {{title: "{TITLE}"}}
groups: [{{name: machines, roles: {{prod: member}}}}]
users: [{{name: robot, groups: [machines]}}]
application_credentials:
  - {{name: sensors, user: robot, project: prod, ends: 2030-06-30}}
"""
# A server made anew, and a credential renewed.
CHANGED = DECLARATION.replace("floating_ip: front}", "floating_ip: front, user_data: '#!/bin/sh'}").replace(
    "2030-06-30", "2031-06-30"
)


@pytest.fixture(scope="module")
def trial(lab: LabStatus, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrialDepartment]:  # noqa: ARG001 - it must run first
    made = TrialDepartment(SLUG, tmp_path_factory.mktemp("whole"))
    made.withdraw()
    made.declare(DECLARATION)
    made.apply()
    yield made
    made.withdraw()


@pytest.fixture(scope="module")
def project(trial: TrialDepartment) -> dict[str, Any]:
    return dict(trial.outcome().projects[0])


@pytest.fixture(scope="module")
def account(cloud: Any, project: dict[str, Any]) -> Callable[..., Any]:
    """Give what asks the project's own account of objects, from inside the project."""
    session = cloud.connect_as(project_id=project["id"]).session
    address = session.auth.get_access(session).service_catalog.url_for("object-store", interface="public")

    def ask(method: str, path: str, data: bytes | None = None, **params: str) -> Any:
        return session.request(f"{address}/{path}", method, data=data, params=params, raise_exc=False)

    return ask


def test_several_servers_are_numbered_and_in_one_group_that_keeps_them_apart(cloud: Any, project: dict[str, Any]) -> None:
    servers = {server["name"]: server["id"] for server in project["servers"]}
    assert sorted(servers) == ["page", "portal", "web-1", "web-2"]
    (group,) = [each for each in cloud.compute.server_groups(all_projects=True) if each.project_id == project["id"]]
    assert group.policy == "soft-anti-affinity"
    assert sorted(group.member_ids) == sorted([servers["web-1"], servers["web-2"]])


def test_a_container_holds_as_much_as_declared_and_no_more(account: Callable[..., Any]) -> None:
    assert account("PUT", "papers/a", b"x" * 600_000).status_code == 201
    assert account("PUT", "papers/b", b"x" * 600_000).status_code == 413
    assert [account("PUT", f"papers/{name}", b"x").status_code for name in "cde"] == [201, 201, 413]


def test_what_was_overwritten_and_deleted_in_a_versioned_container_can_be_read_again(
    account: Callable[..., Any],
) -> None:
    assert [account("PUT", "minutes/may", text).status_code for text in (b"draft", b"final")] == [201, 201]
    (old,) = account("GET", "minutes-versions", format="json").json()
    assert account("GET", f"minutes-versions/{old['name']}").text == "draft"
    account("DELETE", "minutes/may")
    assert account("GET", "minutes/may").text == "draft"


def credential(trial: TrialDepartment, folder: Path) -> tuple[Connection, str]:
    """Give what the application credential opens, and its secret, as an operator hands it out; no state has it in clear."""
    file = folder / "clouds.yaml"
    done = trial.run("department", "clouds", SLUG, "--output", str(file))
    assert done.returncode == 0, done.stderr
    config = OpenStackConfig(config_files=[str(file)], load_envvars=False).get_one(cloud="robot-sensors")
    secret = config.config["auth"]["application_credential_secret"]
    password = yaml.safe_load(file.read_text())["clouds"][f"{SLUG}-prod-robot"]["auth"]["password"]
    for closed in (secret, password):
        assert closed not in done.stdout + done.stderr
        states = [path for path in trial.installation.pulumi_state.rglob("*") if path.is_file()]
        assert [path for path in states if closed in path.read_text()] == []
    return Connection(config=config), secret


def test_an_application_credential_opens_its_project_is_secret_and_ends_when_it_is_renewed(
    trial: TrialDepartment, project: dict[str, Any], tmp_path: Path
) -> None:
    before, secret = credential(trial, tmp_path)
    assert before.current_project_id == project["id"]
    assert sorted(server.name for server in before.compute.servers()) == ["page", "portal", "web-1", "web-2"]
    trial.declare(CHANGED)
    trial.apply("--refresh")
    after, renewed = credential(trial, tmp_path)
    before.session.auth.invalidate()
    assert renewed != secret
    assert after.current_project_id == project["id"]
    (entry,) = after.identity.application_credentials(after.current_user_id)
    assert entry.expires_at.startswith("2031-06-30")
    with pytest.raises((Unauthorized, NotFound)):
        before.session.auth.get_access(before.session)


def test_an_address_of_its_own_is_kept_while_its_server_is_replaced(trial: TrialDepartment, project: dict[str, Any]) -> None:
    before = next(server for server in project["servers"] if server["name"] == "page")
    trial.declare(CHANGED)
    trial.apply()
    after = next(server for server in trial.outcome().projects[0]["servers"] if server["name"] == "page")
    assert after["id"] != before["id"]
    assert before["floating_address"]
    assert after["floating_address"] == before["floating_address"]
    assert trial.outcome().projects[0]["floating_ips"] == [
        {"name": "front", "address": before["floating_address"]},
        {"name": "portal", "address": address_of(project, "portal")},
    ]


def address_of(project: dict[str, Any], name: str) -> str:
    return str(next(server["floating_address"] for server in project["servers"] if server["name"] == name))


def test_a_blueprint_in_use_answers_with_what_it_was_told(project: dict[str, Any]) -> None:
    address, end = address_of(project, "portal"), time.monotonic() + BOOT_SECONDS
    while True:
        try:
            page = urlopen(f"http://{address}/", timeout=5).read().decode()
            break
        except OSError:
            assert time.monotonic() < end, f"{address} does not answer"
            time.sleep(1)
    assert f"<h1>{TITLE}</h1>" in page


def test_looking_at_every_resource_again_finds_no_difference(trial: TrialDepartment) -> None:
    planned = trial.plan("--refresh")
    assert (planned.returncode, planned.stdout.strip()) == (0, "nothing to change"), planned.stdout + planned.stderr
