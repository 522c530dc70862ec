"""``oneroof apply``, ``department`` and ``pulumi``."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from infra.command_line import load_declared, out, shared_options, tell
from tenants.installation import Installation
from tenants.problem import Problem, UserError

if TYPE_CHECKING:
    from infra.apply import Applied
    from infra.programs.stacks import Step
    from tenants.declaration.model import Department

_FAILED = 1
_INTERRUPTED = 130


@click.command()
@click.argument("departments", nargs=-1)
@shared_options
@click.option(
    "--plan",
    "plan_file",
    type=click.Path(path_type=Path),
    help="Do exactly what this plan says, as `oneroof plan --output` wrote it; stop where it would be another now.",
)
def apply(
    departments: tuple[str, ...],
    cloud: str,
    external_network: str,
    directory: Path | None,
    refresh: bool,
    plan_file: Path | None,
) -> None:
    """Make the cloud as declared: what all share first, then DEPARTMENTS or all, three at once.

    What did not change is left alone, what was changed by hand is taken back; data is never deleted, and what is to be
    erased goes into quarantine. A department that is refused (less than it uses, more than the cloud has left) or fails
    stops no other; what is left is listed at the end, and the command ends with 1. With --plan, what moved since the plan
    was made is told, nothing is changed, and it ends with 2.
    """
    from infra.inventory.ahead import begin_reading
    from infra.outcome import outcome_file

    if plan_file is not None and (departments or refresh):
        raise UserError(
            Problem("got --plan with DEPARTMENTS or --refresh, expected it alone", "The plan says what is done.")
        )
    catalogue, every, chosen = load_declared(departments, directory)
    installation = Installation.current()
    applied = any(outcome_file(installation, department.slug, cloud).exists() for department in chosen)
    reading = begin_reading(installation, cloud) if applied and plan_file is None else None

    from infra.apply import Applied, apply_cloud, apply_departments, has_moved
    from infra.plan.approved import find_refused, load_approved
    from infra.plan.making import read_applied
    from infra.site import load_shared, open_site

    site = open_site(installation, cloud=cloud, external_network=external_network, tell=tell)
    done: list[Applied] = []
    left: tuple[str, ...] = ()
    with_shared, say = True, _Said()
    if plan_file is not None:
        approved = load_approved(site, plan_file, catalogue, every, tell=tell)
        # the plan saw each resource, so each is looked at: what was changed by hand is in the plan, and no digest tells
        chosen, with_shared, left, refresh = approved.departments, approved.shared, approved.left, True
    try:
        found = read_applied(site, chosen, tell, reading)
        if with_shared:
            shared = load_shared(site, catalogue, every, may_build=True, tell=tell)
            done.append(apply_cloud(site, shared, refresh=refresh or has_moved(site, found), on_step=say))
            report(done[-1])
        if not any(each.state == "failed" for each in done):
            refused = find_refused(site, chosen, catalogue, found=found, tell=tell)
            for slug, reasons in refused.items():
                done.append(Applied(slug, "failed", 0.0, reasons=tuple(f"refused: {reason}" for reason in reasons)))
                report(done[-1])
            given = [department for department in chosen if department.slug not in refused]
            for each in apply_departments(site, given, catalogue, refresh=refresh, found=found, on_step=say):
                done.append(each)
                report(each)
    except KeyboardInterrupt:
        click.echo("interrupted: what was under way is finished and recorded; run it again to carry on", err=True)
        _say_left(chosen, done, left)
        sys.exit(_INTERRUPTED)
    out().print(_table(done))
    _say_left(chosen, done, left)
    sys.exit(_FAILED if any(each.state == "failed" for each in done) else 0)


def _say_left(chosen: Iterable[Department], done: list[Applied], left: Iterable[str]) -> None:
    """List what is still to be done, and by whom."""
    ended = {each.stack: each for each in done}
    for each in done:
        if each.state == "failed":
            click.echo(f"left: {each.stack}: {each.reasons[0].partition(' HINT: ')[0]}")
    for department in chosen:
        if department.slug not in ended:
            click.echo(f"left: {department.slug}: not begun")
    for what in left:
        click.echo(f"left: {what}")


@click.group()
def department() -> None:
    """What a department gets to work with."""


@department.command()
@click.argument("slug")
@click.option("--cloud", default="oneroof", show_default=True, help="Entry of clouds.yaml the department lives in.")
@click.option("--output", type=click.Path(path_type=Path), help="File to write.  [default: departments/SLUG-clouds.yaml]")
def clouds(slug: str, cloud: str, output: Path | None) -> None:
    """Write a clouds.yaml for the local users of department SLUG, readable by its owner alone, and print its path.

    Holds an entry a project and user, and one an application credential. With --output, the certificate that it trusts is
    put beside it as ca.pem.
    """
    import yaml

    from infra.credentials import build_clouds
    from infra.outcome import load_outcome
    from infra.programs.stacks import read_secrets
    from infra.site import open_site
    from tenants.writing import write_private, write_whole

    installation = Installation.current()
    outcome = load_outcome(installation, slug, cloud)
    if outcome is None:
        load_declared((slug,), None)  # a name that nobody has is told as such
        raise UserError(Problem(f"{slug} was never applied to cloud {cloud}", f"Run `oneroof apply {slug}` first."))
    if not outcome.users:
        raise UserError(Problem(f"{slug} declares no local users: its people come from the directory"))
    site = open_site(installation, cloud=cloud, external_network="", tell=tell)
    operator = yaml.safe_load(installation.clouds.read_text())["clouds"][cloud]
    kept = read_secrets(site.engine, slug)
    made = build_clouds(outcome, kept["passwords"], operator, credentials=kept.get("credentials", {}))
    file = output or installation.home / "departments" / f"{slug}-clouds.yaml"
    if output and "cacert" in operator:  # the file goes to another machine: what it trusts goes with it
        authority = output.resolve().with_name("ca.pem")
        write_whole(authority, Path(operator["cacert"]).read_bytes())
        operator = {**operator, "cacert": str(authority)}
    made = build_clouds(outcome, kept["passwords"], operator, credentials=kept.get("credentials", {}))
    write_private(file, yaml.safe_dump(made, sort_keys=False))
    click.echo(file)


@click.command()
def pulumi() -> None:
    """Print the path of the pulumi command, getting it first where this machine has none."""
    from infra.pulumi_cli.find import ensure_pulumi

    click.echo(ensure_pulumi(tell=tell))


def report_steps() -> Callable[[str, Step], None]:
    """Give what says each step as it begins, for whoever else changes the cloud."""
    return _Said()


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


def report(applied: Applied) -> None:
    """Say what became of one stack."""
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


COMMANDS: tuple[click.Command, ...] = (apply, department, pulumi)
