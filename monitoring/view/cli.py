"""``oneroof show``: a department's own view, by its own token or from what operations published; never by the operator's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tenants.installation import Installation
from tenants.problem import Problem, UserError

if TYPE_CHECKING:
    from infra.inventory.own import OwnProject
    from monitoring.view.model import View


@click.command()
@click.argument("department")
@click.option(
    "--clouds", type=click.Path(path_type=Path), help="The department's own clouds.yaml; every project in it is read."
)
@click.option("--cloud", help="Read this entry of it alone.")
@click.option("--published", help="What operations published: file or address of DEPARTMENT.json.  [default: the home's]")
@click.option("--page", type=click.Path(path_type=Path), help="Write a page, one HTML file, instead of tables.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
def show(
    department: str, clouds: Path | None, cloud: str | None, published: str | None, page: Path | None, as_json: bool
) -> None:
    """Show what DEPARTMENT has, uses, costs, shares, and where its backups lie.

    Needs no installation: what is in the projects is read with the department's own clouds.yaml; costs, backups and drills
    are what `oneroof report` published. The operator's account is never used.
    """
    from monitoring.view.document import render_document
    from monitoring.view.live import ask_servers, join
    from monitoring.view.table import print_view

    told = _published(department, published)
    view = told
    if clouds is not None:
        view = ask_servers(join(department, _read(department, clouds, cloud), told))
    elif cloud is not None:
        raise UserError(Problem("--cloud names an entry of --clouds, and no --clouds was told"))
    if view is None:
        hint = "Tell --clouds with your clouds.yaml, or --published with what operations gave you."
        raise UserError(Problem(f"nothing says anything of {department}: no clouds.yaml, nothing published", hint))
    if page is not None:
        from monitoring.view.page import render_view
        from tenants.writing import write_private

        write_private(page, render_view(view))
        click.echo(str(page))
    elif as_json:
        click.echo(render_document(view), nl=False)
    else:
        print_view(view)


def _published(department: str, place: str | None) -> View | None:
    """Give what was published; nothing where no place was told and this machine has none."""
    from monitoring.view.document import load_document

    if place is None:
        file = Installation.current().reports / "departments" / f"{department}.json"
        if "/" in department or not file.is_file():
            return None
        place = str(file)
    view = load_document(place)
    if view.department != department:
        raise UserError(Problem(f"{place}: got department {view.department}, expected {department}"))
    return view


def _read(department: str, clouds: Path, cloud: str | None) -> tuple[OwnProject, ...]:
    """Read every project that the file has an entry for, once each; refuse an account that is not the department's."""
    from infra.inventory.connect import connect_file
    from infra.inventory.own import read_own_project

    read: dict[str, OwnProject] = {}
    for connection in connect_file(clouds, cloud):
        try:
            own = read_own_project(connection, department, known=read)
        finally:
            connection.close()
        if own is not None:
            read[own.project_id] = own
    return tuple(read.values())


COMMANDS: tuple[click.Command, ...] = (show,)
