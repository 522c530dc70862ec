"""``oneroof drift``: what in the cloud is not as declared."""

from __future__ import annotations

import sys
from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tenants.installation import Installation
from tenants.problem import Problem, UserError

if TYPE_CHECKING:
    from infra.drift.comparison import Drift

_FOUND = 3
_UNREAD = 1


@click.command()
@click.argument("departments", nargs=-1)
@click.option("--cloud", default="oneroof", show_default=True, help="Entry of clouds.yaml to look at.")
@click.option("--directory", type=click.Path(path_type=Path), help="Folder of the declarations and catalogue.yaml.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option("--markdown", is_flag=True, help="For an issue or a page.")
def drift(departments: tuple[str, ...], cloud: str, directory: Path | None, as_json: bool, markdown: bool) -> None:
    """Show what in the cloud is not as declared: of DEPARTMENTS, or of all, what they share, and what is nobody's.

    Missing is what was declared and is not there, mismatch what is there and different, unknown what is there and nobody
    declared. Reads the cloud in bulk, however many departments there are; what no service tells in bulk (application
    credentials, members of images) is looked at in turns, and the age of the oldest look is told. Changes nothing. Ends
    with 0 where all is as declared, 3 where something is not, 1 where a part of the cloud could not be read, 2 for a
    mistake in what was told or declared.
    """
    from dataclasses import replace

    from rich.console import Console

    from infra.drift.text import render_json, render_markdown

    if as_json and markdown:
        raise UserError(Problem("got --json and --markdown, expected one of them"))
    with Console(stderr=True).status("reading the cloud"):
        found = _look(cloud, directory, departments)
    if departments:
        found = replace(found, findings=tuple(each for each in found.findings if each.department in departments))
    if as_json:
        click.echo(render_json(found), nl=False)
    elif markdown:
        click.echo(render_markdown(found), nl=False)
    else:
        _print(found)
    for unread in found.unread:
        told = ", ".join(unread.left_out)
        click.echo(f"{unread.source} could not be read, so not looked at: {told} ({unread.error})", err=True)
    sys.exit(_UNREAD if found.unread else _FOUND if found.findings else 0)


def _look(cloud: str, directory: Path | None, departments: tuple[str, ...]) -> Drift:
    from infra.agreement import Cloud
    from infra.apply import current_of
    from infra.drift.closer import build_expected
    from infra.drift.comparison import CLOUD_STACK, build_drift
    from infra.drift.operators_own import load_operators_own
    from infra.gateway import list_buckets
    from infra.inventory.closer import collect_closer
    from infra.inventory.collect import collect_inventory
    from infra.inventory.connect import connect
    from infra.inventory.turns import parse_looks, render_parts
    from infra.outcome import DEFAULT_CLOUD
    from infra.programs.stacks import read_resources
    from infra.provider.failure import CloudError
    from infra.site import open_site, stacks_of
    from tenants.declaration.load import load_catalogue, load_departments
    from tenants.writing import write_private

    catalogue = load_catalogue(directory)
    every = load_departments(directory, catalogue)
    installation = Installation.current()
    site = open_site(installation, cloud=cloud, external_network="", tell=lambda message: click.echo(message, err=True))
    declared = [now.desired for each in every if not (now := current_of(site, each, catalogue)).is_gone]
    recorded = {name: read_resources(site.engine, name) for name in (CLOUD_STACK, *stacks_of(site))}
    known = {CLOUD_STACK, *recorded, *(desired.slug for desired in declared)}
    if unknown := [slug for slug in departments if slug not in known]:
        expected = ", ".join(sorted(known))
        raise UserError(*(Problem(f"got department {slug}, expected one of: {expected}") for slug in unknown))
    connection = connect(installation, cloud)
    user, project = str(connection.current_user_id), str(connection.current_project_id)
    own = load_operators_own(installation, user, project, catalogue.directories)
    client = f"openstack --os-cloud {cloud}"
    found = collect_inventory(connection)
    file = installation.home / "looks" / f"{cloud}.json"
    looks = parse_looks(file.read_text(encoding="utf-8")) if file.exists() else {}

    def buckets() -> Collection[tuple[str, str]] | None:
        with suppress(CloudError):  # then each account itself is asked
            return list_buckets(installation) if cloud == DEFAULT_CLOUD else None
        return None

    closer = collect_closer(connection, found, build_expected(recorded), looks, buckets, datetime.now(UTC))
    write_private(file, render_parts(closer.parts))
    return build_drift(declared, recorded, Cloud(found), closer, own, client)


def _print(found: Drift) -> None:
    from rich.console import Console
    from rich.table import Table

    from infra.drift.text import COLUMNS, build_lines, render_reading

    if found.findings:
        table = Table(*COLUMNS, box=None, pad_edge=False)
        for line in build_lines(found):
            table.add_row(*line)
        console = Console(highlight=False)
        (console if console.is_terminal else Console(highlight=False, width=250)).print(table)
    elif not found.unread:
        click.echo("everything is as declared")
    click.echo(render_reading(found), err=True)


COMMANDS: tuple[click.Command, ...] = (drift,)
