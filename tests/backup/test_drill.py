"""What a drill runs on the vault's machine, and what it makes of the answers."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from backup.drill import render_restic, render_tree_check
from backup.sources.taken import SUMS, render_sums


def test_restic_reads_only_and_its_password_is_no_argument() -> None:
    assert render_restic("/srv/vault", "health", "dump", "abc", "/prod-portal.raw") == (
        "cat | restic --repo /srv/vault/health --no-lock --no-cache --password-file /dev/stdin dump abc /prod-portal.raw"
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with names that are hard to quote, and its sums."""
    tree = tmp_path / "a tree"
    for name in ("plain", "with space", "new\nline", "back\\slash", "公报.pdf", "-rf", "deep/er/file"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(name)
    (tree / "link").symlink_to("plain")
    (tree / SUMS).write_bytes(render_sums(tree))
    return tree


def check(tree: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", "-c", render_tree_check(str(tree))], capture_output=True, text=True, check=False)


def test_sha256sum_agrees_with_the_sums(tree: Path) -> None:
    done = check(tree)
    assert (done.returncode, done.stderr) == (0, "")
    assert hashlib.sha256(b"plain").hexdigest() + "  ./plain\n" in (tree / SUMS).read_text()


def test_a_changed_file_is_found(tree: Path) -> None:
    (tree / "new\nline").write_text("other")
    assert check(tree).returncode != 0


def test_a_missing_file_is_found(tree: Path) -> None:
    (tree / "deep/er/file").unlink()
    assert check(tree).returncode != 0


def test_a_file_that_was_not_backed_up_is_found(tree: Path) -> None:
    (tree / "deep/one more").write_text("x")
    assert check(tree).returncode != 0
