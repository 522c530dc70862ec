"""``oneroof evidence``."""

from __future__ import annotations

import json
import sys

import click

from tenants.installation import Installation


@click.group()
def evidence() -> None:
    """What was backed up, checked, restored and deleted: a ledger whose every entry is signed and names the one before."""


@evidence.command()
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
def verify(as_json: bool) -> None:
    """Read every ledger of this machine from its first entry; find whatever was changed, removed or moved.

    Exit code 1 where anything was: each in one sentence that names the entry.
    """
    from backup.evidence import verify
    from backup.tables import render_ledgers

    examined = verify(Installation.existing().records)
    if as_json:
        click.echo(json.dumps([e.summary for e in examined], indent=1))
    else:
        click.echo(render_ledgers(examined))
        for ledger in examined:
            for sentence in ledger.problems:
                click.echo(f"ledger {ledger.ledger}: {sentence}", err=True)
        if not examined:
            click.echo("there is no ledger yet: `oneroof backup run` begins it", err=True)
    if any(e.problems for e in examined):
        sys.exit(1)


@evidence.command("list")
@click.argument("kinds", nargs=-1)
@click.option("--last", type=click.IntRange(min=1), default=20, show_default=True, help="How many.")
def list_(kinds: tuple[str, ...], last: int) -> None:
    """List the last entries, of KINDS (backup, drill, ...) or all, as one JSON object a line, oldest first."""
    from backup.ledger import load_entries

    entries = [e for e in load_entries(Installation.existing().records) if not kinds or e.kind in kinds]
    for entry in entries[-last:]:
        told = {"ledger": entry.ledger, "entry": entry.number, "at": entry.at.isoformat(), "kind": entry.kind}
        declared = {"declared": entry.declared.digest, "commit": entry.declared.commit}
        click.echo(json.dumps(told | declared | dict(entry.record), ensure_ascii=False))


COMMANDS: tuple[click.Command, ...] = (evidence,)
