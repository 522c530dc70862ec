"""The git repository of declarations, policy and code with its history, as one file that ``git clone`` reads.

It goes to the vault with the control plane, so that the repository is not lost with the machines that have a clone of it.
"""

from __future__ import annotations

from pathlib import Path

from backup.command import Command, run
from tenants.installation import Installation

BUNDLE = "repository.bundle"
"""In the operator's home: written by :func:`keep_history`, or brought back by a recovery."""


def keep_history(root: Path, installation: Installation) -> str:
    """Bring the bundle up to the commit that is checked out; give a sentence on what of the tree is not in it, if any.

    A tree that is no repository leaves no bundle: an old one would pass for this one.
    """
    file = installation.home / BUNDLE
    part = file.with_name(f".{BUNDLE}.part")
    reason = _why_not(root)
    commit = "" if reason else _ask(root, "rev-parse", "HEAD")
    if not commit:
        file.unlink(missing_ok=True)
        return f"{root} {reason or 'has no commit'}: its history is not backed up"
    branch = _ask(root, "symbolic-ref", "--quiet", "--short", "HEAD")
    if bundled_commit(file) != commit:
        wanted = ("HEAD", branch) if branch else ("HEAD",)
        made = run(_git(root, "bundle", "create", "--quiet", "-", *wanted), output=part)
        if not made.ok:
            part.unlink()
            file.unlink(missing_ok=True)
            return f"{root}: its history is not backed up: {made.reason}"
        part.replace(file)
    changed = run(_git(root, "status", "--porcelain")).stdout.splitlines()
    return f"{root}: {len(changed)} files are not as committed, and are not backed up so" if changed else ""


def bundled_commit(bundle: Path) -> str:
    """Give the commit that a bundle's clone checks out; nothing where there is no bundle, or it is none."""
    if not bundle.exists():
        return ""
    listed = run(Command(("git", "bundle", "list-heads", str(bundle), "HEAD")))
    return listed.stdout.decode().partition(" ")[0] if listed.ok else ""


def has_commit(root: Path, commit: str) -> bool:
    """Tell whether what is checked out holds a commit in its history."""
    return (root / ".git").exists() and run(_git(root, "merge-base", "--is-ancestor", commit, "HEAD")).ok


def _why_not(root: Path) -> str:
    if not (root / ".git").exists():
        return "is no git repository"
    return "is a shallow clone" if _ask(root, "rev-parse", "--is-shallow-repository") == "true" else ""


def _ask(root: Path, *arguments: str) -> str:
    asked = run(_git(root, *arguments))
    return asked.stdout.decode().strip() if asked.ok else ""


def _git(root: Path, *arguments: str) -> Command:
    return Command(("git", "-C", str(root), *arguments))
