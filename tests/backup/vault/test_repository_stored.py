"""The git repository comes out of the vault as it was, without a checkout at hand."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from real_vault import Vault

from backup.history import BUNDLE, keep_history
from backup.restic import build_dump_file
from backup.sources.taken import store_tree
from tenants.installation import Installation, repository

IDENTITY = ("-c", "user.name=Trial", "-c", "user.email=trial@gov.example", "-c", "commit.gpgsign=false")


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], capture_output=True, text=True, check=True).stdout


def test_the_repository_comes_back_from_the_vault_alone(vault: Vault, tmp_path: Path) -> None:
    source = tmp_path / "source"
    git("init", "--quiet", "--initial-branch=main", str(source))
    for folder in ("tenants", "backup"):
        shutil.copytree(repository() / folder, source / folder)
        git("-C", str(source), "add", "--all")
        git("-C", str(source), *IDENTITY, "commit", "--quiet", "--message", folder)
    home = tmp_path / "tree" / "operator"
    home.mkdir(parents=True)
    assert keep_history(source, Installation(home)) == ""
    vault.open()
    taken = store_tree(vault.repository, home.parent, "control-plane", datetime.now(UTC))
    dumped = vault.restic(*build_dump_file(vault.repository, taken.snapshot_id, f"/operator/{BUNDLE}").argv[2:])
    assert dumped.ok, dumped.reason
    (tmp_path / "back.bundle").write_bytes(dumped.stdout)
    git("clone", "--quiet", str(tmp_path / "back.bundle"), str(tmp_path / "back"))
    for words in (("rev-parse", "HEAD"), ("log", "--format=%H %T"), ("ls-tree", "-r", "HEAD")):
        assert git("-C", str(tmp_path / "back"), *words) == git("-C", str(source), *words)
