"""``oneroof shares``: the catalogue of what departments share, its record, and taking back what has ended."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tenants.installation import Installation
from tenants.problem import Problem, UserError

if TYPE_CHECKING:
    from infra.sharing.record import Entry
    from tenants.declaration.shares import Share

DAY = click.option(
    "--on",
    "day",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DAY",
    help="Sharing as it is on this day, such as 2027-03-31.  [default: today, UTC]",
)
_DIRECTORY = click.option(
    "--directory", type=click.Path(path_type=Path), help="Folder of the declarations and catalogue.yaml."
)
_FAILED = 1


@click.group(invoke_without_command=True)
@_DIRECTORY
@DAY
@click.option("--department", metavar="NAME", help="Only what this department gives, gets or asks for.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def shares(
    context: click.Context, directory: Path | None, day: datetime | None, department: str | None, as_json: bool
) -> None:
    """Show what departments share with one another, for what and how long, and what they ask; reaches no cloud."""
    if context.invoked_subcommand is not None:
        return
    from tenants.declaration.load import load_departments
    from tenants.declaration.shares import build_shares
    from tenants.today import today

    departments = load_departments(directory)
    if department and department not in (known := [each.name for each in departments]):
        raise UserError(Problem(f"got department {department}, expected one of: {', '.join(known)}"))
    every = build_shares(departments, day.date() if day else today())
    found = tuple(share for share in every if not department or department in share.departments)
    if as_json:
        click.echo(json.dumps([share.as_json() for share in found], indent=1, ensure_ascii=False))
    elif found:
        _out().print(_table(found))
    else:
        click.echo("nothing is shared or asked for", err=True)


@shares.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def record(as_json: bool) -> None:
    """Show what was given, changed and taken back, from here and by the operations host, oldest first.

    Refuses a record that was altered. Where the operations host does not answer, its last copy is shown, and said.
    """
    from dataclasses import asdict

    from infra.sharing.copies import fetch_record, load_all, merge

    installation = Installation.existing()
    try:
        if installation.inventory.exists():  # else this is the operations host itself, or others run the cloud
            fetch_record(installation)
    except UserError as error:
        click.echo(f"{error}\nGoing on with what is held here.", err=True)
    entries = merge(load_all(installation))
    if as_json:
        told = [{**asdict(entry), "machine": machine} for machine, entry in entries]
        click.echo(json.dumps(told, indent=1, ensure_ascii=False))
    elif entries:
        _out().print(_record_table(entries))
    else:
        click.echo("nothing was given or taken back yet", err=True)


@shares.command()
@click.option("--cloud", default="oneroof", show_default=True, help="Entry of clouds.yaml to work on.")
@_DIRECTORY
@DAY
@click.option("--dry-run", is_flag=True, help="Only say what would be taken back and given.")
def enforce(cloud: str, directory: Path | None, day: datetime | None, dry_run: bool) -> None:
    """Take back every grant that is over or no longer declared, and give those whose first day came since the last apply.

    A timer on the operations host runs it daily, so that no grant outlives its end, or waits for its beginning, because
    nobody merged or applied. What was closed by hand since it was given stays closed until an apply. Ends with 1 where
    something could not be taken back or given.
    """
    from infra.sharing.enforcement import enforce as enforce_grants
    from tenants.declaration.load import load_departments
    from tenants.today import today

    on = day.date() if day else today()
    taken = enforce_grants(Installation.existing(), cloud, load_departments(directory), on, dry_run=dry_run)
    for each in taken:
        click.echo(str(each))
    if not taken:
        click.echo("nothing has ended that is still in the cloud, and nothing begins", err=True)
    sys.exit(_FAILED if any(each.failure for each in taken) else 0)


@shares.command()
@click.option("--cloud", default="oneroof", show_default=True, help="Entry of clouds.yaml to work on.")
@_DIRECTORY
def verify(cloud: str, directory: Path | None) -> None:
    """Compare all that is open across departments in the cloud with the grants in force; change nothing.

    Finds also what people opened by hand: a container's list, a network's policy, a member of an image. Ends with 1
    where anything differs.
    """
    from infra.provider.cloud import CLOUD_VARIABLE, Cloud
    from infra.provider.failure import CloudError
    from infra.provider.open_access import collect_open
    from infra.sharing.verification import compare, wanted
    from tenants.declaration.load import load_departments
    from tenants.today import today

    departments, installation = load_departments(directory), Installation.existing()
    try:
        found = collect_open(Cloud({"OS_CLIENT_CONFIG_FILE": str(installation.clouds), CLOUD_VARIABLE: cloud}))
    except CloudError as error:
        raise click.ClickException(f"the cloud could not be read: {error}") from error
    differences = [*compare(found, wanted(departments, today()))]
    for each in differences:
        click.echo(str(each))
    click.echo(f"open across departments: {len(found)}; differences from the grants in force: {len(differences)}", err=True)
    sys.exit(_FAILED if differences else 0)


def _table(found: tuple[Share, ...]) -> Any:
    from rich.table import Table

    table = Table("from", "to", "what", "access", "purpose", "basis", "data", "from–to", "state", box=None, pad_edge=False)
    for share in found:
        terms = share.terms
        table.add_row(
            share.owner,
            share.grantee,
            f"{share.kind} {share.place}",
            share.access,
            terms.purpose,
            terms.legal_basis or "–",
            ", ".join(terms.data_items) or "–",
            f"{terms.first_day} – {terms.last_day}",
            share.detail,
        )
    return table


def _record_table(entries: tuple[tuple[str, Entry], ...]) -> Any:
    from rich.table import Table

    table = Table("at", "event", "from", "to", "what", "access", "until", "why", "machine", box=None, pad_edge=False)
    for machine, entry in entries:
        why = entry.reason or entry.terms.get("purpose", "–")
        until = entry.terms.get("to", "–")
        what = f"{entry.kind} {entry.place}"
        table.add_row(entry.at, entry.event, entry.owner, entry.grantee, what, entry.access, until, why, machine)
    return table


def _out() -> Any:
    from rich.console import Console

    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=200)


COMMANDS: tuple[click.Command, ...] = (shares,)
