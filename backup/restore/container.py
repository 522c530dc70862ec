"""A container restored: what of the snapshot is missing there is put back, each object compared by its checksum."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from backup.plan import Job
from backup.records import BackupRecord, Source
from backup.restic import Repository, build_restore
from backup.restore.target import Target
from backup.restore.volume import Written
from backup.sources.container import MANIFEST
from backup.sources.taken import SUMS, NotTakenError, Say, demand_restic, render_sums


def check_tree(tree: Path, sha256: str) -> None:
    """Hold every file of a restored tree against its sums, and the sums against the record; raise :class:`NotTakenError`."""
    sums = tree / SUMS
    told = sums.read_bytes() if sums.is_file() else b""
    if (found := hashlib.sha256(told).hexdigest()) != sha256:
        raise NotTakenError(f"the sums of the restored files are {found[:16]}…, the record says {sha256[:16]}…")
    if render_sums(tree) != told:
        raise NotTakenError("the restored files are not those of their sums")


@contextmanager
def fetched(job: Job, snapshot: BackupRecord, repository: Repository, tree: Path, say: Say) -> Iterator[Path]:
    """Bring a snapshot into a folder, compared with its record, for the time of the block."""
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True, mode=0o700)
    try:
        say(f"{job.label}: reading the snapshot")
        demand_restic(repository, build_restore(repository, snapshot.snapshot_id, tree))
        check_tree(tree, snapshot.sha256)
        yield tree
    finally:
        shutil.rmtree(tree, ignore_errors=True)


def left_to_put(
    objects: Sequence[Mapping[str, Any]], present: Mapping[str, str], *, overwrite: bool, container: str
) -> list[Mapping[str, Any]]:
    """Give the objects that are missing or differ; raise :class:`NotTakenError` where one differs and may not be replaced.

    ``present`` has the store's checksum of each object that is there. Pure.
    """
    left = [entry for entry in objects if present.get(entry["name"]) != entry["etag"]]
    differ = [entry["name"] for entry in left if entry["name"] in present]
    if differ and not overwrite:
        what = f"container {container} holds {len(differ)} objects that are not as in the snapshot, {differ[0]!r} the first"
        raise NotTakenError(f"{what}: tell --overwrite to replace them")
    return left


def restore_container(
    job: Job,
    target: Target,
    snapshot: BackupRecord,
    repository: Repository,
    staging: Path,
    *,
    prefix: str = "",
    overwrite: bool,
    say: Say,
) -> Written:
    """Bring a snapshot into a container, or the files of a database's dump as objects; raise :class:`NotTakenError`.

    ``prefix`` is put before every object's name. What the snapshot does not have is left there.
    """
    with fetched(job, snapshot, repository, staging / "restore" / job.department / job.project / job.item, say) as tree:
        held = read_files(tree) if snapshot.source is Source.DATABASE else read_objects(tree)
        objects = [{**entry, "name": prefix + entry["name"]} for entry in held]
        present = _present(target, job)
        left = left_to_put(objects, present, overwrite=overwrite, container=job.name)
        for number, entry in enumerate(left, start=1):
            _put(job, target, entry, tree / entry["file"])
            if number % 100 == 0 or number == len(left):
                say(f"{job.label}: {number} of {len(left)} objects")
        after = _present(target, job)
        if lost := [entry["name"] for entry in objects if entry["name"] not in after]:
            raise NotTakenError(f"container {job.name}: {len(lost)} objects are not there afterwards, {lost[0]!r} the first")
        more = len(after.keys() - {entry["name"] for entry in objects})
        note = f"{len(objects)} objects, {len(objects) - len(left)} of them were there"
        return Written(
            snapshot.bytes, snapshot.sha256, note + (f"; {more} that the snapshot does not have are left" if more else "")
        )


def read_objects(tree: Path) -> list[dict[str, Any]]:
    """Give the objects of a container's snapshot, each with its file in the tree."""
    objects = json.loads((tree / MANIFEST).read_text(encoding="utf-8"))["objects"]
    return [{**entry, "file": f"objects/{entry['file']}"} for entry in objects]


def read_files(tree: Path) -> list[dict[str, Any]]:
    """Give the files of a tree as objects that the store would describe alike."""
    names = sorted(str(file.relative_to(tree)) for file in tree.rglob("*") if file.is_file())
    return [{"name": name, "file": name, "etag": _md5(tree / name), "headers": {}} for name in names]


def _present(target: Target, job: Job) -> dict[str, str]:
    return {str(each["name"]): str(each["hash"]) for each in target.objects(job)}


def _put(job: Job, target: Target, entry: Mapping[str, Any], content: Path) -> None:
    etag = target.upload(job, entry["name"], content, entry["headers"])
    if etag != (md5 := _md5(content)):
        raise NotTakenError(f"object {entry['name']}: the store took {etag}, expected {md5}")


def _md5(file: Path) -> str:
    with file.open("rb") as stream:  # the store's own checksum, not a protection
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
