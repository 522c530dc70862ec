"""What ``plan`` and ``apply`` share on the command line: their options, whom they are about, and where they speak."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tenants.problem import Problem, UserError

if TYPE_CHECKING:
    from tenants.declaration.catalogue import Catalogue
    from tenants.declaration.model import Department


def shared_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say which cloud and which declarations are meant."""
    for option in (
        click.option("--cloud", default="oneroof", show_default=True, help="Entry of clouds.yaml to work on."),
        click.option("--external-network", default="public", show_default=True, help="Where floating addresses are from."),
        click.option("--directory", type=click.Path(path_type=Path), help="Folder of the declarations and catalogue.yaml."),
        click.option("--refresh", is_flag=True, help="Look at every resource, one by one, even where nothing changed."),
    ):
        command = option(command)
    return command


def load_declared(
    slugs: tuple[str, ...], directory: Path | None
) -> tuple[Catalogue, tuple[Department, ...], tuple[Department, ...]]:
    """Give the catalogue, every department and those that are meant; raises UserError for a name that nobody has."""
    from tenants.declaration.load import load_catalogue, load_departments

    catalogue = load_catalogue(directory)
    every = load_departments(directory, catalogue)
    known = {department.slug: department for department in every}
    if unknown := [slug for slug in slugs if slug not in known]:
        expected = ", ".join(sorted(known)) or "none"
        raise UserError(*(Problem(f"got department {slug}, expected one of: {expected}") for slug in unknown))
    return catalogue, every, tuple(known[slug] for slug in dict.fromkeys(slugs)) if slugs else every


def out() -> Any:
    """Give the console of results; where it is no terminal, wide enough for tables."""
    from rich.console import Console

    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=200)


def tell(message: str) -> None:
    """Say something that is no result."""
    click.echo(message, err=True)
