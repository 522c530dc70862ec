"""What was declared when something was done: declarations and policy as one digest, and the git commit they are of."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from backup.command import Command, run
from backup.ledger import Declared
from tenants.installation import repository

DECLARATIONS, POLICY = "tenants", "backup/policy.yaml"


def digest_declared(root: Path) -> str:
    """Give the SHA-256 of the declarations and the policy of a tree: the same on every machine that holds the same."""
    digest = hashlib.sha256()
    for file in sorted([*(root / DECLARATIONS).glob("*.yaml"), root / POLICY]):
        digest.update(f"{file.relative_to(root)}\0{file.stat().st_size}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


@cache
def current_declared(root: Path | None = None) -> Declared:
    """Give what is declared in this tree now. Uncommitted changes are said: ``+changes`` behind the commit."""
    root = root or repository()
    git = ("git", "-C", str(root))
    asked = run(Command((*git, "rev-parse", "HEAD"))) if (root / ".git").exists() else None
    commit = asked.stdout.decode().strip() if asked is not None and asked.ok else ""
    if commit and run(Command((*git, "status", "--porcelain", "--", f"{DECLARATIONS}/*.yaml", POLICY))).stdout:
        commit += "+changes"
    return Declared(digest_declared(root), commit)
