"""``oneroof rightsize``."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tenants.installation import Installation

if TYPE_CHECKING:
    from monitoring.rightsizing.model import Finding

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


class _Period(click.ParamType):  # type: ignore[type-arg]  # generic in the stubs alone
    name = "period"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        found = re.fullmatch(r"([1-9]\d{0,4})([mhd])", str(value))
        if not found:
            self.fail(f"got {value}, expected a number and m, h or d, such as 30d", param, ctx)
        return timedelta(**{_UNITS[found[2]]: int(found[1])})


@click.command()
@click.argument("departments", nargs=-1)
@click.option("--period", type=_Period(), default="30d", show_default=True, help="How far back to look.")
@click.option("--directory", type=click.Path(path_type=Path), help="Folder of the declarations and catalogue.yaml.")
@click.option("--patch", is_flag=True, help="Print the changes to the declarations as a patch for git apply, nothing else.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON with the questions that were asked.")
def rightsize(departments: tuple[str, ...], period: timedelta, directory: Path | None, patch: bool, as_json: bool) -> None:
    """Show what is idle or too big for what it did over a period, with the evidence.

    Of DEPARTMENTS, or of all. Nothing is changed: --patch prints what would have to be written.
    """
    import json
    from dataclasses import asdict

    from monitoring.prometheus import Prometheus, PrometheusError
    from monitoring.rightsizing.evidence import collect_evidence
    from monitoring.rightsizing.model import build_findings
    from monitoring.rightsizing.patch import list_entries
    from tenants.declaration.load import default_directory, load_catalogue, load_departments
    from tenants.problem import Problem, UserError

    catalogue = load_catalogue(directory)
    declared = load_departments(directory, catalogue=catalogue)
    unknown = set(departments) - {department.slug for department in declared}
    if unknown:
        known = ", ".join(department.slug for department in declared)
        raise UserError(*(f"got department {name}, expected one of: {known}" for name in sorted(unknown)))
    prometheus = Prometheus.of(Installation.existing())
    if prometheus is None:
        raise UserError(Problem("there is no Prometheus yet", "`oneroof deploy --tags prometheus` makes one."))
    try:
        evidence = collect_evidence(prometheus, period)
    except PrometheusError as error:
        raise UserError(str(error)) from error
    wanted = [department for department in declared if not departments or department.slug in departments]
    files = {each.slug: (directory or default_directory()) / f"{each.slug}.yaml" for each in wanted}
    entries = {slug: list_entries(file.read_text(encoding="utf-8")) for slug, file in files.items()}
    findings = build_findings(evidence, wanted, catalogue, entries)
    if as_json:
        told = {"period_seconds": int(period.total_seconds()), "findings": [asdict(f) for f in findings]}
        click.echo(json.dumps({**told, "queries": evidence.queries}, indent=2, ensure_ascii=False))
    elif patch:
        for slug in dict.fromkeys(finding.department for finding in findings):
            _print_patch(slug, [f for f in findings if f.department == slug], directory)
    else:
        for finding in findings:
            click.echo(f"{finding.department}/{finding.project} {finding.what}: {finding.said} → {finding.advice}")
        if not findings:
            click.echo(f"nothing is idle or too big over {period}", err=True)


def _print_patch(slug: str, findings: list[Finding], directory: Path | None) -> None:
    from monitoring.rightsizing.patch import CannotChangeError, apply_changes, render_patch
    from tenants.declaration.load import default_directory

    file = (directory or default_directory()) / f"{slug}.yaml"
    before = after = file.read_text(encoding="utf-8")
    for finding in findings:
        if finding.change:
            try:
                after = apply_changes(after, [finding.change])
            except CannotChangeError as error:
                click.echo(f"{file}: {error}", err=True)
    name = f"tenants/{slug}.yaml" if directory is None else f"{slug}.yaml"
    click.echo(render_patch(name, before, after), nl=False)
