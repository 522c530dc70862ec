"""``oneroof tenants``: check, show and start declarations. Reaches no cloud."""

from __future__ import annotations

import json
from pathlib import Path

import click

from tenants.problem import Problem, UserError

_DIRECTORY = click.option(
    "--directory",
    type=click.Path(path_type=Path),
    help="Folder of the declarations and catalogue.yaml.  [default: tenants/ of this checkout]",
)


@click.group()
def tenants() -> None:
    """Check, show and start what departments declare; reaches no cloud."""


@tenants.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@_DIRECTORY
def check(files: tuple[Path, ...], directory: Path | None) -> None:
    """Check every declaration, or FILES beside the others of the folder.

    Prints one line a department, or one sentence a mistake and exits with 2. Names and networks are compared over the
    whole government, so the others are read even where FILES are told.
    """
    from tenants.declaration.load import default_directory, department_files, load_catalogue, load_files
    from tenants.declaration.show import render_summary
    from tenants.today import today

    directory = directory or default_directory()
    told = {file.resolve().stem for file in files}
    others = [file for file in department_files(directory) if file.stem not in told]
    departments = load_files([*others, *files], directory, today=today(), only=told or None)
    shown = [department for department in departments if not told or department.name in told]
    _print(render_summary(shown, load_catalogue(directory)))


@tenants.command()
@click.argument("department")
@_DIRECTORY
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(department: str, directory: Path | None, as_json: bool) -> None:
    """Show what DEPARTMENT's declaration means with everything left out filled in."""
    from tenants.declaration.load import load_catalogue, load_departments
    from tenants.declaration.sentence import nearest
    from tenants.declaration.show import build_meaning, render_department

    catalogue = load_catalogue(directory)
    every = {found.name: found for found in load_departments(directory, catalogue)}
    if department not in every:
        hint = nearest(department, every) or f"There are: {', '.join(every)}."
        raise UserError(Problem(f"got {department}, expected a department that is declared", hint))
    if as_json:
        click.echo(json.dumps(build_meaning(every[department], catalogue), indent=2, ensure_ascii=False))
    else:
        _print(render_department(every[department], catalogue))


@tenants.command()
@_DIRECTORY
def blueprints(directory: Path | None) -> None:
    """List the stacks that a project may use, with their parameters."""
    from tenants.declaration.load import load_catalogue
    from tenants.declaration.show import render_blueprints

    _print(render_blueprints(load_catalogue(directory)))


@tenants.command()
@click.option("--write", is_flag=True, help="Renew tenants/declaration/schema.json instead of printing.")
def schema(write: bool) -> None:
    """Print the JSON schema that editors check a declaration with."""
    from tenants.declaration.schema import SCHEMA_FILE, render_schema

    if write:
        SCHEMA_FILE.write_text(render_schema(), encoding="utf-8")
        click.echo(f"{SCHEMA_FILE} is renewed", err=True)
    else:
        click.echo(render_schema(), nl=False)


@tenants.command("free-ranges")
@click.option("--prefix", type=click.IntRange(1, 32), help="Only where a network of this size has room.  [default: all]")
@_DIRECTORY
def free_ranges(prefix: int | None, directory: Path | None) -> None:
    """Print the ranges of the address plan that no department has, one a line, in order."""
    from tenants.declaration.load import load_catalogue, load_departments
    from tenants.declaration.rules import addresses

    catalogue = load_catalogue(directory)
    every = load_departments(directory, catalogue)
    taken = [network.cidr for department in every for project in department.projects for network in project.networks]
    for free in addresses.free_ranges(catalogue.addresses.departments, taken):
        if prefix is None or free.prefixlen <= prefix:
            click.echo(free)


@tenants.command()
@click.argument("slug")
@_DIRECTORY
def new(slug: str, directory: Path | None) -> None:
    """Write SLUG.yaml for a new department: a few lines to change, on a free range of addresses."""
    from tenants.declaration.load import default_directory, load_catalogue, load_departments
    from tenants.declaration.starter import check_new, render_starter, write_starter

    directory = directory or default_directory()
    catalogue = load_catalogue(directory)
    file = directory / f"{slug}.yaml"
    check_new(slug, file)  # before the others are read: what is wrong in this very file is no answer
    write_starter(file, render_starter(slug, load_departments(directory, catalogue), catalogue))
    click.echo(file)
    click.echo(f"Change its first lines, then: oneroof tenants check {file}", err=True)


def _print(what: object) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=120)
    console.print(what)


COMMANDS: tuple[click.Command, ...] = (tenants,)
