"""Groups that a directory keeps: a department gives them roles, who is in them gets in, the directory stays as it was."""

from __future__ import annotations

from collections.abc import Iterator
from secrets import token_urlsafe
from typing import Any

import pytest
import yaml
from keystoneauth1.exceptions import ClientException
from trial_department import TrialDepartment

pytestmark = pytest.mark.system

SLUG, DIRECTORY, GROUP = "system-staffed", "system-staff", "Parks and Gardens"
DECLARATION = f"""
name: {SLUG}
local_name: Trial of a directory
owners: [it@trial.gov.example]
cost_centre: T-1
projects: [{{name: prod}}]
groups: [{{name: gardeners, directory: {DIRECTORY}, called: {GROUP}, roles: {{prod: reader}}}}]
"""


@pytest.fixture(scope="module")
def directory(cloud: Any) -> Iterator[dict[str, str]]:
    """Give a domain as a directory fills it, with one group and one user in it."""
    identity = cloud.identity

    def remove() -> None:
        for domain in list(identity.domains(name=DIRECTORY)):
            identity.update_domain(domain, is_enabled=False)
            identity.delete_domain(domain)

    remove()
    domain = identity.create_domain(name=DIRECTORY)
    password = token_urlsafe(18)
    user = identity.create_user(name="wei", domain_id=domain.id, password=password)
    group = identity.create_group(name=GROUP, domain_id=domain.id)
    identity.add_user_to_group(user, group)
    yield {"user": user.id, "group": group.id, "password": password}
    remove()


@pytest.fixture(scope="module")
def trial(directory: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrialDepartment]:  # noqa: ARG001 - first
    made = TrialDepartment(SLUG, tmp_path_factory.mktemp("staffed"))
    made.withdraw()
    file = made.folder / "catalogue.yaml"
    catalogue = yaml.safe_load(file.read_text())
    file.write_text(yaml.safe_dump({**catalogue, "directories": {DIRECTORY: {"purpose": "Everybody"}}}))
    made.declare(DECLARATION)
    yield made
    made.withdraw()


def test_who_is_in_the_group_gets_in_and_the_directory_stays(
    trial: TrialDepartment, directory: dict[str, str], cloud: Any
) -> None:
    trial.apply()
    project = trial.outcome().projects[0]["id"]
    assert roles(cloud, directory, project) == ["reader"]
    planned = trial.plan("--refresh")
    assert (planned.returncode, planned.stdout.strip()) == (0, "nothing to change"), planned.stdout + planned.stderr
    trial.declare(DECLARATION.partition("groups:")[0])
    trial.apply()
    with pytest.raises(ClientException):
        roles(cloud, directory, project)
    trial.declare(DECLARATION)
    trial.apply()
    assert roles(cloud, directory, project) == ["reader"]
    trial.withdraw()
    assert cloud.identity.get_group(directory["group"]).name == GROUP


def test_a_group_that_the_directory_has_not_is_said(trial: TrialDepartment) -> None:
    trial.declare(DECLARATION.replace(GROUP, "Nobody"))
    done = trial.on_declared("apply")
    assert done.returncode == 1
    assert f"directory {DIRECTORY} has no group Nobody" in done.stderr


def roles(cloud: Any, directory: dict[str, str], project: str) -> list[str]:
    """Give the roles that the directory's user has in a project, by signing in as it."""
    user = cloud.connect_as(user_id=directory["user"], password=directory["password"], project_id=project)
    return sorted(user.session.auth.get_access(user.session).role_names)
