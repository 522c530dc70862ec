"""A department sees its own, by its own token or from what was published, on a machine that has nothing else of ours."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tenants.declaration.load import load_departments
from tenants.declaration.shares import build_shares
from tenants.installation import Installation

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def published(
    oneroof: Callable[..., str], tmp_path_factory: pytest.TempPathFactory, departments: dict[str, dict[str, Any]]
) -> Path:
    page = tmp_path_factory.mktemp("reports") / "index.html"
    oneroof("report", "--output", str(page))
    folder = page.parent / "departments"
    assert {file.stem for file in folder.iterdir()} >= set(departments)
    return folder


@pytest.fixture(scope="module")
def with_users(departments: dict[str, dict[str, Any]]) -> str:
    return next(slug for slug, made in sorted(departments.items()) if made["users"])


def test_what_is_published_of_one_holds_nothing_of_the_others(
    published: Path, departments: dict[str, dict[str, Any]]
) -> None:
    declared = load_departments()
    names = {department.slug: department.local_name for department in declared}
    agreed = [set(share.departments) for share in build_shares(declared, datetime.now(UTC).date())]
    own = {slug: marks(slug, names.get(slug, made["local_name"]), made) for slug, made in departments.items()}
    for slug in departments:
        partners = set().union(*(parties for parties in agreed if slug in parties))  # it reads with whom it agreed
        for file in (published / f"{slug}.json", published / f"{slug}.html"):
            text = file.read_text(encoding="utf-8")
            foreign = set().union(*(own[other] for other in departments if other != slug)) - own[slug] - partners
            found = {mark for mark in foreign if re.search(rf"(?<![\w.-]){re.escape(mark)}(?![\w.-])", text)}
            assert found == set(), f"{file.name} tells of others"


def marks(slug: str, local_name: str, made: dict[str, Any]) -> set[str]:
    """Give what nobody but this department is called or has."""
    found = {slug, local_name, made["domain_id"]}
    for project in made["projects"]:
        found |= {project["id"], project["cloud_name"]}
        for kind in ("networks", "volumes", "servers"):
            found |= {thing["id"] for thing in project[kind]}
        found |= {network["cidr"] for network in project["networks"]}
        for server in project["servers"]:
            found |= {server["fixed_address"], *filter(None, [server["floating_address"]])}
    return found


def test_its_own_account_is_enough(
    oneroof: Callable[..., str],
    command: Path,
    published: Path,
    with_users: str,
    departments: dict[str, dict[str, Any]],
    tmp_path: Path,
) -> None:
    written = Path(oneroof("department", "clouds", with_users, "--output", str(tmp_path / "here" / "clouds.yaml")))
    shutil.move(written.parent, tmp_path / "elsewhere")  # as on another machine: the paths in it lead nowhere
    words = ["--clouds", str(tmp_path / "elsewhere" / "clouds.yaml"), "--published", str(published / f"{with_users}.json")]
    done = show(command, with_users, *words, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["token"] is True
    made = departments[with_users]
    expected = {(p["name"], s["name"]): s["floating_address"] for p in made["projects"] for s in p["servers"]}
    seen = {(p["name"], s["name"]): s for p in told["projects"] for s in p["servers"]}
    assert {key: next(iter(s["floating_addresses"]), None) for key, s in seen.items()} == expected
    asked = [server for server in seen.values() if server["probe"] and server["floating_addresses"]]
    assert asked
    assert all(server["answer"]["good"] for server in asked), asked
    for project in told["projects"]:
        taken = {use["resource"]: use for use in project["uses"]}
        assert taken["volumes"]["used"] == len(project["volumes"])
        assert taken["object space"]["limit"] is not None
        assert {container["objects"] is None for container in project["containers"]} <= {False}
    assert not [what for what in told["missing"] if ":" in what], told["missing"]


def test_another_account_than_its_own_is_refused(
    command: Path, oneroof: Callable[..., str], with_users: str, departments: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    other = next(slug for slug in departments if slug != with_users)
    own = oneroof("department", "clouds", with_users, "--output", str(tmp_path / "clouds.yaml"))
    for clouds in (own, str(Installation.current().clouds)):
        done = show(command, other, "--clouds", clouds)
        assert done.returncode == 2
        assert f"expected one for a project of {other}" in done.stderr
        assert done.stdout == ""


def show(command: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run it where there is no installation."""
    environment = {**os.environ, "ONEROOF_HOME": "/nonexistent"}
    return subprocess.run([command, "show", *words], capture_output=True, text=True, check=False, env=environment)
