"""Checks repositories when asked, without a new snapshot: the parts that are due, or all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from backup.checking import check_repository, load_checks
from backup.exchange import fetch_ledgers
from backup.keys import DIRECTORY, installed_repository
from backup.lock import PATIENCE
from backup.opening import open_repository, probe_version
from backup.plan import CONTROL_PLANE, Job
from backup.policy import load_policy
from backup.records import CheckRecord, load_records
from backup.remotely import run_at
from backup.runner import alone
from backup.sources.taken import NotTakenError, Say
from backup.tables import render_lines
from backup.turns import turn
from tenants.installation import Installation
from tenants.machines import load_machine
from tenants.problem import UserError


def check_here(
    jobs: Iterable[Job],
    installation: Installation,
    say: Say,
    *,
    everything: bool = False,
    directory: Path = DIRECTORY,
    patience: timedelta = PATIENCE,
) -> tuple[CheckRecord, ...]:
    """Check on this host the repository of each department that the jobs are of; give the checks that were made.

    One that cannot be opened is said, and has none. A backup of the same department is waited for.
    """
    version, at_once = probe_version(say), load_policy().at_once
    within = {job.department: job.reread_within for job in jobs}
    made: list[CheckRecord] = []
    for department in sorted(within, key=lambda name: (name == CONTROL_PLANE, name)):
        wait = partial(say, f"{department}: waiting for its turn: {at_once} departments are worked on at once")
        with (
            alone(installation.home / "locks", department),
            turn(installation.home / "turns", datetime.now(UTC), at_once, wait),
        ):
            try:
                repository = installed_repository(department, installation.home / "cache" / "restic", directory)
                repository = replace(repository, version=version)
                known = open_repository(repository, installation.records, say)
            except (NotTakenError, UserError) as error:
                say(f"{department}: {error}")
                continue
            before = set(load_checks(installation.records, known))
            check_repository(
                repository,
                known,
                within[department],
                installation.records,
                say,
                everything=everything,
                patience=patience,
            )
            made += [c for c in load_checks(installation.records, known) if c not in before]
    return tuple(made)


def check_from_operator(
    jobs: Iterable[Job], installation: Installation, say: Say, *, everything: bool = False
) -> tuple[CheckRecord, ...]:
    """Have the operations host check; give the checks that it made, once they are on record here as well."""
    del say  # what it says comes through the terminal
    host = load_machine(installation, "operations")
    fetch_ledgers(installation, host)
    before = set(load_records(CheckRecord, installation.records))
    arguments = ["backup", "check", "--local", *(["--everything"] if everything else [])]
    arguments += sorted({job.department for job in jobs})
    run_at(host, arguments, "backup check", installation)
    return tuple(c for c in load_records(CheckRecord, installation.records) if c not in before)


def render_checks(checks: Iterable[CheckRecord]) -> str:
    """Give one line a check."""
    head = ("DEPARTMENT", "REPOSITORY", "ENDED", "READ", "SECONDS", "OUTCOME")
    rows = [
        (
            c.department,
            c.repository_id[:8],
            f"{c.ended_at:%Y-%m-%d %H:%M:%S}Z",
            f"part {c.part} of {c.parts}" if c.part else "structure",
            f"{(c.ended_at - c.started_at).total_seconds():.1f}",
            f"{c.outcome}: {c.reason}" if c.reason else str(c.outcome),
        )
        for c in checks
    ]
    return render_lines(head, rows)
