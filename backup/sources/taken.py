"""What every source gives back: a snapshot in the vault whose content is known, or the reason why there is none."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from backup.command import Command, Completed, run
from backup.ending import explain
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
    doubt: str = ""
    """Why snapshots before this one cannot be trusted any more; empty where they can."""
    doubt_since: datetime | None = None
    """Since when: the last one that was read as a whole can be trusted."""


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
    """Give what ``restic backup`` says of the snapshot it made, with its full id; it must be listed, once."""
    try:
        summary = parse_summary(stdout)
        listed = parse_snapshot_ids(demand_restic(repository, build_snapshots(repository, summary.snapshot_id)).stdout)
    except ValueError as error:
        raise NotTakenError(str(error)) from error
    if len(listed) != 1 or not listed[0].startswith(summary.snapshot_id):
        raise NotTakenError(f"restic lists {len(listed)} snapshots called {summary.snapshot_id}, expected one")
    return replace(summary, snapshot_id=listed[0])


def store_tree(repository: Repository, tree: Path, tag: str, taken_at: datetime) -> Taken:
    """Write the tree's sums, back it up, and hold the stored size against the size on disk."""
    sums = render_sums(tree)
    (tree / SUMS).write_bytes(sums)
    expected = sum(f.stat().st_size for f in tree.rglob("*") if f.is_file() and not f.is_symlink())
    ended = demand_restic(repository, build_backup_tree(repository, tree, tag), progress=watch_progress())
    made = identify(repository, ended.stdout)
    if made.bytes != expected:
        raise NotTakenError(f"restic stored {made.bytes} bytes of a tree of {expected}")
    return Taken(made.snapshot_id, made.bytes, hashlib.sha256(sums).hexdigest(), taken_at, made.added_bytes)


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
