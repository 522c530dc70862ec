"""Opening a department's repository: the right one, by a restic that is known, with no dead lock in it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from backup.command import run
from backup.ending import Ending, Version, explain, judge
from backup.lock import clear_dead_locks
from backup.records import RepositoryRecord, append_records, load_records
from backup.restic import (
    NEWEST,
    OLDEST,
    Repository,
    build_config,
    build_init,
    build_version,
    parse_repository_id,
    parse_version,
)
from backup.sources.taken import NotTakenError, Say, demand_restic
from tenants.problem import Problem, UserError


def probe_version(say: Say) -> Version:
    """Ask which restic this host has; raise :class:`UserError` where it has none, or one older than was ever tried."""
    answer = run(build_version())
    try:
        version = parse_version(answer.stdout.decode()) if answer.ok else ()
    except ValueError:
        version = ()
    named = ".".join(map(str, version))
    if version < OLDEST:
        found = named or answer.reason or "a version that cannot be read"
        raise UserError(Problem(f"restic: got {found}, expected 0.14 or newer", "Role backup installs it."))
    if version[:2] > NEWEST:
        tried = ".".join(map(str, NEWEST))
        say(f"restic {named} is newer than {tried}, the newest that was tried: what it says anew counts as a failure")
    return version


def find_repository(records: Path, department: str) -> RepositoryRecord | None:
    """Give the repository that a department has, as it was first seen."""
    return {r.department: r for r in load_records(RepositoryRecord, records)}.get(department)


def open_repository(repository: Repository, records: Path, say: Say) -> RepositoryRecord:
    """Give the repository's record; make the repository where this department never had one.

    Raises :class:`NotTakenError` where a known repository is gone or another one stands in its place: a new, empty one
    would look like a backup.
    """
    known = find_repository(records, repository.department)
    asked = run(build_config(repository))
    if not asked.ok:
        if judge(asked, repository.version) is not Ending.NO_REPOSITORY:
            raise NotTakenError(explain(asked, repository.version))
        if known:
            raise NotTakenError(f"the vault has lost repository {known.repository_id[:8]}; it is not made again by itself")
        say(f"{repository.department}: making its repository")
        demand_restic(repository, build_init(repository))
        asked = demand_restic(repository, build_config(repository))
    try:
        found = parse_repository_id(asked.stdout)
    except ValueError as error:
        raise NotTakenError(str(error)) from error
    if known and known.repository_id != found:
        raise NotTakenError(f"the vault holds repository {found[:8]}, expected {known.repository_id[:8]}")
    if known is None:
        known = RepositoryRecord(repository.department, found, datetime.now(UTC))
        append_records(records, [known])
    clear_dead_locks(repository)
    return known
