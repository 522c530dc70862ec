"""A volume: a snapshot of its RBD image, streamed to the vault with size and sha256 taken on the way."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

from backup.command import Command, pipe
from backup.plan import Job
from backup.restic import Repository, build_backup_stream
from backup.sources.taken import NotTakenError, Say, Taken, demand, identify

POOL = "volumes"
PREFIX = "oneroof-backup-"
"""Of the RBD snapshots made here; one that is left over is from a run that was cut short."""


def stream_name(job: Job) -> str:
    """Give the name of the file that holds a volume's bytes in its snapshot."""
    return f"/{job.project}-{job.item}.raw"


def take(job: Job, volume_id: str, repository: Repository, say: Say) -> Taken:
    """Back a volume up as it is at one instant: as after a power failure, which its file system's journal is made for.

    Raises :class:`NotTakenError`; no snapshot is stored unless RBD gave every byte of the image and ended well.
    """
    image = f"{POOL}/volume-{volume_id}"
    for left_over in _own_snapshots(image):
        demand(Command(("rbd", "snap", "rm", f"{image}@{left_over}", "--no-progress")))
    taken_at = datetime.now(UTC)
    frozen = f"{image}@{PREFIX}{taken_at:%Y%m%dT%H%M%SZ}"
    demand(Command(("rbd", "snap", "create", frozen, "--no-progress")))
    try:
        size = int(json.loads(demand(Command(("rbd", "info", frozen, "--format", "json"))).stdout)["size"])
        piped = pipe(
            Command(("rbd", "export", frozen, "-", "--no-progress")),
            build_backup_stream(repository, stream_name(job), f"{job.source}:{job.name}"),
            expected_bytes=size,
            progress=_progress(job, size, say),
        )
        if not piped.ok:
            raise NotTakenError(piped.reason)
        made = identify(repository, piped.sink.stdout)
        if made.bytes != size:
            raise NotTakenError(f"restic stored {made.bytes} bytes of an image of {size}")
        return Taken(made.snapshot_id, size, piped.sha256, taken_at, made.added_bytes)
    finally:
        demand(Command(("rbd", "snap", "rm", frozen, "--no-progress")))


def _own_snapshots(image: str) -> list[str]:
    listed = json.loads(demand(Command(("rbd", "snap", "ls", image, "--format", "json"))).stdout)
    return [s["name"] for s in listed if s["name"].startswith(PREFIX)]


def _progress(job: Job, size: int, say: Say) -> Callable[[int], None]:
    told = 0

    def tell(done: int) -> None:
        nonlocal told
        if (tenth := done * 10 // size) > told:
            told = tenth
            say(f"{job.label}: {tenth * 10} % of {size >> 20} MiB")

    return tell
