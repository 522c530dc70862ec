"""``oneroof plan``, ``apply``, ``withdraw``, ``department`` and ``pulumi``."""

from __future__ import annotations

import itertools
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tenants.installation import Installation
from tenants.problem import Problem, UserError

if TYPE_CHECKING:
    from infra import agreement
    from infra.apply import Applied, Site
    from infra.inventory import Inventory
    from infra.programs.stacks import Step
    from tenants.declaration.catalogue import Catalogue
    from tenants.declaration.model import Department

_PENDING = 3
_FAILED = 1
_INTERRUPTED = 130


def _shared_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--cloud", default="oneroof", show_default=True, help="Entry of clouds.yaml to work on."),
        click.option("--external-network", default="public", show_default=True, help="Where floating addresses are from."),
        click.option("--directory", type=click.Path(path_type=Path), help="Folder of the declarations and catalogue.yaml."),
        click.option("--refresh", is_flag=True, help="Look at every resource, one by one, even where nothing changed."),
    ):
        command = option(command)
    return command


@click.command()
@click.argument("departments", nargs=-1)
@_shared_options
def plan(departments: tuple[str, ...], cloud: str, external_network: str, directory: Path | None, refresh: bool) -> None:
    """Show what an apply would change: for DEPARTMENTS, or for all and what they share.

    Reads the cloud in bulk, however many departments there are, and looks closer at those that differ; writes nothing:
    not there, not here. Ends with 0 where nothing is to do, 3 where changes are pending, 1 where a plan could not be
    made, 2 for a mistake in what was told or declared.
    """
    from rich.console import Console
    from rich.table import Table

    from infra.agreement import Cloud
    from infra.apply import has_moved
    from infra.plan import Planned, build_rows, plan_cloud, plan_departments
    from infra.site import load_shared, open_site, stacks_of

    catalogue, every, chosen = _load(departments, directory)
    site = open_site(Installation.current(), cloud=cloud, external_network=external_network, tell=_tell)
    found = None if refresh else _read_cloud(site.installation, cloud)
    table = Table("department", "change", "resource", "property", "declared", "actual", box=None, pad_edge=False)
    pending = failed = False
    with Console(stderr=True).status("planning") as status:
        shared: list[Planned] = []
        if not departments:
            desired = load_shared(site, catalogue, every, may_build=False, tell=_tell)
            moved = has_moved(site, None if found is None else Cloud(found))
            shared.append(plan_cloud(site, desired, refresh=refresh or moved))
        for planned in itertools.chain(shared, plan_departments(site, chosen, catalogue, found=found)):
            status.update(f"planned {planned.stack}")
            pending = pending or planned.is_pending
            for row in build_rows(planned):
                table.add_row(row.department, row.operation, row.resource, row.property, row.declared, row.actual)
            for reason in planned.reasons:
                failed = failed or not planned.steps
                click.echo(f"{planned.stack}: {reason}", err=True)
    gone = [] if departments else sorted(set(stacks_of(site)) - {department.slug for department in every})
    for slug in gone:
        click.echo(f"{slug}: no longer declared; `oneroof withdraw {slug}` removes it", err=True)
    if table.rows:
        _out().print(table)
    elif not (failed or pending or gone):
        click.echo("nothing to change")
    if found is not None:
        from infra.agreement import NOT_COMPARED

        click.echo(f"read by {found.calls} calls in {found.seconds:.1f} s; only --refresh compares {NOT_COMPARED}", err=True)
    sys.exit(_FAILED if failed else _PENDING if pending or gone else 0)


def _read_cloud(installation: Installation, cloud: str) -> Inventory | None:
    """Read everything in bulk; nothing where that is refused, as by a cloud that is another's: the engine looks then."""
    from infra.agreement import SOURCES_NEEDED
    from infra.inventory.collect import collect_inventory
    from infra.inventory.connect import connect

    found = collect_inventory(connect(installation, cloud))
    missing = [failure for failure in found.failures if failure.source in SOURCES_NEEDED]
    if not missing:
        return found
    first, names = missing[0], ", ".join(failure.source for failure in missing)
    click.echo(f"not read in bulk, so each resource is looked at: {names} ({first.error})", err=True)
    return None


def _read_applied(site: Site, departments: tuple[Department, ...], cloud: str) -> agreement.Cloud | None:
    """Read what departments have that were applied before; new ones have nothing that could differ."""
    from infra.agreement import Cloud

    found = _read_cloud(site.installation, cloud) if any(site.engine.exists(each.slug) for each in departments) else None
    return None if found is None else Cloud(found)


@click.command()
@click.argument("departments", nargs=-1)
@_shared_options
@click.option("--erase-data", is_flag=True, help="Delete volumes and containers that are no longer declared.")
def apply(
    departments: tuple[str, ...], cloud: str, external_network: str, directory: Path | None, refresh: bool, erase_data: bool
) -> None:
    """Make the cloud as declared: what all share first, then DEPARTMENTS or all, two at once.

    What did not change is left alone; what was changed by hand is taken back, as the plan says. One department's failure
    stops no other. Ends with 1 where any failed.
    """
    from infra.apply import apply_cloud, apply_departments, has_moved
    from infra.site import load_shared, open_site

    catalogue, every, chosen = _load(departments, directory)
    site = open_site(
        Installation.current(), cloud=cloud, external_network=external_network, may_erase=erase_data, tell=_tell
    )
    done: list[Applied] = []
    say = _Said()
    try:
        shared = load_shared(site, catalogue, every, may_build=True, tell=_tell)
        found = _read_applied(site, chosen, cloud)
        done.append(apply_cloud(site, shared, refresh=refresh or has_moved(site, found), on_step=say))
        _report(done[-1])
        if done[-1].state != "failed":
            for each in apply_departments(site, chosen, catalogue, refresh=refresh, found=found, on_step=say):
                done.append(each)
                _report(each)
    except KeyboardInterrupt:
        click.echo("interrupted: what was under way is finished and recorded; run it again to carry on", err=True)
        sys.exit(_INTERRUPTED)
    _out().print(_table(done))
    sys.exit(_FAILED if any(each.state == "failed" for each in done) else 0)


@click.command()
@click.argument("department")
@click.option("--cloud", default="oneroof", show_default=True, help="Entry of clouds.yaml to work on.")
@click.option("--yes", is_flag=True, help="Really do it.")
@click.option("--erase-data", is_flag=True, help="Delete its volumes and containers too.")
def withdraw(department: str, cloud: str, yes: bool, erase_data: bool) -> None:
    """Delete everything DEPARTMENT has in the cloud; refuses while it holds data unless --erase-data is told."""
    from infra import apply as applying
    from infra.site import open_site, stacks_of

    site = open_site(Installation.current(), cloud=cloud, external_network="", may_erase=erase_data, tell=_tell)
    if department not in (known := stacks_of(site)):
        held = f"It has: {', '.join(known)}." if known else "Nothing was."
        raise UserError(Problem(f"{department} was never applied to cloud {cloud}", held))
    if not yes:
        raise UserError(Problem(f"this deletes everything of {department} in cloud {cloud}", "Tell --yes to do it."))
    try:
        done = applying.withdraw(site, department, on_step=_Said())
    except KeyboardInterrupt:
        click.echo("interrupted: run it again to carry on", err=True)
        sys.exit(_INTERRUPTED)
    _report(done)
    sys.exit(_FAILED if done.state == "failed" else 0)


@click.group()
def department() -> None:
    """What a department gets to work with."""


@department.command()
@click.argument("slug")
@click.option("--cloud", default="oneroof", show_default=True, help="Entry of clouds.yaml the department lives in.")
@click.option("--output", type=click.Path(path_type=Path), help="File to write.  [default: departments/SLUG-clouds.yaml]")
def clouds(slug: str, cloud: str, output: Path | None) -> None:
    """Write a clouds.yaml for the local users of department SLUG, readable by its owner alone, and print its path."""
    import yaml

    from infra.credentials import build_clouds
    from infra.outcome import load_outcome
    from infra.programs.stacks import read_secrets
    from infra.site import open_site
    from tenants.writing import write_private

    installation = Installation.current()
    outcome = load_outcome(installation, slug, cloud)
    if outcome is None:
        _load((slug,), None)  # a name that nobody has is told as such
        raise UserError(Problem(f"{slug} was never applied to cloud {cloud}", f"Run `oneroof apply {slug}` first."))
    if not outcome.users:
        raise UserError(Problem(f"{slug} declares no local users: its people come from the directory"))
    site = open_site(installation, cloud=cloud, external_network="", tell=_tell)
    operator = yaml.safe_load(installation.clouds.read_text())["clouds"][cloud]
    passwords = read_secrets(site.engine, slug)["passwords"]
    file = output or installation.home / "departments" / f"{slug}-clouds.yaml"
    write_private(file, yaml.safe_dump(build_clouds(outcome, passwords, operator), sort_keys=False))
    click.echo(file)


@click.command()
def pulumi() -> None:
    """Print the path of the pulumi command, getting it first where this machine has none."""
    from infra.pulumi_cli.find import ensure_pulumi

    click.echo(ensure_pulumi(tell=_tell))


def _load(
    slugs: tuple[str, ...], directory: Path | None
) -> tuple[Catalogue, tuple[Department, ...], tuple[Department, ...]]:
    """Give the catalogue, every department and those that are meant."""
    from tenants.declaration.load import load_catalogue, load_departments

    catalogue = load_catalogue(directory)
    every = load_departments(directory, catalogue)
    known = {department.slug: department for department in every}
    if unknown := [slug for slug in slugs if slug not in known]:
        expected = ", ".join(sorted(known)) or "none"
        raise UserError(*(Problem(f"got department {slug}, expected one of: {expected}") for slug in unknown))
    return catalogue, every, tuple(known[slug] for slug in dict.fromkeys(slugs)) if slugs else every


class _Said:
    """Says each step as it begins, one line each; several stacks speak at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __call__(self, stack: str, step: Step) -> None:
        if step.operation != "same":
            with self._lock:
                noun = step.type.rpartition(":")[2]
                changed = f" ({', '.join(name for name, _, _ in step.changes)})" if step.operation == "update" else ""
                click.echo(f"{stack}: {step.operation} {noun} {step.name}{changed}", err=True)


def _report(applied: Applied) -> None:
    took = f" in {applied.seconds:.1f} s" if applied.state != "skipped" else ", nothing changed since the last apply"
    click.echo(f"{applied.stack}: {applied.state}{took}", err=True)
    for reason in applied.reasons:
        click.echo(f"{applied.stack}: {reason.replace(' HINT: ', chr(10) + '  HINT: ')}", err=True)


def _table(done: list[Applied]) -> Any:
    from rich.table import Table

    table = Table(
        "department", "state", "seconds", "project", "server", "address", "floating address", box=None, pad_edge=False
    )
    for each in sorted(done, key=lambda applied: (applied.stack != "cloud", applied.stack)):
        head: tuple[str, ...] = (each.stack, each.state, f"{each.seconds:.1f}")
        projects = each.outcome.projects if each.outcome else ()
        lines = [
            (project["cloud_name"], server["name"], server["fixed_address"], server["floating_address"] or "–")
            for project in projects
            for server in project["servers"]
        ]
        for line in lines or [("–", "–", "–", "–")]:
            table.add_row(*head, *line)
            head = ("", "", "")
    return table


def _out() -> Any:
    from rich.console import Console

    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=200)


def _tell(message: str) -> None:
    click.echo(message, err=True)


COMMANDS: tuple[click.Command, ...] = (plan, apply, withdraw, department, pulumi)
