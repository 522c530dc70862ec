"""``oneroof backup coverage``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tenants.installation import Installation, repository
from tenants.problem import Problem, UserError


@click.command()
@click.argument("departments", nargs=-1)
@click.option("--cloud", default="oneroof", show_default=True, help="Entry of clouds.yaml to look at.")
@click.option("--directory", type=click.Path(path_type=Path), help="Folder of the declarations and catalogue.yaml.")
@click.option(
    "--format", "form", type=click.Choice(["table", "json", "markdown"]), default="table", show_default=True, help="How."
)
def coverage(departments: tuple[str, ...], cloud: str, directory: Path | None, form: str) -> None:
    """Show what of DEPARTMENTS, or of all, holds data and is not backed up: gaps first, then what is explained.

    A thing is explained where its newest good snapshot is young enough, where it is made again from what is declared, or
    where a waiver that has not ended says why it is left out. What nobody declared is a gap. Exit code 1 where there is a
    gap, or where a part of the cloud could not be read.
    """
    from backup.coverage import text
    from backup.coverage.assembly import judge_cloud
    from backup.coverage.judgement import owner, select

    holdings, judged = judge_cloud(Installation.current(), cloud, directory or repository() / "tenants")
    known = sorted({owner(each.holding) for each in judged})
    if unknown := sorted(set(departments) - set(known)):
        expected = ", ".join(known)
        raise UserError(*(Problem(f"got {name}, which holds nothing, expected one of: {expected}") for name in unknown))
    chosen = tuple(select(judged, departments))
    if form == "json":
        click.echo(text.render_json(chosen, holdings), nl=False)
    elif form == "markdown":
        click.echo(text.render_markdown(chosen, holdings), nl=False)
    else:
        from backup.tables import render_lines

        click.echo(render_lines(text.COLUMNS, text.build_lines(chosen)))
        click.echo(text.render_sentence(chosen), err=True)
    for unread in holdings.unread:
        click.echo(f"{unread.source} could not be read: {unread.error}", err=True)
    if holdings.unread or any(each.is_gap for each in chosen):
        sys.exit(1)
