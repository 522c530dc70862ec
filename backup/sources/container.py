"""A container: its objects read through the Swift API into a tree, with a manifest that can put them back.

Objects are stored under the sha256 of their names, because a name may be longer than a file's, may hold ``..``, and ``a``
can stand beside ``a/b``; ``manifest.json`` has the names.

An object that the store lists as it did when it was fetched (checksum, size, time, type) is not fetched again: restic
carries its content over from the last good snapshot. Once within ``reread_within`` everything is fetched all the same.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from backup.command import Command
from backup.plan import Job
from backup.records import BackupRecord
from backup.restic import Repository, build_backup_tree, watch_progress
from backup.sources.carried_files import set_revision
from backup.sources.cloud import Cloud
from backup.sources.manifests import Manifests
from backup.sources.mounted_backup import CannotCarryError, Way, back_up_mounted
from backup.sources.taken import SUMS, NotTakenError, Say, Taken, demand_restic, identify
from tenants.installation import repository as code

MANIFEST = "manifest.json"
KEPT_HEADERS = ("content-type", "content-encoding", "content-disposition", "x-delete-at", "x-object-manifest")
LISTED = ("hash", "bytes", "last_modified", "content_type")
"""What the store lists of an object; writing it anew, or its headers, changes at least one of them."""


@dataclass(frozen=True)
class Base:
    """The last good snapshot of a container."""

    snapshot_id: str
    revision: int
    read_at: str
    """When everything was last fetched (ISO 8601)."""
    objects: Mapping[str, Mapping[str, Any]]
    """What its manifest says of each object, by name."""


def take(
    job: Job, cloud: Cloud, repository: Repository, last: BackupRecord | None, kept: Path, staging: Path, say: Say
) -> Taken:
    """Back a container up; raise :class:`NotTakenError` where an object does not arrive as the store describes it.

    ``kept`` is the folder of manifests of good snapshots.
    """
    manifests = Manifests(kept, MANIFEST, sum_of_tree)
    tree = staging / job.department / "container" / job.project / job.item
    way = Way(job, repository, tree.with_name(f"{job.item}.mounted"), say)
    base = parse_base(last, manifests.load(job, last, repository) if last else b"", datetime.now(UTC), job.reread_within)
    try:
        taken, manifest = _store(way, cloud, tree, base)
    except CannotCarryError as error:
        say(f"{job.label}: everything is read, as {error}")
        base = None
        taken, manifest = _store(way, cloud, tree, base)
    manifests.keep(job, taken.snapshot_id, manifest, base.snapshot_id if base else "")
    return taken


def object_file(name: str) -> str:
    """Give the file's name under ``objects/`` that holds an object."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def parse_base(last: BackupRecord | None, manifest: bytes, now: datetime, within: timedelta) -> Base | None:
    """Give what can be carried on from; nothing where everything must be fetched. Pure."""
    told = json.loads(manifest) if last and manifest else {}
    if last is None or "revision" not in told:  # older manifests do not say what was listed
        return None
    read_at = datetime.fromisoformat(told["read_at"])
    if not read_at <= now < read_at + within:
        return None
    return Base(last.snapshot_id, int(told["revision"]), told["read_at"], {e["name"]: e for e in told["objects"]})


def carry_over(listed: Mapping[str, Any], base: Base | None) -> dict[str, Any] | None:
    """Give what is known of an object that is as it was; nothing where it must be fetched. Pure."""
    known = base.objects.get(str(listed["name"])) if base else None
    return dict(known) if known and known["listed"] and known["listed"] == _as_listed(listed) else None


def render_sums(manifest: bytes, objects: Iterable[Mapping[str, Any]]) -> bytes:
    """Give the tree's sums without reading it. Pure."""
    lines = [f"{e['sha256']}  ./objects/{e['file']}\n" for e in sorted(objects, key=lambda e: str(e["file"]))]
    return "".join([f"{hashlib.sha256(manifest).hexdigest()}  ./{MANIFEST}\n", *lines]).encode()


def sum_of_tree(manifest: bytes) -> str:
    """Give the sha256 that stands for the whole tree of a manifest; nothing where it is none. Pure."""
    try:
        return hashlib.sha256(render_sums(manifest, json.loads(manifest)["objects"])).hexdigest()
    except (ValueError, TypeError, KeyError):
        return ""


def _store(way: Way, cloud: Cloud, tree: Path, base: Base | None) -> tuple[Taken, bytes]:
    shutil.rmtree(tree, ignore_errors=True)
    (tree / "objects").mkdir(parents=True, mode=0o700)
    revision, taken_at = base.revision + 1 if base else 1, datetime.now(UTC)
    try:
        objects = _fetch_changed(way, cloud, tree, base, revision)
        read_at = base.read_at if base else taken_at.isoformat()
        told = {"container": way.job.name, "taken_at": taken_at.isoformat(), "revision": revision, "read_at": read_at}
        manifest = json.dumps(told | {"objects": objects}, ensure_ascii=False, indent=1).encode() + b"\n"
        sums = render_sums(manifest, objects)
        for name, content in ((MANIFEST, manifest), (SUMS, sums)):
            (tree / name).write_bytes(content)
            set_revision(tree / name, revision)
        size = sum(int(e["bytes"]) for e in objects) + len(manifest) + len(sums)
        carried = {f"objects/{e['file']}": (e["bytes"], e["revision"]) for e in objects if e["revision"] != revision}
        read = size - sum(length for length, _ in carried.values())
        if base and carried:
            program = (sys.executable, "-m", "backup.sources.carried_files", str(tree), str(way.mountpoint))
            show = Command(program, {"PYTHONPATH": str(code())})
            made, _ = back_up_mounted(way, show, json.dumps(carried).encode(), base.snapshot_id, read, lambda *_: None)
        else:
            command = build_backup_tree(way.repository, tree, f"{way.job.source}:{way.job.name}")
            made = identify(way.repository, demand_restic(way.repository, command, progress=watch_progress()).stdout)
        if made.bytes != size:
            raise NotTakenError(f"restic stored {made.bytes} bytes of a tree of {size}")
        return Taken(
            made.snapshot_id, made.bytes, hashlib.sha256(sums).hexdigest(), taken_at, made.added_bytes, read
        ), manifest
    finally:
        shutil.rmtree(tree, ignore_errors=True)


def _fetch_changed(way: Way, cloud: Cloud, tree: Path, base: Base | None, revision: int) -> list[dict[str, Any]]:
    listed, objects, fetched = cloud.objects(way.job), [], 0
    for number, entry in enumerate(listed, start=1):
        if (held := carry_over(entry, base)) is None:
            held = _fetch(way.job, cloud, entry, tree / "objects") | {"revision": revision}
            set_revision(tree / "objects" / held["file"], revision)
            fetched += 1
        objects.append(held)
        if number % 1000 == 0 or number == len(listed):
            way.say(f"{way.job.label}: {number} of {len(listed)} objects, {fetched} of them fetched")
    return objects


def _as_listed(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: entry.get(key) for key in LISTED}


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
    # What is put together of parts changes without its own entry; what was written meanwhile was listed otherwise.
    known = whole and etag == md5.hexdigest() == entry.get("hash") and size == entry.get("bytes")
    return {
        "name": name,
        "file": object_file(name),
        "bytes": size,
        "etag": etag,
        "sha256": sha256.hexdigest(),
        "last_modified": headers.get("last-modified", ""),
        "headers": {k: v for k, v in headers.items() if k in KEPT_HEADERS or k.startswith("x-object-meta-")},
        "listed": _as_listed(entry) if known else {},
    }
