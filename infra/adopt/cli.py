"""``oneroof adopt``: a project that was in the cloud before becomes a department's."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tenants.installation import Installation
from tenants.problem import Problem, UserError

if TYPE_CHECKING:
    from infra.adopt.taking_over import Wish
    from infra.programs.stacks import Step

_FAILED = 1


@click.command()
@click.argument("project")
@click.option("--into", "department", required=True, metavar="DEPARTMENT", help="Whose it becomes; a new one is declared.")
@click.option("--as", "key", metavar="NAME", help="Its name in the declaration.  [default: made of its own]")
@click.option("--cloud", default="oneroof", show_default=True, help="Entry of clouds.yaml to work on.")
@click.option("--external-network", default="public", show_default=True, help="Where floating addresses are from.")
@click.option("--directory", type=click.Path(path_type=Path), help="Folder of the declarations and catalogue.yaml.")
@click.option("--yes", is_flag=True, help="Write the declaration and take it over.")
def adopt(
    project: str, department: str, key: str | None, cloud: str, external_network: str, directory: Path | None, yes: bool
) -> None:
    """Declare what is in PROJECT, a Keystone project by name or id, and take it over without touching it.

    Shows the declaration, and by name what cannot be declared; with --yes writes it, and records in the department's stack
    what is there. Nothing that exists is changed, made anew or deleted: a plan then says that nothing is to change. Run
    again after an interruption, it carries on. Ends with 1 where something could not be taken over.
    """
    from infra.adopt import taking_over as adopting
    from infra.adopt.text import render_project
    from infra.agreement import Cloud
    from infra.drift.comparison import CLOUD_STACK
    from infra.inventory.collect import collect_inventory
    from infra.inventory.connect import connect
    from infra.programs.stacks import StackError, read_resources
    from infra.site import open_site, stacks_of
    from tenants.declaration.load import default_directory, load_catalogue

    folder = directory or default_directory()
    catalogue, installation = load_catalogue(folder), Installation.current()
    site = open_site(installation, cloud=cloud, external_network=external_network, tell=_tell)
    found = collect_inventory(connect(installation, cloud))
    if found.failures:
        failed = found.failures[0]
        raise UserError(Problem(f"{failed.source} could not be read: {failed.error}", "All must be seen to be declared."))
    stacks = {name: read_resources(site.engine, name) for name in (CLOUD_STACK, *stacks_of(site))}
    theirs = (each for name, stack in stacks.items() if name != department for each in stack)
    reading = Cloud(found)
    chosen = adopting.find_project(reading, project, frozenset(str(each.get("id")) for each in theirs))
    name = key or _name(chosen.name, department)
    adopting.refuse_pending(site, department, folder, catalogue, name)
    wish = adopting.build_wish(site, reading, chosen, department, name, folder, catalogue)
    _show(wish, render_project(wish.adoption.project))
    if not yes:
        click.echo(f"nothing was written; --yes writes {wish.file} and takes all of it over", err=True)
        return
    try:
        adopting.adopt(site, wish, catalogue, _say)
    except StackError as error:
        for reason in error.reasons:
            click.echo(f"{department}: {reason}", err=True)
        click.echo("mend the cause and run it again; do not apply the department before", err=True)
        sys.exit(_FAILED)
    click.echo(
        f"{chosen.name} is project {name} of {department}; `oneroof plan {department}` says that nothing is to change"
    )


def _name(told: str, department: str) -> str:
    """Give a name in the style of declarations."""
    import re

    plain = re.sub(r"[^a-z0-9]+", "-", told.lower()).strip("-").removeprefix(f"{department}-")[:32].strip("-")
    return plain if re.match(r"[a-z]", plain) else "adopted"


def _show(wish: Wish, block: str) -> None:
    click.echo(block, nl=False)
    for left in wish.adoption.left:
        click.echo(f"not declared, stays as it is: {left.kind} {left.name}: {left.why}", err=True)
    for note in wish.adoption.notes:
        click.echo(f"note: {note.kind} {note.name}: {note.why}", err=True)


def _say(step: Step) -> None:
    if step.operation != "same":
        click.echo(f"take over {step.type.rpartition(':')[2]} {step.name}", err=True)


def _tell(message: str) -> None:
    click.echo(message, err=True)


COMMANDS: tuple[click.Command, ...] = (adopt,)
