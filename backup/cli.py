"""``oneroof backup`` and ``oneroof drill``."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from backup.copies.cli import copy
from backup.coverage.cli import coverage
from backup.standing_cli import COMMANDS as STANDING
from tenants.installation import Installation
from tenants.problem import Problem, UserError

if TYPE_CHECKING:
    from backup.plan import Job


@click.group()
def backup() -> None:
    """Back departments and the control plane up to the second site."""


@backup.command()
@click.argument("departments", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every department and the control plane.")
@click.option("--control-plane", is_flag=True, help="The cloud's own databases, keys and configuration.")
@click.option("--tier", default="", metavar="TIER", help="Only what has this recovery tier.")
@click.option("--if-due", is_flag=True, help="Only what has no good snapshot younger than its tier's time between two.")
@click.option("--local", is_flag=True, help="Run here: this is the operations host.")
def run(departments: tuple[str, ...], everything: bool, control_plane: bool, tier: str, if_due: bool, local: bool) -> None:
    """Back up now, on the operations host, and bring the records here.

    Exit code 1 where anything failed; everything else is backed up all the same.
    """
    from backup.jobs import load_jobs
    from backup.plan import select_jobs

    if not (departments or everything or control_plane):
        raise click.UsageError("Name departments, or use --all or --control-plane.")
    jobs = select_jobs(
        load_jobs(), () if everything else departments, control_plane=control_plane and not everything, tier=tier
    )
    installation = Installation.current()
    if if_due:
        jobs = _due(jobs, installation, local=local)
        if not jobs:
            click.echo("nothing is due: every job has a good snapshot that is young enough", err=True)
            return
    if local:
        from backup.runner import run_jobs

        for ending in (signal.SIGTERM, signal.SIGHUP):  # end as after Ctrl-C: programs first, then what they left
            signal.signal(ending, signal.default_int_handler)
        records = run_jobs(jobs, installation, _say)
    else:
        from backup.operator import run_from_operator

        records = run_from_operator(jobs, installation, tier, _say, if_due=if_due)
    from backup.tables import render_backups

    click.echo(render_backups(records))
    if len(records) < len(jobs) or any(r.outcome == "failed" for r in records):
        sys.exit(1)


@backup.command("list")
@click.argument("departments", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Every state of every snapshot, as JSON.")
def list_(departments: tuple[str, ...], as_json: bool) -> None:
    """List the snapshots and how far each is proven, of DEPARTMENTS or all; control-plane is the cloud itself."""
    from backup.jobs import load_jobs
    from backup.records import load_backups, render_record
    from backup.tables import render_backups

    found = load_backups(Installation.existing().records)
    if unknown := sorted(set(departments) - {r.department for r in found} - {job.department for job in load_jobs()}):
        known = ", ".join(sorted({r.department for r in found} | {job.department for job in load_jobs()}))
        raise UserError(*(Problem(f"got {name}, expected one of: {known}") for name in unknown))
    records = [r for r in found if not departments or r.department in departments]
    if as_json:
        click.echo(json.dumps([json.loads(render_record(r)) for r in records], indent=1, ensure_ascii=False))
    else:
        click.echo(render_backups(records))
        if not records:
            click.echo("nothing was backed up yet: `oneroof backup run` does it", err=True)


@backup.command()
@click.argument("departments", nargs=-1)
def plan(departments: tuple[str, ...]) -> None:
    """Show what is backed up, when, and what each tier promises."""
    from backup.jobs import load_jobs
    from backup.plan import select_jobs
    from backup.policy import load_policy
    from backup.tables import render_plan

    click.echo(render_plan(select_jobs(load_jobs(), departments), load_policy()))


@backup.command()
@click.option("--dry-run", is_flag=True, help="Only say what would be made.")
def keys(dry_run: bool) -> None:
    """Make the passwords of repositories that have none; prints the departments they were made for."""
    from backup.jobs import load_jobs
    from backup.keys import load_keys, make_keys, store_keys

    installation = Installation.current()
    known = load_keys(installation)
    wanted = make_keys(known, sorted({job.department for job in load_jobs()}))
    new = sorted(set(wanted) - set(known))
    if new and not dry_run:
        store_keys(installation, wanted)
    for name in new:
        click.echo(name)


@backup.command(hidden=True)
@click.option("--directory", type=click.Path(path_type=Path), default=None)
@click.option("--dry-run", is_flag=True)
def install(directory: Path | None, dry_run: bool) -> None:
    """Install the repositories told on standard input on this host; prints what changed."""
    from backup.keys import DIRECTORY, install_repositories, parse_repositories

    told = parse_repositories(sys.stdin.read())
    for changed in install_repositories(told, directory or DIRECTORY, dry_run=dry_run):
        click.echo(changed)


@backup.command()
@click.option("--directory", type=click.Path(path_type=Path), default=Path("/etc/systemd/system"), show_default=True)
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
def timers(directory: Path, dry_run: bool) -> None:
    """Make this host's timers those of the policy; prints the units that changed."""
    from backup.jobs import load_jobs
    from backup.schedule import install_units, render_probe_units, render_units

    home = Installation.current().home
    wanted = render_units(load_jobs(), home) | render_probe_units(home)
    for name in install_units(wanted, directory, dry_run=dry_run):
        click.echo(name)


@backup.command(hidden=True)
def offer() -> None:
    """Print what this host holds beyond the ledgers known on standard input."""
    from backup.exchange import build_offer, parse_offer, render_offer

    click.echo(render_offer(build_offer(Installation.current().records, parse_offer(sys.stdin.read()).known)))


@backup.command(hidden=True)
def receive() -> None:
    """Take over the entries of ledgers told on standard input that this host does not have yet."""
    from backup.exchange import accept, parse_offer

    accept(Installation.current().records, parse_offer(sys.stdin.read()).tails)


@click.command()
@click.argument("departments", nargs=-1)
@click.option("--control-plane", is_flag=True, help="The control plane as well as the departments that are named.")
@click.option(
    "--if-due", is_flag=True, help="Only what was not restored identical within its tier's time between two drills."
)
def drill(departments: tuple[str, ...], control_plane: bool, if_due: bool) -> None:
    """Restore the newest good snapshots at the second site, compare them, and time it.

    Without a department: all of them and the control plane. Exit code 1 where anything was not restored identical.
    """
    from backup.jobs import load_jobs
    from backup.operator import drill_from_operator
    from backup.plan import select_jobs
    from backup.tables import render_drills

    installation = Installation.current()
    jobs = select_jobs(load_jobs(), departments, control_plane=control_plane)
    if if_due:
        from backup.due import drills_due
        from backup.policy import load_policy
        from backup.records import load_drills

        jobs = drills_due(jobs, load_drills(installation.records), load_policy(), datetime.now(UTC))
        if not jobs:
            click.echo("nothing is due: every job was restored identical within its time", err=True)
            return
    records = drill_from_operator(jobs, installation, _say)
    click.echo(render_drills(records))
    if not all(r.identical for r in records):
        sys.exit(1)


def _due(jobs: Sequence[Job], installation: Installation, *, local: bool) -> tuple[Job, ...]:
    from backup.due import backups_due
    from backup.records import load_backups, newest_restorable

    if not local:
        from backup.exchange import fetch_ledgers
        from tenants.machines import load_machine

        fetch_ledgers(installation, load_machine(installation, "operations"))  # timers there may have run meanwhile
    return backups_due(jobs, newest_restorable(load_backups(installation.records)), datetime.now(UTC))


def _say(line: str) -> None:
    click.echo(line, err=True)


@backup.command()
@click.argument("department")
@click.argument("name", metavar="PROJECT/DATABASE")
def password(department: str, name: str) -> None:
    """Take the password of a database's read-only account from standard input, and bring it to the operations host.

    It is kept encrypted in the installation's home, so that a new operations host gets it again: tell nothing then.
    """
    from backup.jobs import load_jobs
    from backup.passwords import keep_password
    from backup.records import Source

    known = [j for j in load_jobs() if j.source is Source.DATABASE]
    if not (found := [j for j in known if (j.department, j.name) == (department, name)]):
        told = ", ".join(f"{j.department} {j.name}" for j in known) or "none is declared"
        raise UserError(Problem(f"got {department} {name}, expected a database with a recovery tier: {told}"))
    terminal = sys.stdin.isatty()
    text = click.prompt("Password", hide_input=True, default="", show_default=False) if terminal else sys.stdin.read()
    keep_password(found[0], text.strip("\r\n"), Installation.current())


for _command in (coverage, copy, *STANDING):
    backup.add_command(_command)

COMMANDS: tuple[click.Command, ...] = (backup, drill)
