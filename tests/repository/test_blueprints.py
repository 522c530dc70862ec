"""The repository's own blueprints: each gives what the rules allow, and its scripts do what they say."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tenants.declaration.boot import is_cloud_config
from tenants.declaration.load import BLUEPRINTS_NAME, CATALOGUE_NAME, default_directory, load_catalogue, load_departments
from tenants.declaration.model import Project, Server

USES = {
    "web-service": "title: Opening hours",
    "portal": "title: Opening hours, front: 10.20.1.0/24, back: 10.20.2.0/24",
    "database": "database: trees, clients: 10.20.0.0/24",
    "file-share": "clients: 10.20.0.0/24, read_only: true",
}


def expanded(folder: Path, use: str, values: str) -> Project:
    shutil.copy(default_directory() / CATALOGUE_NAME, folder)
    shutil.copytree(default_directory() / BLUEPRINTS_NAME, folder / BLUEPRINTS_NAME)
    (folder / "parks.yaml").write_text(
        "name: parks\nlocal_name: Parks\nowners: [it@parks.gov.example]\ncost_centre: P-1\nprojects:\n  - name: prod\n"
        "    quota: medium\n    networks: [{name: front, cidr: 10.20.0.0/24}]\n"
        f"    blueprints: [{{use: {use}, name: site, with: {{{values}}}}}]\n"
    )
    return load_departments(folder)[0].projects[0]


def test_every_blueprint_is_tried() -> None:
    assert load_catalogue().blueprints.keys() == USES.keys()


@pytest.mark.parametrize("use", USES)
def test_with_its_defaults_it_keeps_every_rule_and_its_data_is_on_a_volume(use: str, tmp_path: Path) -> None:
    project = expanded(tmp_path, use, USES[use])
    assert project.servers
    assert all(server.volumes for server in project.servers)


@pytest.mark.parametrize("use", USES)
def test_its_scripts_are_scripts(use: str, tmp_path: Path) -> None:
    for server in expanded(tmp_path, use, USES[use]).servers:
        for text in scripts(server):
            subprocess.run(["/bin/sh", "-n"], input=text, text=True, check=True)


def scripts(server: Server) -> list[str]:
    if is_cloud_config(server.user_data):
        return [command[2] for command in yaml.safe_load(server.user_data)["runcmd"]]
    return [server.user_data] if server.user_data else []


@pytest.mark.parametrize("use", ["web-service", "portal"])
def test_its_page_says_the_title_follows_a_new_one_and_gives_way_to_the_departments_own(use: str, tmp_path: Path) -> None:
    made = tmp_path / "made"
    title = "It's $(touch made) `touch made` \\"
    told = USES[use].replace("Opening hours", f'"{title.replace(chr(92), chr(92) * 2)}"')
    server = next(each for each in expanded(tmp_path, use, told).servers if each.user_data)
    page = tmp_path / "www" / "index.html"

    def boot(text: str) -> None:
        text = text.replace("/srv/www", str(page.parent))
        subprocess.run(["/bin/sh", "-eu"], input=text, text=True, check=True, cwd=tmp_path)

    boot(server.user_data)
    assert f"<h1>{title}</h1>" in page.read_text()
    assert server.probe
    assert server.probe.expect in page.read_text()
    assert not made.exists()
    boot(server.user_data.replace("It", "Id"))
    assert "<h1>Id" in page.read_text()
    page.write_text("edited by the department")
    boot(server.user_data)
    assert page.read_text() == "edited by the department"
