"""``oneroof plan``."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from infra.command_line import load_declared, out, shared_options, tell
from infra.sharing.cli import DAY
from tenants.installation import Installation

if TYPE_CHECKING:
    from infra.plan.document import PlanDocument

PENDING = 3
REFUSED = 4
FAILED = 1


@click.command()
@click.argument("departments", nargs=-1)
@shared_options
@click.option("--base", metavar="REF", help="Plan only what differs from this git revision of the declarations.")
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "markdown", "json")),
    default="text",
    show_default=True,
    help="For a terminal, a comment on a pull request, or a program.",
)
@DAY
@click.option("--output", type=click.Path(path_type=Path), help="Write the plan as JSON too, for `oneroof apply --plan`.")
def plan(
    departments: tuple[str, ...],
    cloud: str,
    external_network: str,
    directory: Path | None,
    refresh: bool,
    base: str | None,
    form: str,
    day: datetime | None,
    output: Path | None,
) -> None:
    """Show what an apply would change: for DEPARTMENTS, or for all and what they share.

    Reads the cloud in bulk, however many departments there are, and looks closer at those that differ; writes nothing:
    not there, not here. Says what is declared, actual and in use, what would be made anew, what data that would lose, and
    what it costs. Ends with 0 where nothing is to do, 3 where changes are pending, 4 where a department is refused (less
    than it uses, more than the cloud has left), 1 where a plan could not be made, 2 for a mistake in what was told or
    declared.
    """
    from infra.inventory.ahead import begin_reading

    declared = load_declared(departments, directory)
    reading = begin_reading(Installation.current(), cloud) if base is None and declared[2] else None

    from rich.console import Console

    from infra.plan.document import build_plan
    from infra.plan.making import Asked, make_plan, since
    from infra.site import open_site, stacks_of
    from tenants.declaration.load import default_directory
    from tenants.declaration.revision import load_revision

    catalogue, every, chosen = declared
    asked = Asked(catalogue, every, chosen, shared=not departments, refresh=refresh)
    if base is not None:
        revision = load_revision(directory or default_directory(), base)
        asked = since(asked, revision)
        if not (asked.chosen or asked.gone or asked.shared):
            tell(f"no declaration differs from {base}")
            _give(build_plan(cloud, (), base=base, base_commit=revision.commit), form, output)
            return
    on = day.date() if day else None
    site = open_site(Installation.current(), cloud=cloud, external_network=external_network, day=on, tell=tell)
    if base is None and not departments:
        asked = replace(asked, gone=tuple(sorted(set(stacks_of(site)) - {each.slug for each in asked.every})))
    with Console(stderr=True).status("planning") as status:
        made = make_plan(site, asked, tell=tell, reading=reading, on_planned=lambda slug: status.update(f"planned {slug}"))
    for each in made.departments:
        for reason in each.reasons if each.state != "gone" or form != "text" else ():
            tell(f"{each.department}: {reason}")
    for warning in made.warnings:
        tell(f"warning: {warning}")
    _give(made, form, output)
    sys.exit(exit_code(made))


def exit_code(made: PlanDocument) -> int:
    """Give what a plan ends with: the worst of its departments."""
    states = {each.state for each in made.departments}
    if "failed" in states:
        return FAILED
    return REFUSED if "refused" in states else PENDING if states & {"changes", "gone"} else 0


def _give(made: PlanDocument, form: str, output: Path | None) -> None:
    from infra.plan.document import render_json
    from infra.plan.markdown import render_markdown
    from infra.plan.text import print_plan
    from tenants.writing import write_whole

    if output is not None:
        write_whole(output, render_json(made))
    if form == "text":
        print_plan(made, out())
    else:
        click.echo(render_json(made) if form == "json" else render_markdown(made), nl=False)


COMMANDS: tuple[click.Command, ...] = (plan,)
