"""What every source gives back: a snapshot in the vault whose content is known, or the reason why there is none."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from backup.command import Command, Completed, run
from backup.ending import explain
from backup.records import Consistency
from backup.restic import (
    Repository,
    Summary,
    build_backup_tree,
    build_snapshots,
    parse_snapshot_ids,
    parse_summary,
    watch_progress,
)

SUMS = "SHA256SUMS"
"""In every tree: sha256 and path of each other file, as ``sha256sum --check`` reads it."""

FULL = 64
"""Digits of a snapshot's full id."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Taken:
    """A snapshot that holds what its source gave, complete."""

    snapshot_id: str
    bytes: int
    sha256: str
    """Of the volume's manifest, or of the tree's :data:`SUMS`."""
    taken_at: datetime
    """The instant the data is of."""
    added_bytes: int | None = None
    """What of it the vault did not have yet, before compression."""
    read_bytes: int | None = None
    """What was read of the source; the rest was known not to have changed."""
    doubt: str = ""
    """Why snapshots before this one cannot be trusted any more; empty where they can."""
    doubt_since: datetime | None = None
    """Since when: the last one that was read as a whole can be trusted."""
    consistency: Consistency = Consistency.UNKNOWN
    """Of a volume: whether its server was held still."""


class NotTakenError(Exception):
    """The source could not be backed up; the message is the record's reason."""


def demand(command: Command, *, stdin: bytes = b"", output: Path | None = None) -> Completed:
    """Run a program that must end well; raise :class:`NotTakenError` with its reason otherwise."""
    ended = run(command, stdin=stdin, output=output)
    if not ended.ok:
        raise NotTakenError(ended.reason)
    return ended


def demand_restic(repository: Repository, command: Command, *, progress: Callable[[str], bool] | None = None) -> Completed:
    """Run restic, which must end well; raise :class:`NotTakenError` that says what its end means otherwise."""
    ended = run(command, progress=progress)
    if not ended.ok:
        raise NotTakenError(explain(ended, repository.version))
    return ended


def identify(repository: Repository, stdout: bytes) -> Summary:
    """Give what ``restic backup`` says of its snapshot, with its full id. Whether the vault lists it is asked later."""
    try:
        summary = parse_summary(stdout)
    except ValueError as error:
        raise NotTakenError(str(error)) from error
    if len(summary.snapshot_id) == FULL:
        return summary
    found = _cached(repository, summary.snapshot_id) or list_snapshots(repository, summary.snapshot_id)
    if len(found) != 1 or not found[0].startswith(summary.snapshot_id):
        raise NotTakenError(f"restic lists {len(found)} snapshots called {summary.snapshot_id}, expected one")
    return replace(summary, snapshot_id=found[0])


def list_snapshots(repository: Repository, *ids: str) -> tuple[str, ...]:
    """Give those of some snapshots that the vault lists, by their full ids; no answer is a :class:`NotTakenError`."""
    try:
        return parse_snapshot_ids(demand_restic(repository, build_snapshots(repository, *ids)).stdout)
    except ValueError as error:
        raise NotTakenError(str(error)) from error


def _cached(repository: Repository, beginning: str) -> tuple[str, ...]:
    """Find a snapshot's full id in restic's cache, where it is written after the vault took it; its name is its sha256.

    Asking restic costs half a second, which it takes to make the key of the password.
    """
    if repository.cache is None or not re.fullmatch(r"[0-9a-f]+", beginning):
        return ()
    files = repository.cache.glob(f"*/snapshots/*/{beginning}*")
    return tuple(f.name for f in files if hashlib.sha256(f.read_bytes()).hexdigest() == f.name)


def store_tree(repository: Repository, tree: Path, tag: str, taken_at: datetime) -> Taken:
    """Write the tree's sums, back it up, and hold the stored size against the size on disk."""
    sums = render_sums(tree)
    (tree / SUMS).write_bytes(sums)
    expected = sum(f.stat().st_size for f in tree.rglob("*") if f.is_file() and not f.is_symlink())
    ended = demand_restic(repository, build_backup_tree(repository, tree, tag), progress=watch_progress())
    made = identify(repository, ended.stdout)
    if made.bytes != expected:
        raise NotTakenError(f"restic stored {made.bytes} bytes of a tree of {expected}")
    return Taken(made.snapshot_id, made.bytes, hashlib.sha256(sums).hexdigest(), taken_at, made.added_bytes, made.bytes)


def render_sums(tree: Path) -> bytes:
    """Give sha256 and path of every file of a tree, sorted by path, escaped as ``sha256sum`` does."""
    lines = []
    for file in sorted(f for f in tree.rglob("*") if f.is_file() and not f.is_symlink() and f != tree / SUMS):
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        name = str(file.relative_to(tree))
        escaped = name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
        mark = "\\" if escaped != name else ""
        lines.append(f"{mark}{digest}  ./{escaped}\n")
    return "".join(lines).encode("utf-8", "surrogateescape")
