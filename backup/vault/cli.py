"""``oneroof vault``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tenants.installation import Installation, repository


@click.group()
def vault() -> None:
    """The store of backups at the second site: what it may let go, and the proof that nobody else can."""


@vault.command()
@click.argument("departments", nargs=-1)
@click.option("--dry-run", is_flag=True, help="Remove nothing; tell of each snapshot what would become of it, and why.")
@click.option("--prune/--no-prune", default=None, help="Give space back now, or not now; else as the policy says.")
@click.option(
    "--beyond-share", is_flag=True, help="Let more go at once than the policy's most_at_once: a person answers for it."
)
def retain(departments: tuple[str, ...], dry_run: bool, prune: bool | None, beyond_share: bool) -> None:
    """Remove at the second site what need no longer be kept, of DEPARTMENTS or all and the control plane.

    A snapshot goes when it is older than its tier's keep_within by the vault's own clock and enough newer ones are verified.
    Exit code 1 where something was not done: a department is frozen, damaged or in use, or too much would go at once.
    """
    from backup.jobs import load_jobs
    from backup.plan import select_jobs
    from backup.policy import load_policy
    from backup.vault.operator import retain_from_operator
    from backup.vault.tables import render_decisions, render_retained

    policy = load_policy()
    jobs = select_jobs(load_jobs(), departments)
    done = tuple(
        retain_from_operator(jobs, policy, Installation.existing(), _say, dry_run=dry_run, beyond=beyond_share, prune=prune)
    )
    if dry_run:
        click.echo(render_decisions(done))
    click.echo(render_retained(done))
    if any(each.problems for each in done):
        sys.exit(1)


@vault.command()
@click.argument("department")
@click.option("--reason", required=True, help="Why its data is right, in a sentence, for the record.")
def release(department: str, reason: str) -> None:
    """Let retention go on for DEPARTMENT, which was frozen because a run looked unusual."""
    from backup.vault.freeze import release
    from backup.vault.operator import tell_operations, who

    installation = Installation.existing()
    release(department, reason, who(), installation.records)
    tell_operations(installation, _say)
    click.echo(f"{department}: what is old enough may go again")


@vault.command()
@click.option("--local", is_flag=True, help="Try it here: this is the operations host.")
def probe(local: bool) -> None:
    """Try from the cloud's side to overwrite and to delete in the vault, and to read another department's repository.

    Each on an object of the probe's own. A timer on the operations host does it daily; every refusal is on record.
    Exit code 1 where something was not refused, or nothing could be tried.
    """
    from backup.records import Outcome, append_records
    from backup.vault.tables import render_probes

    installation = Installation.current() if local else Installation.existing()
    if local:
        from backup.keys import DIRECTORY, installed_repository
        from backup.vault.probe import next_department, probe

        departments = sorted(folder.name for folder in DIRECTORY.iterdir()) if DIRECTORY.is_dir() else []
        made = []
        for department in departments:
            repository = installed_repository(department, installation.home / "cache" / "restic")
            made.append(probe(repository, next_department(departments, department)))
            append_records(installation.records, made[-1:])
    else:
        from backup.vault.operator import probe_from_operator

        made = probe_from_operator(installation)
    click.echo(render_probes(made))
    if not made or any(p.outcome is not Outcome.VERIFIED for p in made):
        sys.exit(1)


@vault.command()
@click.option("--directory", type=click.Path(path_type=Path), default=Path("/etc/systemd/system"), show_default=True)
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
def timers(directory: Path, dry_run: bool) -> None:
    """Make the timers of this machine, the operator's: retention and due drills, every day at the policy's times.

    After the machine was off, one run makes up for all that were missed. Prints the units that changed.
    """
    from backup.policy import load_policy
    from backup.schedule import install_units
    from backup.vault.timers import PREFIX, render_operator_units

    program = Path(sys.executable).parent / "oneroof"
    wanted = render_operator_units(load_policy().vault, Installation.existing().home, repository(), program)
    for name in install_units(wanted, directory, dry_run=dry_run, prefix=PREFIX):
        click.echo(name)


def _say(line: str) -> None:
    click.echo(line, err=True)


COMMANDS: tuple[click.Command, ...] = (vault,)
