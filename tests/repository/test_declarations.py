"""The repository's own declarations keep the rules, and what is generated from the model is fresh."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tenants.declaration.load import default_directory, load_catalogue, load_departments
from tenants.declaration.model import Department
from tenants.declaration.schema import SCHEMA_FILE, render_schema

DEPARTMENTS = load_departments()
names = [department.name for department in DEPARTMENTS]


def test_the_schema_is_fresh(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update"):
        SCHEMA_FILE.write_text(render_schema(), encoding="utf-8")
    assert SCHEMA_FILE.read_text(encoding="utf-8") == render_schema(), "renew it: oneroof tenants schema --write"


def test_every_field_of_the_schema_says_what_it_is_for() -> None:
    definitions = json.loads(render_schema())
    silent = [
        f"{called}.{name}"
        for called, definition in {"Department": definitions, **definitions["$defs"]}.items()
        for name, field in definition.get("properties", {}).items()
        if not field.get("description")
    ]
    assert not silent


def test_there_are_at_least_four_departments_each_in_its_own_file() -> None:
    files = {file.stem for file in default_directory().glob("*.yaml")} - {"catalogue"}
    assert files == set(names)
    assert len(names) >= 4


@pytest.mark.parametrize("department", DEPARTMENTS, ids=names)
def test_a_sample_department_shows_a_whole_service(department: Department) -> None:
    prod = next(project for project in department.projects if project.name == "prod")
    served = [server for server in prod.servers if server.floating_ip and server.volumes and server.probe]
    assert served
    for server in served:
        assert server.probe
        assert server.probe.expect in server.user_data
        assert "/srv/www/index.html" in server.user_data
    assert prod.containers
    assert {volume for server in served for volume in server.volumes} <= {volume.name for volume in prod.volumes}
    operators = next(group for group in department.groups if group.name == "operators")
    assert operators.roles["prod"] == "member"
    assert any(user.name == "operator" and "operators" in user.groups for user in department.users)


def test_the_samples_fit_a_small_machine() -> None:
    servers = [server for department in DEPARTMENTS for project in department.projects for server in project.servers]
    assert len(servers) <= 5
    assert {server.flavor for server in servers} == {"tiny"}
    assert all(v.size_gib == 1 for d in DEPARTMENTS for project in d.projects for v in project.volumes)


def test_mailboxes_are_of_nobody() -> None:
    assert all(owner.endswith(".example") for department in DEPARTMENTS for owner in department.owners)


def test_the_tiers_are_those_of_the_backup_policy() -> None:
    from backup.policy import NO_RECOVERY, load_policy

    assert set(load_catalogue().recovery_tiers) == {NO_RECOVERY, *load_policy().tiers}


def test_what_a_readme_shows_as_a_declaration_is_one(tmp_path: Path) -> None:
    text = (default_directory() / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(name: .*?)```", text, re.DOTALL)
    assert blocks
    (tmp_path / "catalogue.yaml").write_bytes((default_directory() / "catalogue.yaml").read_bytes())
    for block in blocks:
        name = block.split("\n", 1)[0].removeprefix("name: ")
        (tmp_path / f"{name}.yaml").write_text(block, encoding="utf-8")
    assert len(load_departments(tmp_path)) == len(blocks)


@pytest.mark.parametrize("department", DEPARTMENTS, ids=names)
def test_a_sample_page_is_written_once_and_then_left_alone(department: Department, tmp_path: Path) -> None:
    served = next(server for project in department.projects for server in project.servers if server.probe)
    script = served.user_data.replace("/srv/www", str(tmp_path / "www"))
    page = tmp_path / "www" / "index.html"
    subprocess.run(["/bin/sh", "-eu"], input=script, text=True, check=True)
    assert served.probe
    assert served.probe.expect in page.read_text(encoding="utf-8")
    assert [file.name for file in page.parent.iterdir()] == ["index.html"]
    page.write_text("edited by the department")
    subprocess.run(["/bin/sh", "-eu"], input=script, text=True, check=True)
    assert page.read_text() == "edited by the department"
