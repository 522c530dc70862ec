"""A volume: a snapshot of its RBD image, of which restic reads the extents that changed since the last good one.

The storage keeps the snapshot that was stored last, to say what changed since. It is named as Cinder's own backups name
theirs, so that Cinder removes it together with the volume. A server that uses the volume is asked to hold its file systems
still meanwhile (:mod:`backup.sources.stillness`).

What is believed of the storage, and for how long, is said in :mod:`backup.sources.carrying`. A drill finds what the vault
has lost or altered, extent by extent; what the storage wrongly called unchanged is found when all is read again.
"""

from __future__ import annotations

import re
import secrets
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from backup.command import Command
from backup.plan import Job
from backup.records import BackupRecord
from backup.restic import Repository
from backup.sources.carrying import Base, draft_changes, draft_whole, extent_bytes, lies, touched, why_not
from backup.sources.extent_backup import store_extents
from backup.sources.manifests import Manifests
from backup.sources.mounted_backup import CannotCarryError, Way
from backup.sources.rbd_image import Image, open_image
from backup.sources.stillness import Writer, make_still
from backup.sources.stored_volume import Manifest, StoredVolumeError, parse_manifest
from backup.sources.taken import Say, Taken
from tenants.installation import repository as code

POOL = "volumes"
OWN = re.compile(r"backup\.oneroof-[0-9a-f]{8}\.snap\.|oneroof-backup-")
"""Snapshots that were made here; all but that of the last good run are left over from runs that were cut short."""


def take(
    job: Job,
    volume_id: str,
    repository: Repository,
    last: BackupRecord | None,
    manifests: Manifests,
    staging: Path,
    writers: Sequence[Writer] | None,
    say: Say,
) -> Taken:
    """Back a volume up as it is at one instant, on top of the last good snapshot where that can be trusted.

    No snapshot counts unless the storage gave, and restic read, every byte that may have changed. Raises
    :class:`NotTakenError`, or ``OSError`` where the storage does not answer.
    """
    name, taken_at = f"volume-{volume_id}", datetime.now(UTC)
    way = Way(job, repository, staging / job.department / "volume" / job.project / job.item, say)
    base = load_base(job, last, repository, manifests)
    with open_image(POOL, name) as image:
        for left_over in image.snapshots():
            if OWN.match(left_over.name) and not (base and left_over.name == base.manifest.snapshot):
                image.remove_snapshot(left_over.name)
        frozen = f"backup.oneroof-{secrets.token_hex(4)}.snap.{taken_at:%Y%m%dT%H%M%SZ}"
        consistency = make_still(writers, lambda: image.create_snapshot(frozen), lambda line: say(f"{job.label}: {line}"))
        try:
            taken, manifest = _store(way, image, name, frozen, base, taken_at)
        except BaseException:
            image.remove_snapshot(frozen)
            raise
    manifests.keep(job, taken.snapshot_id, manifest, base.snapshot_id if base else "")
    return replace(taken, consistency=consistency)


def load_base(job: Job, last: BackupRecord | None, repository: Repository, manifests: Manifests) -> Base | None:
    """Give what can be carried on from; nothing where there is no such snapshot, or its manifest is not the recorded one."""
    manifest = manifests.load(job, last, repository) if last else b""
    try:
        return Base(last.snapshot_id, parse_manifest(manifest)) if last and manifest else None
    except StoredVolumeError:
        return None


def _store(way: Way, image: Image, name: str, frozen: str, base: Base | None, taken_at: datetime) -> tuple[Taken, bytes]:
    present = {s.name for s in image.snapshots()}
    alone = all(OWN.match(s) for s in present)
    show = _show(name, frozen)
    with open_image(POOL, name, frozen) as at:
        size, extent = at.size, extent_bytes(at.size, at.object_bytes)
        reason = why_not(base, image.id, extent, present, taken_at, way.job.reread_within)
        told = base is not None and base.manifest.image == image.id and base.manifest.snapshot in present
        changes = at.changes(base.manifest.snapshot, whole_objects=base.manifest.alone) if base and told else ()
        if base and not reason:
            draft = draft_changes(base.manifest, size, frozen, changes, alone=alone)
            try:
                return store_extents(way, show, draft, base.snapshot_id, taken_at)
            except CannotCarryError as error:
                reason = str(error)
        way.say(f"{way.job.label}: everything is read, as {reason}")
        empty = Manifest(size, extent, image.id, frozen, 1, taken_at.isoformat(), alone, ())
        taken, manifest = store_extents(way, show, draft_whole(empty, at.changes(None, whole_objects=True)), "", taken_at)
    if base and told and (found := lies(parse_manifest(manifest), base.manifest, touched(changes, extent))):
        doubt = f"the storage called {len(found)} extents unchanged that had changed, the first at byte {found[0]}"
        return replace(taken, doubt=doubt, doubt_since=datetime.fromisoformat(base.manifest.read_at)), manifest
    return taken, manifest


def _show(name: str, frozen: str) -> Callable[[Path], Command]:
    def show(mountpoint: Path) -> Command:
        program = (sys.executable, "-m", "backup.sources.extent_mount", POOL, name, frozen, str(mountpoint))
        return Command(program, {"PYTHONPATH": str(code())})

    return show
