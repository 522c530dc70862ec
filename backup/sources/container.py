"""A container: its objects read through the Swift API into a tree, with a manifest that can put them back.

Objects are stored under the sha256 of their names, because a name may be longer than a file's, may hold ``..``, and ``a``
can stand beside ``a/b``; ``manifest.json`` has the names.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from backup.plan import Job
from backup.restic import Repository
from backup.sources.cloud import Cloud
from backup.sources.taken import NotTakenError, Say, Taken, store_tree

MANIFEST = "manifest.json"
KEPT_HEADERS = ("content-type", "content-encoding", "content-disposition", "x-delete-at", "x-object-manifest")


def take(job: Job, cloud: Cloud, repository: Repository, staging: Path, say: Say) -> Taken:
    """Back a container up; raise :class:`NotTakenError` where an object does not arrive as the store describes it."""
    tree = staging / job.department / "container" / job.project / job.item
    shutil.rmtree(tree, ignore_errors=True)
    (tree / "objects").mkdir(parents=True, mode=0o700)
    try:
        taken_at = datetime.now(UTC)
        listed = cloud.objects(job)
        entries = []
        for number, entry in enumerate(listed, start=1):
            entries.append(_fetch(job, cloud, entry, tree / "objects"))
            if number % 100 == 0 or number == len(listed):
                say(f"{job.label}: {number} of {len(listed)} objects")
        manifest = {"container": job.name, "taken_at": taken_at.isoformat(), "objects": entries}
        (tree / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        return store_tree(repository, tree, f"{job.source}:{job.name}", taken_at)
    finally:
        shutil.rmtree(tree, ignore_errors=True)


def object_file(name: str) -> str:
    """Give the file's name under ``objects/`` that holds an object."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def _fetch(job: Job, cloud: Cloud, entry: dict[str, Any], directory: Path) -> dict[str, Any]:
    name = str(entry["name"])
    headers, pieces = cloud.download(job, name)
    # MD5 is the object store's own checksum of what it holds, not a protection.
    sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    with (directory / object_file(name)).open("wb") as stream:
        for piece in pieces:
            stream.write(piece)
            sha256.update(piece)
            md5.update(piece)
            size += len(piece)
    etag = headers.get("etag", "").strip('"')
    whole = "x-object-manifest" not in headers and headers.get("x-static-large-object", "").lower() != "true"
    if "content-length" in headers and size != int(headers["content-length"]):
        raise NotTakenError(f"object {name}: got {size} bytes, the store said {headers['content-length']}")
    if whole and len(etag) == 32 and etag != md5.hexdigest():
        raise NotTakenError(f"object {name}: its content does not match the store's checksum")
    return {
        "name": name,
        "file": object_file(name),
        "bytes": size,
        "etag": etag,
        "sha256": sha256.hexdigest(),
        "last_modified": headers.get("last-modified", ""),
        "headers": {k: v for k, v in headers.items() if k in KEPT_HEADERS or k.startswith("x-object-meta-")},
    }
