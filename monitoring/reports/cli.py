"""``oneroof report``: the page of now, all reports at once, and their verification; the others have a cli of their own."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from monitoring.periods.cli import COMMANDS as PERIODS
from monitoring.recovery.cli import recovery
from tenants.installation import Installation
from tenants.problem import Problem, UserError


@click.group(invoke_without_command=True)
@click.option("--cloud", default="oneroof", show_default=True, help="Entry of clouds.yaml.")
@click.option("--output", type=click.Path(path_type=Path), help="File to write; the installation's reports/ if left out.")
@click.pass_context
def report(context: click.Context, cloud: str, output: Path | None) -> None:
    """Write the page: what was built, how it is used, what it saves, what was backed up and restored.

    Beside it, in departments/, lie a page and a JSON file of each department's own, with nothing of the others. A command
    below writes another report, all of them, or verifies one.
    """
    if context.invoked_subcommand is not None:
        return
    from monitoring.overview import collect_overview
    from monitoring.reports.page import write_report
    from monitoring.view.page import write_views

    installation = Installation.existing()
    target = output or installation.reports / "index.html"
    overview = collect_overview(installation, cloud)
    write_views(overview, target.parent / "departments")
    write_report(overview, target)
    for what, why in overview.missing.items():
        click.echo(f"not measured: {what}: {why}", err=True)
    click.echo(str(target))


@report.command("all")
@click.argument("period")
@click.option("--cloud", default="oneroof", show_default=True, help="Entry of clouds.yaml.")
@click.option(
    "--output", type=click.Path(path_type=Path), help="Folder to write to; reports/PERIOD of the installation if left out."
)
@click.option("--pdf", is_flag=True, help="Print the pages as well; needs Chromium.")
def every(period: str, cloud: str, output: Path | None, pdf: bool) -> None:
    """Write every report of PERIOD (such as 2026-11) and a page that leads to them: operations, departments, auditors.

    A report that cannot be made stops no other; the page says which and why, and the exit code is 1.
    """
    from datetime import UTC, datetime

    from monitoring.periods.cli import period_of
    from monitoring.reports.every import write_every

    installation, now = Installation.existing(), datetime.now(UTC)
    spoken = period_of(period, now)
    folder = output or installation.reports / period.replace(":", "")
    failed = write_every(installation, cloud, spoken, folder, pdf, now, click.echo)
    for name, why in failed.items():
        click.echo(f"not made: {name}: {why}", err=True)
    if failed:
        sys.exit(1)


@report.command()
@click.argument("file", type=click.Path(path_type=Path))
def verify(file: Path) -> None:
    """Derive every figure of a report again; FILE is its JSON.

    A recovery report is held against this machine's ledgers. Of another, every figure is derived from the answers in it,
    every question is put to Prometheus (or the store for years) again, and survey, assumptions and prices are held against
    this checkout's. One sentence names each figure, answer or entry that differs. Exit code 1 where there is any.
    """
    if not file.is_file():
        raise UserError(Problem("there is no such file", "`oneroof report` and its commands write some.", file))
    installation = Installation.existing()
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        if "report" in told:
            from monitoring.periods.verification import verify_period

            wrong, unseen, rests_on = verify_period(told, installation)
        else:
            from monitoring.recovery.files import verify_recovery

            wrong, unseen, rests_on = verify_recovery(told, installation.records)
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        said = f"{type(error).__name__}: {error}"
        raise UserError(Problem(f"this is no report: {said}", "Tell a file such as utilisation.json.", file)) from error
    for sentence in wrong:
        click.echo(sentence, err=True)
    for sentence in unseen:
        click.echo(f"not looked at: {sentence}", err=True)
    if wrong:
        sys.exit(1)
    click.echo(f"every figure follows from {rests_on}")


for _command in (*PERIODS, recovery):
    report.add_command(_command)
