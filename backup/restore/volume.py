"""A volume restored in Ceph: written beside the image that is there, compared, and only then put in its place."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from backup.command import Command, run
from backup.plan import Job
from backup.records import BackupRecord
from backup.restic import Repository
from backup.restore.target import VolumeState
from backup.sources.taken import NotTakenError, Say, demand
from backup.sources.volume import POOL
from backup.sources.volume_restore import feed_volume

FEATURES = "layering,exclusive-lock,object-map,fast-diff,deep-flatten"
"""Of every image that Cinder makes here: without them a volume could not be snapshotted and compared quickly."""
WRITING, KEPT = ".restoring", ".before-restore-"
"""What is put behind an image's name while it is written, and behind the name of the one that it took the place of."""
MARK = "oneroof_request"
"""Key of an image's own metadata: the request that it was written for."""


@dataclass(frozen=True)
class Written:
    """What was written, and what became of what was there."""

    bytes: int
    sha256: str
    note: str = ""


def is_there(image: str) -> bool:
    """Tell whether an image exists; raise :class:`NotTakenError` where Ceph does not answer."""
    pool, _, name = image.partition("/")
    return name in json.loads(demand(Command(("rbd", "ls", pool, "--format", "json"))).stdout)


def holds_data(image: str) -> bool:
    """Tell whether anything was ever written to an image."""
    used = json.loads(demand(Command(("rbd", "diff", image, "--whole-object", "--format", "json"))).stdout)
    return any(extent.get("exists") in (True, "true") for extent in used)


def restore_volume(
    job: Job,
    volume: VolumeState,
    snapshot: BackupRecord,
    repository: Repository,
    *,
    overwrite: bool,
    is_lost: bool,
    mark: str = "",
    say: Say,
) -> Written:
    """Bring a snapshot into a volume; raise :class:`NotTakenError`, the volume then being what it was.

    What is in the volume is never touched while a server uses it, nor without ``overwrite``, and stays beside it by another
    name. Where the volume's image ``is_lost``, one that is there was put there whole by an earlier run, and is left; so is
    one with ``mark``, which an image keeps that is written for a request.
    """
    image = f"{POOL}/volume-{volume.identifier}"
    there = is_there(image)
    if there and is_lost:
        return Written(0, "", "is there already: restored by an earlier run")
    if there and mark and read_mark(image) == mark:
        return Written(snapshot.bytes, snapshot.sha256, "was put there by a run that was interrupted")
    if volume.users and not is_lost:
        raise NotTakenError(f"volume {job.name} is attached to server {volume.users[0]}: detach it, or restore into another")
    if snapshot.bytes > volume.size_bytes:
        raise NotTakenError(f"the snapshot has {snapshot.bytes} bytes, volume {job.name} holds {volume.size_bytes}")
    full = there and holds_data(image)
    if full and not overwrite:
        raise NotTakenError(f"volume {job.name} holds data: tell --overwrite to put the snapshot in its place")
    written = _write(repository, snapshot, image, job, say)
    if volume.size_bytes > snapshot.bytes:  # it was extended since
        demand(Command(("rbd", "resize", "--no-progress", "--size", f"{volume.size_bytes >> 20}M", image + WRITING)))
    if mark:
        demand(Command(("rbd", "image-meta", "set", image + WRITING, MARK, mark)))
    note = ""
    if full:
        kept = f"{image}{KEPT}{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        demand(Command(("rbd", "rename", image, kept)))
        note = f"what was there is kept as {kept}"
    elif there:
        demand(Command(("rbd", "rm", "--no-progress", image)))
    demand(Command(("rbd", "rename", image + WRITING, image)))
    return Written(written.bytes, written.sha256, note)


def read_mark(image: str) -> str:
    """Give the request that an image was written for; empty where there is none."""
    told = json.loads(demand(Command(("rbd", "image-meta", "list", image, "--format", "json"))).stdout or b"{}")
    return str(told.get(MARK, ""))


def make_empty(image: str, size_bytes: int) -> None:
    """Make an image without content, for a volume that was left out of backups on purpose."""
    demand(Command(("rbd", "create", "--image-feature", FEATURES, "--size", f"{size_bytes >> 20}M", image)))


def _write(repository: Repository, snapshot: BackupRecord, image: str, job: Job, say: Say) -> Written:
    new = image + WRITING
    if is_there(new):  # of a run that was cut short
        demand(Command(("rbd", "rm", "--no-progress", new)))
    try:
        sink = Command(("rbd", "import", "--no-progress", "--image-feature", FEATURES, "-", new))
        piped = feed_volume(snapshot, repository, sink, tell_tenths(job.label, snapshot.bytes, say))
        if not piped.ok:
            raise NotTakenError(piped.reason)
    except BaseException:
        run(Command(("rbd", "rm", "--no-progress", new)))
        raise
    return Written(piped.bytes, snapshot.sha256)  # as it was compared


def tell_tenths(label: str, size: int, say: Say) -> Callable[[int], None]:
    """Give what says each tenth of a stream once."""
    told = 0

    def tell(done: int) -> None:
        nonlocal told
        if (tenth := done * 10 // max(1, size)) > told:
            told = tenth
            say(f"{label}: {tenth * 10} % of {size >> 20} MiB")

    return tell
