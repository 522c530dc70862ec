"""What a request changes, asked of the real git: as data, and as the merge would have it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from infra.review.change import FileChange, blobs, departments_of
from infra.review.clone import Clone, GitError


class Repository:
    """A repository with a branch and requests to change it, behind no forge: git reads it through the file protocol."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "work"
        self.folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        who = {f"GIT_{role}_{key}": "it" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
        return subprocess.run(
            ["git", *arguments], cwd=self.folder, env={**os.environ, **who}, capture_output=True, text=True, check=True
        ).stdout.strip()

    def commit(self, files: Mapping[str, str | None], branch: str = "main", onto: str = "main") -> str:
        if branch != "main":
            self.git("checkout", "--quiet", "-B", branch, onto)
        for name, content in files.items():
            file = self.folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.unlink() if content is None else file.write_text(content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message=x")
        made = self.git("rev-parse", "HEAD")
        self.git("checkout", "--quiet", "main")
        return made


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path)
    made.commit({"tenants/a.yaml": "name: a\n", "tenants/b.yaml": "name: b\nx: 1\ny: 2\nz: 3\n", "code.py": "x = 1\n"})
    return made


@pytest.fixture
def clone(repository: Repository) -> Clone:
    return Clone(repository.folder / ".git", "https://forge.gov.example/a/b.git", "oneroof", "secret")


def test_a_change_is_what_the_merge_would_change(repository: Repository, clone: Clone) -> None:
    head = repository.commit({"tenants/a.yaml": "name: a\nx: 1\n", "tenants/c.yaml": "name: c\n"}, "request")
    base = repository.commit({"code.py": "x = 2\n", "tenants/b.yaml": "name: b\nx: 2\ny: 2\nz: 3\n"})
    tree = clone.merge(base, head)
    assert tree is not None
    changes = clone.changes(base, tree)
    assert departments_of(changes) == ("a", "c")
    assert clone.read(blobs(changes)["tenants/a.yaml"]) == b"name: a\nx: 1\n"


def test_a_conflict_has_no_tree(repository: Repository, clone: Clone) -> None:
    head = repository.commit({"tenants/a.yaml": "name: mine\n"}, "request")
    base = repository.commit({"tenants/a.yaml": "name: theirs\n"})
    assert clone.merge(base, head) is None


def test_a_history_of_its_own_has_no_tree(repository: Repository, clone: Clone) -> None:
    base = repository.git("rev-parse", "main")
    repository.git("checkout", "--quiet", "--orphan", "apart")
    repository.git("commit", "--quiet", "--message=apart")
    assert clone.merge(base, repository.git("rev-parse", "HEAD")) is None


def test_a_renamed_declaration_is_one_gone_and_one_come(repository: Repository, clone: Clone) -> None:
    text = "name: b\nx: 1\ny: 2\nz: 3\n"
    head = repository.commit({"tenants/b.yaml": None, "tenants/mine.yaml": text}, "request")
    base = repository.git("rev-parse", "main")
    changes = clone.changes(base, clone.merge(base, head) or "")
    assert [(each.department, each.is_deleted) for each in changes] == [("b", True), ("mine", False)]


def test_only_plain_files_right_in_the_folder_are_written(repository: Repository, clone: Clone, tmp_path: Path) -> None:
    (repository.folder / "tenants" / "link.yaml").symlink_to("/etc/passwd")
    head = repository.commit({"tenants/deep/x.yaml": "x\n", "tenants/README.md": "x\n"}, "request")
    clone.write(head, tmp_path / "out")
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["a.yaml", "b.yaml"]


def test_a_huge_file_is_not_read_whole(repository: Repository, clone: Clone) -> None:
    head = repository.commit({"tenants/a.yaml": "x" * 3_000_000}, "request")
    assert len(clone.read(clone.blob(head, "tenants/a.yaml") or "")) == 1024 * 1024 + 1


def test_names_of_any_bytes_are_read(repository: Repository, clone: Clone) -> None:
    name = os.fsdecode(b"tenants/\xff\n`x`.yaml")
    head = repository.commit({name: "x\n"}, "request")
    (change,) = clone.changes(repository.git("rev-parse", "main"), head)
    assert change.path == name
    assert change.department is None


def test_only_http_is_spoken(tmp_path: Path, repository: Repository) -> None:
    for url in (str(repository.folder), f"file://{repository.folder}", f"ext::sh -c 'touch {tmp_path}/sprung'"):
        with pytest.raises(GitError, match="not allowed"):
            Clone(tmp_path / "clone.git", url).fetch("main", "")
    assert not (tmp_path / "sprung").exists()


def test_the_token_is_not_shown(clone: Clone) -> None:
    assert "secret" not in repr(clone)


@pytest.mark.parametrize(
    ("path", "department"),
    [
        ("tenants/health.yaml", "health"),
        ("tenants/civil-affairs.yaml", "civil-affairs"),
        ("tenants/catalogue.yaml", None),
        ("tenants/-x.yaml", None),
        ("tenants/x-.yaml", None),
        ("tenants/../x.yaml", None),
        ("tenants/README.md", None),
        ("Tenants/health.yaml", None),
    ],
)
def test_which_files_are_declarations(path: str, department: str | None) -> None:
    assert FileChange(path, "100644", "", "").department == department
