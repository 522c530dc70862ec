"""Images put back into Ceph under the ids that Glance knows them by, each held against the sum that Glance told."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backup.command import Command, pipe
from backup.plan import Job
from backup.records import BackupRecord
from backup.restic import Repository, build_dump_file
from backup.restore.container import fetched
from backup.restore.volume import WRITING, Written, is_there
from backup.sources.image import DESCRIPTION
from backup.sources.taken import NotTakenError, Say, demand_restic

POOL = "images"


def restore_images(job: Job, snapshot: BackupRecord, repository: Repository, staging: Path, say: Say) -> Written:
    """Put back what of a snapshot's images Ceph does not have; raise :class:`NotTakenError`. What is there is left alone."""
    described = demand_restic(repository, build_dump_file(repository, snapshot.snapshot_id, f"/{DESCRIPTION}")).stdout
    images = json.loads(described)["images"]
    missing = [image for image in images if not is_there(f"{POOL}/{image['id']}")]
    if not missing:
        return Written(0, "", "is there already: restored by an earlier run")
    with fetched(job, snapshot, repository, staging / "restore" / job.department / "image" / job.item, say) as tree:
        for image in missing:
            say(f"{job.label}: {image['name']}")
            _put(image, tree / "images" / str(image["id"]))
        return Written(snapshot.bytes, snapshot.sha256, f"{len(missing)} of {len(images)} images were missing")


def render_put(identifier: str) -> str:
    """Give the shell line that writes an image from standard input as Glance does. Pure.

    Whole, with the protected snapshot that servers' disks are cloned from; renamed last, so that half of one is never taken
    for it. What a run that was cut short left is removed first.
    """
    name, new = f"{POOL}/{identifier}", f"{POOL}/{identifier}{WRITING}"
    left_over = f"rbd snap unprotect {new}@snap; rbd snap purge --no-progress {new}; rbd rm --no-progress {new}"
    return (
        f"({left_over}) < /dev/null > /dev/null 2>&1; rbd import --no-progress - {new} && "
        f"rbd snap create --no-progress {new}@snap && rbd snap protect {new}@snap && rbd rename {new} {name}"
    )


def _put(image: Mapping[str, Any], file: Path) -> None:
    with file.open("rb") as stream:
        found = hashlib.file_digest(stream, str(image["os_hash_algo"])).hexdigest()
    if found != image["os_hash_value"]:
        raise NotTakenError(f"image {image['name']}: its content does not have the sum that Glance tells")
    script = Command(("sh", "-c", render_put(str(image["id"]))))
    piped = pipe(Command(("cat", str(file))), script, expected_bytes=file.stat().st_size)
    if not piped.ok:
        raise NotTakenError(f"image {image['name']}: {piped.reason}")
