"""``oneroof backup status|schedule|check|forget``."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime

import click

from tenants.installation import Installation
from tenants.problem import Problem, UserError


@click.command()
@click.argument("departments", nargs=-1)
@click.option("--local", is_flag=True, help="By the records of this machine alone; the operations host is not asked.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
def status(departments: tuple[str, ...], local: bool, as_json: bool) -> None:
    """Show of DEPARTMENTS, or all, how old the newest good snapshot of each thing is, and when its next run comes.

    Pending, good and verified snapshots; age against the tier's RPO; why the last run failed. Exit code 1 where a thing
    has no good snapshot, none as young as its RPO, or is in fewer places than its tier promises.
    """
    from backup.copies.record import CopyRecord, find_held
    from backup.jobs import load_jobs
    from backup.plan import select_jobs
    from backup.policy import load_policy
    from backup.records import load_backups, load_records
    from backup.standing import State, build_standings, render_standings, render_values

    jobs = select_jobs(load_jobs(), departments)
    installation = Installation.existing()
    _bring_records(installation, local=local)
    backups = load_backups(installation.records)
    held = find_held(load_records(CopyRecord, installation.records), backups)
    found = build_standings(jobs, backups, load_policy(), datetime.now(UTC), held)
    if as_json:
        click.echo(json.dumps([render_values(one) for one in found], indent=1, ensure_ascii=False))
    else:
        click.echo(render_standings(found))
    if any(one.state in (State.LATE, State.NEVER) or one.places < one.promised for one in found):
        sys.exit(1)


@click.command()
@click.argument("departments", nargs=-1)
@click.option("--next", "count", type=click.IntRange(1, 10_000), default=20, show_default=True, help="So many runs.")
@click.option("--local", is_flag=True, help="By the records of this machine alone; the operations host is not asked.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
def schedule(departments: tuple[str, ...], count: int, local: bool, as_json: bool) -> None:
    """Show which run begins when, of DEPARTMENTS or all, and whether every promise can be kept.

    By the policy's spread, as the timers have it; how long each lasts by the longest of its last runs, how long it waits by
    how many may run at once. The next two days are gone through: exit code 1 where a run would end too late for its RPO.
    """
    from backup.jobs import load_jobs
    from backup.plan import select_jobs
    from backup.policy import load_policy
    from backup.records import BackupRecord, load_records
    from backup.timetable import DAY, build_timetable, find_collisions, measure_runs, render_timetable, render_values

    jobs, policy = load_jobs(), load_policy()
    shown = {job.department for job in select_jobs(jobs, departments)}
    installation = Installation.current()
    if installation.records.is_dir():
        _bring_records(installation, local=local)
    lasts = measure_runs(jobs, load_records(BackupRecord, installation.records))
    now = datetime.now(UTC)
    every = [job.every for job in jobs] or [DAY]
    until = now + max(2 * DAY, min(every) * count)
    runs = build_timetable(jobs, lasts, policy, now, until)  # all of them: the others take places too
    own = [run for run in runs if run.whose[0] in shown]
    if as_json:
        click.echo(json.dumps([render_values(run) for run in own[:count]], indent=1))
    else:
        click.echo(render_timetable(own, count))
    collisions = find_collisions(run for run in own if run.at < now + 2 * DAY)
    for sentence in collisions:
        click.echo(sentence, err=True)
    if collisions:
        sys.exit(1)


@click.command()
@click.argument("departments", nargs=-1)
@click.option("--everything", is_flag=True, help="Read every pack of the repository, not only the parts that are due.")
@click.option("--local", is_flag=True, help="Run here: this is the operations host.")
def check(departments: tuple[str, ...], everything: bool, local: bool) -> None:
    """Check the repositories of DEPARTMENTS, or all, on the operations host, and read again the parts that are due.

    Every run does the same at its end; this does it now, without a new snapshot. Exit code 1 where one is in doubt.
    """
    from backup.jobs import load_jobs
    from backup.plan import select_jobs
    from backup.records import Outcome
    from backup.rereading import check_from_operator, check_here, render_checks

    jobs = select_jobs(load_jobs(), departments)
    installation = Installation.current()
    run = check_here if local else check_from_operator
    made = run(jobs, installation, _say, everything=everything)
    click.echo(render_checks(made))
    if len({c.department for c in made}) < len({j.department for j in jobs}) or any(
        c.outcome is Outcome.FAILED for c in made
    ):
        sys.exit(1)


@click.command()
@click.argument("departments", nargs=-1)
def forget(departments: tuple[str, ...]) -> None:
    """Refuse: from the cloud's side nothing can be removed; says where it is done."""
    whose = " ".join(departments) or "DEPARTMENT"
    raise UserError(
        Problem(
            "nothing is removed from the cloud's side, and the vault would refuse it",
            f"`oneroof vault retain --dry-run {whose}` tells what may go, `oneroof vault retain` removes it from the "
            "vault's side; one department's data goes for good by an erasure in its declaration.",
        )
    )


def _bring_records(installation: Installation, *, local: bool) -> None:
    """Take over what the operations host wrote meanwhile, unless this is that host."""
    from backup.exchange import SITE_HOME, update_ledgers

    if not local and str(installation.home) != SITE_HOME:
        update_ledgers(installation, _say)


def _say(line: str) -> None:
    click.echo(line, err=True)


COMMANDS: tuple[click.Command, ...] = (status, schedule, check, forget)
"""Of the group ``oneroof backup``."""
