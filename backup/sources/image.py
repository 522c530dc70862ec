"""Images: what Glance holds, downloaded and held against Glance's own sum before any of it goes to the vault.

A department's image is one job; the images that all departments share are one job together. ``images.json`` has what
Glance tells of each, ``images/<id>`` its bytes.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from backup.plan import SHARED_IMAGES, Job
from backup.restic import Repository
from backup.sources.cloud import Cloud
from backup.sources.taken import NotTakenError, Say, Taken, store_tree

DESCRIPTION = "images.json"
ALGORITHMS = ("sha256", "sha384", "sha512")
"""Of those that Glance may be told to use, the ones that are sums worth the name."""
SPARE = 1 << 30
"""Bytes that stay free on the staging disk: others write there too."""


def take(job: Job, cloud: Cloud, repository: Repository, staging: Path, say: Say) -> Taken:
    """Back images up; raise :class:`NotTakenError` where one does not arrive as Glance describes it."""
    tree = staging / job.department / "image" / job.item
    shutil.rmtree(tree, ignore_errors=True)
    (tree / "images").mkdir(parents=True, mode=0o700)
    try:
        taken_at = datetime.now(UTC)
        found = choose(cloud.images(job), job)
        need, free = sum(int(image["size"]) for image in found), shutil.disk_usage(tree).free
        if need + SPARE > free:
            raise NotTakenError(f"{staging} has {free >> 20} MiB free, expected {(need + SPARE) >> 20} MiB for {job.name}")
        for image in found:
            say(f"{job.label}: {image['name']}, {int(image['size']) >> 20} MiB")
            _fetch(cloud, image, tree / "images" / str(image["id"]))
        text = json.dumps({"taken_at": taken_at.isoformat(), "images": found}, ensure_ascii=False, indent=1)
        (tree / DESCRIPTION).write_text(text + "\n", encoding="utf-8")
        return store_tree(repository, tree, f"{job.source}:{job.name}", taken_at)
    finally:
        shutil.rmtree(tree, ignore_errors=True)


def choose(found: Sequence[Mapping[str, Any]], job: Job) -> list[Mapping[str, Any]]:
    """Give the images to back up, by their ids; raise :class:`NotTakenError` unless each can be held against a sum. Pure."""
    if job.name != SHARED_IMAGES and len(found) != 1:
        raise NotTakenError(f"the cloud has {len(found)} active images {job.item} in the project, expected one")
    if not found:
        raise NotTakenError("the cloud has no image that all departments may use")
    for image in found:
        if not re.fullmatch(r"[0-9a-f-]{36}", str(image["id"])):
            raise NotTakenError(f"image {image['id']!r}: expected a UUID")
        if image.get("os_hash_algo") not in ALGORITHMS or not image.get("os_hash_value"):
            got = image.get("os_hash_algo") or "no sum"
            raise NotTakenError(f"image {image['name']}: Glance tells {got}, expected {', '.join(ALGORITHMS)}")
    return sorted(found, key=lambda image: str(image["id"]))


def _fetch(cloud: Cloud, image: Mapping[str, Any], file: Path) -> None:
    digest, size = hashlib.new(str(image["os_hash_algo"])), 0
    with file.open("wb") as stream:
        for piece in cloud.download_image(str(image["id"])):
            stream.write(piece)
            digest.update(piece)
            size += len(piece)
    if size != int(image["size"]):
        raise NotTakenError(f"image {image['name']}: got {size} bytes, Glance said {image['size']}")
    if digest.hexdigest() != image["os_hash_value"]:
        raise NotTakenError(
            f"image {image['name']}: its content does not have the {image['os_hash_algo']} that Glance tells"
        )
