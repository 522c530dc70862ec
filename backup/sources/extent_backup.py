"""Brings a volume's extents into the vault, and holds what restic stored against their manifest."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from backup.command import Command
from backup.sources.extent_files import UNREAD
from backup.sources.mounted_backup import CannotCarryError, Way, back_up_mounted
from backup.sources.stored_volume import MANIFEST, Manifest, StoredVolumeError, parse_manifest, render_manifest
from backup.sources.taken import NotTakenError, Taken


def store_extents(
    way: Way, show: Callable[[Path], Command], draft: Manifest, parent: str, taken_at: datetime
) -> tuple[Taken, bytes]:
    """Store what a draft describes, reading what it has no sum of; give the snapshot and its manifest.

    ``show`` gives the program that shows the extents at a mountpoint. Raises :class:`NotTakenError`;
    :class:`CannotCarryError` where it may succeed without the parent.
    """
    wanted = [draft.length(e.offset) for e in draft.extents if e.sha256 == UNREAD]
    way.say(f"{way.job.label}: reading {len(wanted)} of {len(draft.extents)} extents, {sum(wanted) >> 20} MiB")
    program = show(way.mountpoint)
    stored, (manifest, made) = back_up_mounted(way, program, render_manifest(draft), parent, sum(wanted), _look)
    expected = sum(made.length(e.offset) for e in made.extents) + len(manifest)
    if stored.bytes != expected:
        raise NotTakenError(f"restic stored {stored.bytes} bytes of {expected}")
    sha256 = hashlib.sha256(manifest).hexdigest()
    return Taken(stored.snapshot_id, made.size, sha256, taken_at, stored.added_bytes, sum(wanted)), manifest


def _look(mountpoint: Path, said: Callable[[], str]) -> tuple[bytes, Manifest]:
    try:
        manifest = (mountpoint / MANIFEST).read_bytes()
        return manifest, parse_manifest(manifest)
    except (OSError, StoredVolumeError) as error:
        raise CannotCarryError(said() or str(error)) from error
