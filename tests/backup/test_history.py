"""The repository goes along with the control plane's backup, whole, and one that is older than it restores nothing."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from backup.history import BUNDLE, bundled_commit, keep_history
from backup.restore.home import demand_history
from tenants.installation import Installation
from tenants.problem import UserError


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Trial", "-c", "user.email=trial@gov.example", "-c", "commit.gpgsign=false")
    return subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout


def commit(root: Path, text: str) -> str:
    (root / "health.yaml").write_text(text)
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", text)
    return git(root, "rev-parse", "HEAD").strip()


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    (tmp_path / "home").mkdir()
    return Installation(tmp_path / "home")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch", "main")
    commit(folder, "first")
    commit(folder, "second")
    return folder


def test_a_clone_of_the_bundle_is_the_repository_with_its_history(
    root: Path, installation: Installation, tmp_path: Path
) -> None:
    assert keep_history(root, installation) == ""
    bundle = installation.home / BUNDLE
    assert bundle.stat().st_mode & 0o077 == 0
    git(tmp_path, "clone", "--quiet", str(bundle), "again")
    again = tmp_path / "again"
    assert git(again, "rev-parse", "HEAD", "main", "HEAD^{tree}") == git(root, "rev-parse", "HEAD", "main", "HEAD^{tree}")
    assert git(again, "log", "--format=%H") == git(root, "log", "--format=%H")
    git(again, "fsck", "--strict")


def test_a_commit_of_no_branch_comes_along_too(root: Path, installation: Installation, tmp_path: Path) -> None:
    git(root, "checkout", "--quiet", "--detach", "HEAD~1")
    assert keep_history(root, installation) == ""
    git(tmp_path, "clone", "--quiet", str(installation.home / BUNDLE), "again")
    assert git(tmp_path / "again", "rev-parse", "HEAD") == git(root, "rev-parse", "HEAD")


def test_the_bundle_is_made_again_for_another_commit_alone(root: Path, installation: Installation) -> None:
    keep_history(root, installation)
    bundle = installation.home / BUNDLE
    before = bundle.stat().st_ino
    keep_history(root, installation)
    assert bundle.stat().st_ino == before
    third = commit(root, "third")
    keep_history(root, installation)
    assert bundled_commit(bundle) == third


def test_what_is_not_committed_is_said(root: Path, installation: Installation) -> None:
    (root / "health.yaml").write_text("in haste")
    (root / "new.yaml").write_text("new")
    assert keep_history(root, installation).endswith("2 files are not as committed, and are not backed up so")
    assert bundled_commit(installation.home / BUNDLE)


@pytest.mark.parametrize("what", ["no repository", "no commit", "a shallow clone", "a broken one"])
def test_a_tree_without_whole_history_is_said_and_leaves_no_old_bundle(
    what: str, root: Path, installation: Installation, tmp_path: Path
) -> None:
    keep_history(root, installation)
    other = tmp_path / "other"
    other.mkdir()
    if what == "a shallow clone":
        git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{root}", str(other))
    elif what == "no commit":
        git(other, "init", "--quiet")
    elif what == "a broken one":
        git(tmp_path, "clone", "--quiet", "--no-local", str(root), str(other))
        commit(other, "third")
        tree = git(other, "rev-parse", "HEAD^{tree}").strip()
        (other / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    assert "its history is not backed up" in keep_history(other, installation)
    assert list(installation.home.iterdir()) == []


def test_a_repository_that_is_older_than_the_backup_is_refused_and_the_hint_mends_it(
    root: Path, installation: Installation, tmp_path: Path
) -> None:
    git(tmp_path, "clone", "--quiet", str(root), "older")
    declared = commit(root, "third")
    keep_history(root, installation)
    bundle, said = installation.home / BUNDLE, list[str]()
    with pytest.raises(UserError) as refused:
        demand_history(tmp_path / "older", bundle, said.append)
    (problem,) = refused.value.problems
    assert declared[:12] in problem.what
    subprocess.run(shlex.split(problem.hint.split("`")[1]), check=True, capture_output=True)
    demand_history(tmp_path / "older", bundle, said.append)
    commit(tmp_path / "older", "went on since")
    demand_history(tmp_path / "older", bundle, said.append)
    assert said == []


def test_without_a_checkout_the_hint_gives_one(
    root: Path, installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_history(root, installation)
    (tmp_path / "installed").mkdir()
    with pytest.raises(UserError) as refused:
        demand_history(tmp_path / "installed", installation.home / BUNDLE, print)
    monkeypatch.chdir(tmp_path)
    subprocess.run(shlex.split(refused.value.problems[0].hint.split("`")[3]), check=True, capture_output=True)
    demand_history(tmp_path / "repository", installation.home / BUNDLE, print)


def test_a_backup_without_history_is_said(root: Path, installation: Installation) -> None:
    said: list[str] = []
    demand_history(root, installation.home / BUNDLE, said.append)
    assert said == [f"{root}: whether all that was declared is here is not known: the backup has no git history"]
