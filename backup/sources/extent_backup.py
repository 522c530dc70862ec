"""Brings a volume's extents into the vault: the program that shows them is started beside restic, and ends with it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from backup.command import Command, beside, run
from backup.ending import Ending, explain, judge
from backup.plan import Job
from backup.restic import Repository, build_backup_changes, watch_progress
from backup.sources.extent_files import UNREAD
from backup.sources.stored_volume import MANIFEST, Manifest, StoredVolumeError, parse_manifest, render_manifest
from backup.sources.taken import NotTakenError, Say, Taken, demand, identify

MOUNTS = Path("/proc/self/mounts")
HOPELESS = frozenset({Ending.LOCKED, Ending.NO_REPOSITORY, Ending.WRONG_PASSWORD, Ending.REFUSED, Ending.FULL,
                      Ending.STOPPED, Ending.CANCELLED, Ending.KILLED, Ending.NOT_INSTALLED})  # fmt: skip
"""Ends after which reading everything would not help."""


class CannotCarryError(NotTakenError):
    """What changed could not be put on top of the last good snapshot; everything must be read."""


@dataclass(frozen=True)
class Way:
    """How one volume gets into the vault."""

    job: Job
    repository: Repository
    mountpoint: Path
    say: Say


def store_extents(
    way: Way, show: Callable[[Path], Command], draft: Manifest, parent: str, taken_at: datetime
) -> tuple[Taken, bytes]:
    """Store what a draft describes, reading what it has no sum of; give the snapshot and its manifest.

    ``show`` gives the program that shows the extents at a mountpoint. Raises :class:`NotTakenError`;
    :class:`CannotCarryError` where it may succeed without the parent.
    """
    wanted = [draft.length(e.offset) for e in draft.extents if e.sha256 == UNREAD]
    way.say(f"{way.job.label}: reading {len(wanted)} of {len(draft.extents)} extents, {sum(wanted) >> 20} MiB")
    _make_mountpoint(way.mountpoint)
    tag = f"{way.job.source}:{way.job.name}"
    with beside(show(way.mountpoint), stdin=render_manifest(draft)) as said:
        command = build_backup_changes(way.repository, way.mountpoint, tag, parent)
        ended = run(command, progress=_progress(way, sum(wanted)))
        if not ended.ok:
            reason = explain(ended, way.repository.version) + (f" ({told})" if (told := said()) else "")
            hopeless = not parent or judge(ended, way.repository.version) in HOPELESS
            raise (NotTakenError if hopeless else CannotCarryError)(reason)
        try:
            manifest = (way.mountpoint / MANIFEST).read_bytes()
            made = parse_manifest(manifest)
        except (OSError, StoredVolumeError) as error:
            raise CannotCarryError(said() or str(error)) from error
    stored = identify(way.repository, ended.stdout)
    expected = sum(made.length(e.offset) for e in made.extents) + len(manifest)
    if stored.bytes != expected:
        raise NotTakenError(f"restic stored {stored.bytes} bytes of {expected}")
    sha256 = hashlib.sha256(manifest).hexdigest()
    return Taken(stored.snapshot_id, made.size, sha256, taken_at, stored.added_bytes, sum(wanted)), manifest


def _make_mountpoint(mountpoint: Path) -> None:
    """Make an empty directory; take away what a killed run left mounted there."""
    name = str(mountpoint).replace("\\", "\\134").replace(" ", "\\040")
    if any(line.split(" ")[1] == name for line in MOUNTS.read_text(encoding="utf-8").splitlines()):
        demand(Command(("umount", "--lazy", str(mountpoint))))
    mountpoint.mkdir(parents=True, exist_ok=True, mode=0o700)


def _progress(way: Way, size: int) -> Callable[[str], bool]:
    went_on, told = watch_progress(), 0

    def progress(line: str) -> bool:
        nonlocal told
        moved = went_on(line)
        message = json.loads(line) if moved else None
        if isinstance(message, Mapping) and (done := int(message.get("bytes_done", 0)) * 10 // max(size, 1)) > told:
            told = min(done, 10)
            way.say(f"{way.job.label}: {told * 10} % of {size >> 20} MiB")
        return moved

    return progress
