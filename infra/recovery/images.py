"""Images that are in no backup, put back into Ceph under the ids that Glance knows, from this machine's guest images.

An image counts by the SHA-512 that Glance recorded when it was uploaded. One whose file cannot be made again with the same
content comes as a new image with the next apply; servers are then made from that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from backup.restore.control_plane import demand, query, send
from backup.restore.image import POOL, render_put
from backup.sources.taken import Say
from infra.image.build import list_images
from tenants.installation import Installation
from tenants.machines import load_machine

_WANTED = (
    "SELECT i.id, i.os_hash_value, i.name FROM glance.images i JOIN glance.image_locations l ON l.image_id = i.id"
    " WHERE i.deleted = 0 AND i.status = 'active' AND l.deleted = 0 AND l.value LIKE 'rbd://%'"
)


@dataclass(frozen=True)
class Wanted:
    """An image that Glance knows and whose bytes are gone."""

    identifier: str
    sha512: str
    name: str


def restore_images(installation: Installation, say: Say) -> tuple[Wanted, ...]:
    """Put back what is missing; give what no file here is the content of."""
    storage, controller = load_machine(installation, "storage"), load_machine(installation, "controllers")
    there = frozenset(demand(storage, f"rbd ls {POOL}").split())
    missing = find_missing(query(controller, _WANTED), there)
    files = _files() if missing else {}
    for image in missing:
        if image.sha512 in files:
            say(f"image {image.name}: {image.identifier}")
            send(storage, files[image.sha512], render_put(image.identifier))
    return tuple(image for image in missing if image.sha512 not in files)


def find_missing(rows: str, there: Iterable[str]) -> tuple[Wanted, ...]:
    """Give the images of a query's rows that are not among the pool's. Pure."""
    wanted = [Wanted(*line.split("\t")) for line in rows.splitlines()]
    present = frozenset(there)
    return tuple(image for image in wanted if image.identifier not in present)


def _files() -> Mapping[str, Path]:
    found: dict[str, Path] = {}
    for image in list_images():
        for file in (image.kernel, image.ramdisk, image.disk):
            if file is not None:
                with file.open("rb") as stream:
                    found[hashlib.file_digest(stream, "sha512").hexdigest()] = file
    return found
