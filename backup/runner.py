"""Runs jobs on the operations host: source to vault, checked, and recorded as it happens.

The jobs of a department share a repository, so they run one after the other, are checked together, and a failure of one
leaves the others alone. A run that is cut short leaves pending records, which count for nothing; the next run starts anew.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from backup.command import Completed, run
from backup.keys import DIRECTORY, installed_repository
from backup.plan import Job
from backup.records import (
    BackupRecord,
    Outcome,
    RepositoryRecord,
    Source,
    append_records,
    load_records,
)
from backup.restic import (
    OLDEST,
    Repository,
    build_check,
    build_config,
    build_init,
    build_unlock,
    build_version,
    is_missing_repository,
    parse_repository_id,
    parse_version,
)
from backup.sources.taken import NotTakenError, Say, Taken, demand
from tenants.installation import Installation
from tenants.problem import Problem, UserError

if TYPE_CHECKING:
    from backup.sources.cloud import Cloud


def pushed_directory(installation: Installation) -> Path:
    """Give the folder in which the operations host keeps what the operator's machine pushed."""
    return installation.home / "operator"


def run_jobs(
    jobs: Iterable[Job], installation: Installation, say: Say, directory: Path = DIRECTORY
) -> tuple[BackupRecord, ...]:
    """Run jobs on this host; give the last record of each. Raises :class:`UserError` where this host cannot run any."""
    _demand_restic()
    wanted = sorted(jobs, key=lambda j: (j.department, j.source, j.name))
    cloud = _lazy_cloud(installation)
    ended: list[BackupRecord] = []
    for department, own in groupby(wanted, key=lambda j: j.department):
        with _alone(installation.home / "locks", department):
            ended += _run_department(department, list(own), installation, directory, cloud, say)
    return tuple(ended)


def open_repository(repository: Repository, records: Path, say: Say) -> str:
    """Give the repository's id; make the repository where this department never had one.

    Raises :class:`NotTakenError` where a known repository is gone or another one stands in its place: a new, empty one
    would look like a backup.
    """
    known = {r.department: r.repository_id for r in load_records(RepositoryRecord, records)}.get(repository.department)
    asked = run(build_config(repository))
    if not asked.ok:
        if not is_missing_repository(asked):
            raise NotTakenError(asked.reason)
        if known:
            raise NotTakenError(f"the vault has lost repository {known[:8]}; it is not made again by itself")
        say(f"{repository.department}: making its repository")
        demand(build_init(repository))
        asked = demand(build_config(repository))
    try:
        found = parse_repository_id(asked.stdout)
    except ValueError as error:
        raise NotTakenError(str(error)) from error
    if known and known != found:
        raise NotTakenError(f"the vault holds repository {found[:8]}, expected {known[:8]}")
    if not known:
        append_records(records, [RepositoryRecord(repository.department, found, datetime.now(UTC))])
    return found


def _run_department(
    department: str,
    jobs: list[Job],
    installation: Installation,
    directory: Path,
    cloud: Callable[[], Cloud],
    say: Say,
) -> list[BackupRecord]:
    started_at = datetime.now(UTC)
    try:
        repository = installed_repository(department, installation.home / "cache" / "restic", directory)
        open_repository(repository, installation.records, say)
        demand(build_unlock(repository))
    except (NotTakenError, UserError) as error:
        failures = [_failed(job, started_at, str(error)) for job in jobs]
        append_records(installation.records, failures)
        return failures
    ended: list[BackupRecord] = []
    for job in jobs:
        say(f"{job.label}: starting")
        started_at = datetime.now(UTC)
        try:
            taken = _take(job, repository, installation, cloud, say)
        except (NotTakenError, OSError) as error:  # OSError: a full disk, a connection that broke
            record = _failed(job, started_at, str(error))
        else:
            record = _pending(job, taken)
        append_records(installation.records, [record])
        ended.append(record)
    if pending := [r for r in ended if r.outcome is Outcome.PENDING]:
        say(f"{repository.department}: checking the repository")
        judged = judge(pending, run(build_check(repository)), datetime.now(UTC))
        append_records(installation.records, judged)
        ended = [r for r in ended if r.outcome is not Outcome.PENDING] + judged
    return ended


def judge(pending: Iterable[BackupRecord], check: Completed, now: datetime) -> list[BackupRecord]:
    """Give the records after ``restic check``: good where it passed, else failed with its reason."""
    outcome = Outcome.GOOD if check.ok else Outcome.FAILED
    return [replace(r, ended_at=now, outcome=outcome, reason=check.reason) for r in pending]


def _take(job: Job, repository: Repository, installation: Installation, cloud: Callable[[], Cloud], say: Say) -> Taken:
    staging = installation.home / "staging"
    match job.source:
        case Source.VOLUME:
            from backup.sources import volume

            return volume.take(job, cloud().volume_id(job), repository, say)
        case Source.CONTAINER:
            from backup.sources import container

            return container.take(job, cloud(), repository, staging, say)
        case Source.CONTROL_PLANE:
            from backup.sources import control_plane

            return control_plane.take(job, repository, staging, pushed_directory(installation), say)


def _lazy_cloud(installation: Installation) -> Callable[[], Cloud]:
    connected: list[Cloud] = []

    def connect() -> Cloud:
        if not connected:
            from backup.sources.cloud import Cloud  # here: openstacksdk takes a second to import

            connected.append(Cloud(installation.clouds))
        return connected[0]

    return connect


def _demand_restic() -> None:
    answer = run(build_version())
    try:
        version = parse_version(answer.stdout.decode()) if answer.ok else ()
    except ValueError:
        version = ()
    if version < OLDEST:
        found = ".".join(map(str, version)) or answer.reason or "a version that cannot be read"
        raise UserError(Problem(f"restic: got {found}, expected 0.14 or newer", "Role backup installs it."))


@contextmanager
def _alone(directory: Path, department: str) -> Iterator[None]:
    """Wait until no other run has this department: two would meet at the check, which needs the repository alone."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (directory / f"backup-{department}").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _pending(job: Job, taken: Taken) -> BackupRecord:
    return BackupRecord(
        job.department,
        job.source,
        job.name,
        taken.taken_at,
        datetime.now(UTC),
        taken.snapshot_id,
        taken.bytes,
        taken.sha256,
        Outcome.PENDING,
    )


def _failed(job: Job, started_at: datetime, reason: str) -> BackupRecord:
    now, reason = datetime.now(UTC), " ".join(reason.split())
    return BackupRecord(job.department, job.source, job.name, started_at, now, "", 0, "", Outcome.FAILED, reason)
