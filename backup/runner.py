"""Runs jobs on the operations host: source to vault, checked, and recorded as it happens.

The jobs of a department share a repository, so they run one after the other, are checked together, and a failure of one
leaves the others alone. A run that is cut short leaves pending records, which count for nothing; the next run starts anew.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from backup.checking import check_repository
from backup.ending import Version
from backup.keys import DIRECTORY, installed_repository
from backup.opening import open_repository, probe_version
from backup.plan import CONTROL_PLANE, Job
from backup.policy import load_policy
from backup.records import BackupRecord, Outcome, Source, append_records, load_backups
from backup.restic import Repository
from backup.sources.table import TAKE, Host
from backup.sources.taken import NotTakenError, Say, Taken, list_snapshots
from backup.trust import record_doubt
from backup.turns import due_since, turn
from backup.vault.freeze import freeze_unusual
from tenants.installation import Installation
from tenants.problem import UserError

if TYPE_CHECKING:
    from backup.sources.cloud import Cloud


def run_jobs(
    jobs: Iterable[Job], installation: Installation, say: Say, directory: Path = DIRECTORY
) -> tuple[BackupRecord, ...]:
    """Run jobs on this host; give the last record of each. Raises :class:`UserError` where this host cannot run any."""
    version = probe_version(say)
    # the control plane last: it takes along the evidence of all that was backed up before
    wanted = sorted(
        jobs, key=lambda j: (j.department == CONTROL_PLANE, j.department, j.source is Source.CONTROL_PLANE, j.source, j.name)
    )
    cloud = _lazy_cloud(installation)
    at_once = load_policy().at_once
    ended: list[BackupRecord] = []
    for department, of_one in groupby(wanted, key=lambda j: j.department):
        own = list(of_one)
        wait = f"{department}: waiting for its turn: {at_once} departments are backed up at once"
        with (
            alone(installation.home / "locks", department),
            turn(
                installation.home / "turns", due_since(own, load_backups(installation.records)), at_once, partial(say, wait)
            ),
        ):
            ended += _run_department(department, own, installation, directory, cloud, version, say)
    return tuple(ended)


def _run_department(
    department: str,
    jobs: list[Job],
    installation: Installation,
    directory: Path,
    cloud: Callable[[], Cloud],
    version: Version,
    say: Say,
) -> list[BackupRecord]:
    started_at = datetime.now(UTC)
    try:
        repository = replace(
            installed_repository(department, installation.home / "cache" / "restic", directory), version=version
        )
        known = open_repository(repository, installation.records, say)
    except (NotTakenError, UserError) as error:
        failures = [_failed(job, started_at, str(error)) for job in jobs]
        append_records(installation.records, failures)
        return failures
    ended: list[BackupRecord] = []
    for job in jobs:
        say(f"{job.label}: starting")
        started_at = datetime.now(UTC)
        try:
            taken = TAKE[job.source](job, repository, Host(installation, cloud), say)
        except (NotTakenError, OSError) as error:  # OSError: a full disk, a connection that broke
            record = _failed(job, started_at, str(error))
        else:
            record = _pending(job, taken)
            record_doubt(installation.records, job, taken)
        append_records(installation.records, [record])
        ended.append(record)
    if pending := [r for r in ended if r.outcome is Outcome.PENDING]:
        doubt = check_repository(repository, known, jobs[0].reread_within, installation.records, say)
        judged = judge(pending, doubt, _listed(repository, pending), datetime.now(UTC))
        append_records(installation.records, judged)
        ended = [r for r in ended if r.outcome is not Outcome.PENDING] + judged
        own = [r for r in load_backups(installation.records) if r.department == department]
        freeze_unusual(own, load_policy().vault.freeze, {}, installation.records, say)
    return ended


def judge(pending: Iterable[BackupRecord], doubt: str, listed: Container[str], now: datetime) -> list[BackupRecord]:
    """Give the records after the check: good where the repository lists it and nothing is wrong, else failed."""
    judged = []
    for record in pending:
        reason = doubt or ("" if record.snapshot_id in listed else "the vault does not list the snapshot")
        outcome = Outcome.FAILED if reason else Outcome.GOOD
        judged.append(replace(record, ended_at=now, outcome=outcome, reason=reason))
    return judged


def _listed(repository: Repository, pending: Iterable[BackupRecord]) -> tuple[str, ...]:
    try:
        return list_snapshots(repository, *(r.snapshot_id for r in pending))
    except NotTakenError:  # no answer lists nothing
        return ()


def _lazy_cloud(installation: Installation) -> Callable[[], Cloud]:
    connected: list[Cloud] = []

    def connect() -> Cloud:
        if not connected:
            from backup.sources.cloud import Cloud  # here: openstacksdk takes a second to import

            connected.append(Cloud(installation.clouds))
        return connected[0]

    return connect


@contextmanager
def alone(directory: Path, department: str) -> Iterator[None]:
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
        added_bytes=taken.added_bytes,
        read_bytes=taken.read_bytes,
        consistency=taken.consistency,
    )


def _failed(job: Job, started_at: datetime, reason: str) -> BackupRecord:
    now, reason = datetime.now(UTC), " ".join(reason.split())
    return BackupRecord(job.department, job.source, job.name, started_at, now, "", 0, "", Outcome.FAILED, reason)
