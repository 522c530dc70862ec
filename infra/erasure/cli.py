"""``oneroof erase``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tenants.installation import Installation
from tenants.problem import UserError

if TYPE_CHECKING:
    from infra.erasure.due import Judged

_FAILED, _DUE, _INTERRUPTED = 1, 3, 130


@click.command()
@click.argument("departments", nargs=-1)
@click.option("--cloud", default="oneroof", show_default=True, help="Entry of clouds.yaml to work on.")
@click.option("--external-network", default="public", show_default=True, help="Where floating addresses are from.")
@click.option("--directory", type=click.Path(path_type=Path), help="Folder of the declarations and catalogue.yaml.")
@click.option("--yes", is_flag=True, help="Erase what is due.")
def erase(departments: tuple[str, ...], cloud: str, external_network: str, directory: Path | None, yes: bool) -> None:
    """Show what DEPARTMENTS, or all, approved to be erased, and what each waits for; with --yes erase what is due.

    Due is what was in quarantine long enough, under an approval that still counts, with the last snapshot of its data
    verified. What was erased is looked for in every service, and stands in the ledger: `oneroof evidence list erasure`.
    Ends with 0 where nothing is due or all of it was erased, 3 where something is due and --yes was not told, 1 where
    something could not be erased or is still found.
    """
    from infra.apply_cli import report_steps
    from infra.command_line import load_declared
    from infra.site import open_site

    catalogue, _, chosen = load_declared(departments, directory)
    installation = Installation.current()
    site = open_site(installation, cloud=cloud, external_network=external_network, tell=_say)
    _fetch(installation)
    from backup.records import ErasureRecord, load_backups, load_records
    from infra.erasure.due import erase_due, judge

    records = installation.records
    known = (load_backups(records), load_records(ErasureRecord, records))
    judged = list(judge(site, chosen, catalogue, *known))
    if not judged:
        click.echo("no erasure is declared")
        return
    _print(judged)
    due = [each for each in judged if each.is_due]
    if not due or not yes:
        sys.exit(_DUE if due else 0)
    failed = False
    try:
        for done, ended in erase_due(site, catalogue, due, on_step=report_steps()):
            for reason in done.reasons:
                _say(f"{done.stack}: {reason}")
            for record in ended:
                found = f"still found: {', '.join(record.left)}" if record.left else "nothing of it is left in any service"
                click.echo(f"{record.department}: {record.name} is erased; {found}")
            failed = failed or done.state == "failed" or any(record.left for record in ended)
    except KeyboardInterrupt:
        _say("interrupted: run it again to carry on")
        sys.exit(_INTERRUPTED)
    finally:
        _send(installation)
    sys.exit(_FAILED if failed else 0)


def _fetch(installation: Installation) -> None:
    """Bring the evidence up to date: what the operations host backed up and checked since counts too."""
    from backup.exchange import update_ledgers

    update_ledgers(installation, _say)


def _send(installation: Installation) -> None:
    from backup.exchange import send_ledgers
    from tenants.machines import load_machine

    try:
        send_ledgers(installation, load_machine(installation, "operations"))
    except UserError as error:
        _say(f"{error}\nThe record is on this machine; the next drill or erasure brings it there.")


def _print(judged: Sequence[Judged]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("department", "what", "approved by", "not before", "expires", "state", box=None, pad_edge=False)
    for each in judged:
        erasure = each.erasure
        people = ", ".join(erasure.approved_by)
        days = (erasure.not_before.isoformat(), erasure.expires.isoformat())
        table.add_row(each.department.slug, str(erasure.thing), people, *days, each.waits or "due")
    console = Console(highlight=False)
    (console if console.is_terminal else Console(highlight=False, width=240)).print(table)


def _say(line: str) -> None:
    click.echo(line, err=True)


COMMANDS: tuple[click.Command, ...] = (erase,)
