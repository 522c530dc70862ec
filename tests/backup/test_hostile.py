"""A declaration cannot reach past itself: no name in it becomes an option, a path, a shell line or another's repository."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from backup.plan import CONTROL_PLANE, build_jobs
from backup.policy import load_policy
from tenants.declaration.load import load_departments
from tenants.installation import repository
from tenants.problem import UserError

TEXT = (repository() / "tenants" / "health.yaml").read_text(encoding="utf-8")
HOSTILE = [
    "--repo=/srv/vault/transport",
    "-o rest.connections=99",
    "-r",
    "../transport",
    "/etc/shadow",
    "..",
    "$(id)",
    "a;id",
    "a b",
    "a\\nb",
    "a\\0b",
    "rest:http://elsewhere/",
]
PLACES = {
    "department": ("name: health\n", "name: {}\n"),
    "project": ("  - name: prod\n", "  - name: {}\n"),
    "volume": ("{name: archive,", "{{name: {},"),
    "recovery": ("recovery: silver", "recovery: {}"),
}


def declared(tmp_path: Path, text: str) -> Path:
    shutil.copytree(
        repository() / "tenants", tmp_path / "tenants", ignore=shutil.ignore_patterns("[!c]*.yaml", "*.py", "*.md")
    )
    (tmp_path / "tenants" / "health.yaml").write_text(text, encoding="utf-8")
    return tmp_path / "tenants"


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_refused_where_it_is_declared(tmp_path: Path, place: str, name: str) -> None:
    before, after = PLACES[place]
    assert before in TEXT
    folder = declared(tmp_path, TEXT.replace(before, after.format(f'"{name}"')))
    with pytest.raises(UserError) as refused:
        build_jobs(load_departments(folder), load_policy())
    assert all(problem.what for problem in refused.value.problems)


def test_a_department_cannot_take_the_control_plane_s_repository(tmp_path: Path) -> None:
    folder = declared(tmp_path, TEXT.replace("name: health\n", f"name: {CONTROL_PLANE}\n"))
    (folder / "health.yaml").rename(folder / f"{CONTROL_PLANE}.yaml")
    with pytest.raises(UserError):
        build_jobs(load_departments(folder), load_policy())


def test_the_declaration_itself_passes(tmp_path: Path) -> None:
    assert build_jobs(load_departments(declared(tmp_path, TEXT)), load_policy())
