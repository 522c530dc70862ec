"""Restores run on the operations host: one after the other, each compared and recorded before the next begins."""

from __future__ import annotations

import fcntl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from backup.departments import load_kept
from backup.keys import DIRECTORY, installed_repository
from backup.opening import probe_version
from backup.plan import Job, build_jobs
from backup.policy import load_policy
from backup.records import BackupRecord, Outcome, Source, append_records, load_records
from backup.restic import Repository
from backup.restore import container, image, volume
from backup.restore.database import restore_database
from backup.restore.record import RestoreRecord
from backup.restore.target import Target
from backup.restore.volume import Written
from backup.restore.wish import Wish
from backup.runner import run_jobs
from backup.sources import database
from backup.sources.taken import NotTakenError, Say
from tenants.installation import Installation
from tenants.problem import UserError


def run_wishes(
    wishes: Iterable[Wish], installation: Installation, say: Say, directory: Path = DIRECTORY
) -> tuple[RestoreRecord, ...]:
    """Restore here; give the record of each. One that fails stops no other; a run that was left alone is waited for."""
    with _alone(installation.home / "locks"):
        return _run_wishes(wishes, installation, say, directory)


def _run_wishes(wishes: Iterable[Wish], installation: Installation, say: Say, directory: Path) -> tuple[RestoreRecord, ...]:
    version = probe_version(say)
    target = Target(installation.clouds)
    ended: list[RestoreRecord] = []
    for wish in wishes:
        started_at = datetime.now(UTC)
        _begin(wish, started_at, installation)
        say(f"{wish.label}: restoring {wish.snapshot.snapshot_id[:8]} of {wish.snapshot.started_at:%Y-%m-%d %H:%M}Z")
        try:
            cache = installation.home / "cache" / "restic"
            repository = replace(installed_repository(wish.snapshot.department, cache, directory), version=version)
            if wish.is_live:
                written = _restore_live(wish, repository, installation, say, directory)
            else:
                written = _restore(wish, target, repository, installation.home / "staging", say)
        except BrokenPipeError:  # nobody listens any more: this run was interrupted
            raise
        except (NotTakenError, UserError, OSError) as error:
            record = failed(wish, started_at, str(error))
        else:
            if written.note:
                say(f"{wish.label}: {written.note}")
            if not written.sha256:  # an earlier run restored it, and its record says so
                continue
            record = restored(wish, started_at, written)
        append_records(installation.records, [record])
        ended.append(record)
    return tuple(ended)


def _begin(wish: Wish, started_at: datetime, installation: Installation) -> None:
    """Put on record that a request is begun, with its snapshot: a run after an interruption carries on with the same."""
    if wish.asked is None:
        return
    known = load_records(RestoreRecord, installation.records)
    if not any((r.department, r.request) == (wish.snapshot.department, wish.asked.key) for r in known):
        append_records(installation.records, [_record(wish, started_at, Written(0, ""), Outcome.PENDING, "")])


def _restore(wish: Wish, target: Target, repository: Repository, staging: Path, say: Say) -> Written:
    snapshot, overwrite = wish.snapshot, wish.overwrite
    target_name, prefix = split_target(wish.target)
    job = as_job(snapshot, target_name)
    match snapshot.source:
        case Source.VOLUME:
            there = target.volume(job)
            mark = wish.asked.key if wish.asked else ""
            return volume.restore_volume(
                job, there, snapshot, repository, overwrite=overwrite, is_lost=wish.is_lost, mark=mark, say=say
            )
        case Source.CONTAINER | Source.DATABASE:
            return container.restore_container(
                job, target, snapshot, repository, staging, prefix=prefix, overwrite=overwrite, say=say
            )
        case Source.IMAGE:
            return image.restore_images(job, snapshot, repository, staging, say)
        case _:
            raise NotTakenError(f"a {snapshot.source} is restored into files alone")


def _restore_live(wish: Wish, repository: Repository, installation: Installation, say: Say, directory: Path) -> Written:
    """Bring a dump into the running database that the declaration tells of; what it replaces there is backed up first."""
    name, suffix = split_target(wish.target)
    declared = build_jobs(load_kept(installation.records), load_policy())
    own = [j for j in declared if (j.department, j.source, j.name) == (wish.snapshot.department, Source.DATABASE, name)]
    if not own:
        raise NotTakenError(f"{wish.label}: no declaration has this database with a recovery tier")
    (job,) = own

    def keep() -> str:
        (kept,) = run_jobs([job], installation, say, directory)
        if kept.outcome is not Outcome.GOOD:
            raise NotTakenError(f"what is there could not be backed up, and is left: {kept.reason}")
        return f"what was there is snapshot {kept.snapshot_id[:8]} of {kept.started_at:%Y-%m-%d %H:%M}Z"

    address, password = database.find_address(installation.home, job), database.installed_password(job)
    return restore_database(
        job,
        address,
        password,
        wish.snapshot,
        repository,
        installation.home / "staging",
        suffix=suffix,
        overwrite=wish.overwrite,
        keep=keep,
        say=say,
    )


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (directory / "restore").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def split_target(target: str) -> tuple[str, str]:
    """Give ``<project>/<name>``, and what is put before the names of objects.

    >>> split_target("prod/papers/back/2026/")
    ('prod/papers', 'back/2026/')
    """
    project, _, rest = target.partition("/")
    name, _, prefix = rest.partition("/")
    return f"{project}/{name}", prefix


def as_job(snapshot: BackupRecord, name: str) -> Job:
    """Give a snapshot's volume or container, or another of its department, as the sources know it."""
    return Job(snapshot.department, snapshot.source, name, "", timedelta(), timedelta(), timedelta())


def restored(wish: Wish, started_at: datetime, written: Written) -> RestoreRecord:
    """Give the record of a restore whose bytes are those of the snapshot's record."""
    return _record(wish, started_at, written, Outcome.VERIFIED, "")


def failed(wish: Wish, started_at: datetime, reason: str) -> RestoreRecord:
    """Give the record of a restore that did not come to its end."""
    return _record(wish, started_at, Written(0, ""), Outcome.FAILED, " ".join(reason.split()))


def _record(wish: Wish, started_at: datetime, written: Written, outcome: Outcome, reason: str) -> RestoreRecord:
    one = wish.snapshot
    return RestoreRecord(
        one.department,
        one.source,
        one.name,
        wish.target,
        started_at,
        datetime.now(UTC),
        one.snapshot_id,
        one.started_at,
        written.bytes,
        one.sha256,
        written.sha256,
        outcome,
        reason,
        *((wish.asked.key, wish.asked.reason, wish.asked.approved_by) if wish.asked else ()),
    )
