"""What differs from a git revision is found in real repositories, without checking anything out."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tenants.declaration.load import default_directory
from tenants.declaration.revision import load_revision
from tenants.problem import UserError


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Trial", "-c", "user.email=trial@gov.example", "-c", "commit.gpgsign=false")
    return subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder of declarations inside a repository, committed."""
    inside = tmp_path / "of" / "tenants"
    inside.mkdir(parents=True)
    (inside / "catalogue.yaml").write_bytes((default_directory() / "catalogue.yaml").read_bytes())
    for name in ("parks", "roads", "waters"):
        (inside / f"{name}.yaml").write_text(f"name: {name}\n")
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "first")
    return inside


def test_nothing_differs_from_what_was_committed(folder: Path) -> None:
    found = load_revision(folder, "main")
    assert (found.changed, found.gone, found.catalogue_changed) == (frozenset(), (), False)
    assert found.commit == git(folder, "rev-parse", "main").strip()


def test_what_is_changed_new_or_gone_is_told_committed_or_not(folder: Path) -> None:
    (folder / "parks.yaml").write_text("name: parks\nlocal_name: Parks\n")
    git(folder, "commit", "--quiet", "--all", "--message", "second")
    (folder / "roads.yaml").unlink()
    (folder / "forests.yaml").write_text("name: forests\n")
    found = load_revision(folder, "HEAD~1")
    assert found.changed == {"parks", "forests"}
    assert found.gone == ("roads",)
    assert load_revision(folder, "HEAD").changed == {"forests"}


def test_the_catalogue_of_the_revision_is_read_where_it_differs(folder: Path) -> None:
    file = folder / "catalogue.yaml"
    file.write_text(file.read_text().replace("cores: 8,", "cores: 9,"))
    found = load_revision(folder, "main")
    assert found.catalogue_changed
    assert found.catalogue is not None
    assert found.catalogue.quota_classes["small"].cores == 8
    assert found.changed == frozenset()


def test_a_catalogue_that_cannot_be_read_today_is_none(folder: Path) -> None:
    file = folder / "catalogue.yaml"
    good = file.read_text()
    file.write_text("roles: [reader]\n")
    git(folder, "commit", "--quiet", "--all", "--message", "broken")
    file.write_text(good)
    found = load_revision(folder, "HEAD")
    assert found.catalogue_changed
    assert found.catalogue is None


def test_the_work_tree_is_left_alone(folder: Path) -> None:
    (folder / "parks.yaml").write_text("name: parks\nlocal_name: Parks\n")
    before = git(folder, "status", "--porcelain"), sorted((f.name, f.read_bytes()) for f in folder.iterdir())
    load_revision(folder, "main")
    assert (git(folder, "status", "--porcelain"), sorted((f.name, f.read_bytes()) for f in folder.iterdir())) == before


@pytest.mark.parametrize("ref", ["nowhere", "--help", "-x", "main:of/tenants/parks.yaml", ""])
def test_what_is_no_revision_is_refused(folder: Path, ref: str) -> None:
    with pytest.raises(UserError, match=r"--base: got .*expected a git revision of"):
        load_revision(folder, ref)


def test_a_folder_in_no_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not a git repository"):
        load_revision(tmp_path, "main")
