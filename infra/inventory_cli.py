"""``oneroof inventory``: what the cloud holds, as a table or as versioned JSON."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tenants.installation import Installation

if TYPE_CHECKING:
    from infra.inventory import Inventory

_UNCOUNTED = {"schema_version", "collected_at", "seconds", "calls", "region", "failures", "not_measured"}


@click.command()
@click.option(
    "--json", "target", type=click.Path(path_type=Path, allow_dash=True), help="Write all of it as JSON; - is stdout."
)
@click.option("--cloud", default="oneroof", show_default=True, help="Entry of clouds.yaml.")
def inventory(target: Path | None, cloud: str) -> None:
    """Read what the cloud holds, by a fixed number of calls.

    Ends with 1 when a source could not be read; what could be read is given all the same.
    """
    from rich.console import Console

    from infra.inventory.collect import collect_inventory
    from infra.inventory.connect import connect
    from infra.inventory.text import render_inventory

    talk = Console(stderr=True)
    connection = connect(Installation.current(), cloud)
    with talk.status("reading the cloud") as status:
        found = collect_inventory(connection, on_source=lambda name: status.update(f"reading {name}"))
    if target is None:
        click.echo(render_summary(found))
    elif str(target) == "-":
        click.echo(render_inventory(found), nl=False)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(render_inventory(found), encoding="utf-8")
        click.echo(target)
    for failure in found.failures:
        click.echo(f"{failure.source} could not be read: {failure.error}", err=True)
    sys.exit(1 if found.failures else 0)


def render_summary(found: Inventory) -> str:
    """Render the number of things of each kind, and what was not measured."""
    from dataclasses import fields

    names = [f.name for f in fields(found) if f.name not in _UNCOUNTED]
    counts = {name: getattr(found, name) for name in names}
    lines = [f"{name:<20} {'not read' if items is None else len(items):>8}" for name, items in counts.items()]
    lines += [f"not measured: {n.what} ({n.why})" for n in found.not_measured]
    lines.append(f"{found.calls} calls in {found.seconds:.1f} s at {found.collected_at}")
    return "\n".join(lines)


COMMANDS: tuple[click.Command, ...] = (inventory,)
