"""``oneroof backup copy``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tenants.installation import Installation


@click.command()
@click.argument("departments", nargs=-1)
@click.option(
    "--to",
    "directory",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIRECTORY",
    help="Where the copies are, one folder a department: a disk that is mounted here, or a third site.",
)
@click.option("--everything", is_flag=True, help="Read all that each copy holds afterwards, and compare it.")
def copy(departments: tuple[str, ...], directory: Path, everything: bool) -> None:
    """Copy the proven snapshots of DEPARTMENTS, or all and the control plane, from the vault to another place.

    Run again, it copies what is not there yet, also after an interruption. Each copy is checked, has the department's own
    password, and is on record. Exit code 1 where one is not whole.
    """
    from backup.copies.operator import copy_from_operator
    from backup.copies.record import COUNTS, CopyRecord
    from backup.jobs import load_jobs
    from backup.plan import select_jobs
    from backup.tables import render_lines

    names = sorted({job.department for job in select_jobs(load_jobs(), departments)})
    rows, whole = [], True
    for name, came in copy_from_operator(names, directory, Installation.existing(), _say, everything=everything):
        if isinstance(came, CopyRecord):
            state = f"{came.outcome}: {came.reason}" if came.reason else str(came.outcome)
            rows.append((name, came.copy_id[:8], str(came.snapshots), str(came.copied), state))
            whole = whole and came.outcome in COUNTS
        else:
            rows.append((name, "-", "-", "0", f"not begun: {came}"))
            whole = False
    click.echo(render_lines(("DEPARTMENT", "COPY", "SNAPSHOTS", "COPIED NOW", "STATE"), rows))
    if not whole:
        sys.exit(1)


def _say(line: str) -> None:
    click.echo(line, err=True)
