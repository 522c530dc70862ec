"""What a repository holds, as the vault's own file system tells it. Pure.

A snapshot says itself when it was made, and who writes it may say anything. When it *arrived* is what the vault's clock and
file system say, which nobody on the cloud's side can set.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True)
class Snapshot:
    """One snapshot in the vault."""

    id: str
    claimed_at: datetime
    """What restic's own record says, by the clock of who wrote it."""
    arrived_at: datetime
    """By the vault's clock."""
    tags: tuple[str, ...]


@dataclass(frozen=True)
class Pack:
    """A file of data."""

    arrived_at: datetime
    bytes: int


@dataclass(frozen=True)
class Holdings:
    """Everything in one repository, at one instant of the vault's clock."""

    at: datetime
    repository_id: str
    snapshots: tuple[Snapshot, ...]
    """In the order of their arrival."""
    packs: tuple[Pack, ...]


FILES = r"-type f -printf '%T@ %s %P\n'"
"""What :func:`parse_files` reads, as arguments of ``find``."""


PACKS, SNAPSHOTS = "data/", "snapshots/"
"""Folders of a repository."""


def snapshot_ids(files: Mapping[str, Pack]) -> set[str]:
    """Give the snapshots that are there as files."""
    return {path.removeprefix(SNAPSHOTS) for path in files if path.startswith(SNAPSHOTS)}


def pack_bytes(files: Mapping[str, Pack]) -> int:
    """Give the size of all packs."""
    return sum(pack.bytes for path, pack in files.items() if path.startswith(PACKS))


def parse_instant(text: str) -> datetime:
    """Give an instant of restic, which writes nanoseconds and its own zone."""
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d*", r"\1", text)).astimezone(UTC)


def parse_files(text: str) -> dict[str, Pack]:
    """Give each file's arrival and size by its path; raise ``ValueError`` for a line that is none."""
    found: dict[str, Pack] = {}
    for line in text.splitlines():
        at, size, path = line.split(" ", 2)
        found[path] = Pack(datetime.fromtimestamp(float(at), UTC), int(size))
    return found


def build_holdings(at: datetime, repository_id: str, listed: bytes, files: Mapping[str, Pack]) -> Holdings:
    """Join restic's listing with the files; raise ``ValueError`` where one does not fit the other."""
    told: Iterable[Mapping[str, Any]] = json.loads(listed) or ()
    snapshots = []
    for snapshot in told:
        own = str(snapshot["id"])
        if (file := files.get(SNAPSHOTS + own)) is None:
            raise ValueError(f"restic lists snapshot {own[:8]}, and there is no file of it")
        tags = tuple(str(tag) for tag in snapshot.get("tags") or ())
        snapshots.append(Snapshot(own, parse_instant(str(snapshot["time"])), file.arrived_at, tags))
    packs = tuple(pack for path, pack in files.items() if path.startswith(PACKS))
    return Holdings(at, repository_id, tuple(sorted(snapshots, key=lambda s: (s.arrived_at, s.id))), packs)
