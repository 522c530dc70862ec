"""``oneroof report utilisation``, ``savings`` and ``department``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tenants.installation import Installation
from tenants.problem import Problem, UserError

if TYPE_CHECKING:
    from monitoring.periods.period import Period
    from monitoring.prometheus import Prometheus

_Command = TypeVar("_Command", bound=Callable[..., Any])


def period_of(text: str, now: datetime) -> Period:
    """Give the period that a command was told; end the command with one sentence where it is none."""
    from monitoring.periods.period import PeriodError, parse_period

    try:
        return parse_period(text, now)
    except PeriodError as error:
        raise click.BadParameter(str(error), param_hint="PERIOD") from None


def stores_of(installation: Installation) -> Mapping[str, Prometheus]:
    """Give the stores of series; raise UserError where there is none."""
    from monitoring.periods.asking import find_stores

    found = find_stores(installation)
    if not found:
        raise UserError(Problem("there is no Prometheus yet", "`oneroof deploy --tags prometheus` makes one."))
    return found


def _options(command: _Command) -> _Command:
    for option in (
        click.option("--pdf", is_flag=True, help="Print the pages as well; needs Chromium."),
        click.option(
            "--output", type=click.Path(path_type=Path), help="Folder to write to; the installation's reports/ if left out."
        ),
    ):
        command = option(command)
    return command


@click.command()
@click.argument("period")
@_options
def utilisation(period: str, output: Path | None, pdf: bool) -> None:
    """Write the utilisation report of PERIOD: what the cloud had, what departments were given and really worked with.

    PERIOD is a month (2026-11), a year, days (2026-11-03..2026-11-09), instants (2026-11-26T06:00..2026-11-26T08:00) or the
    last days (30d), in UTC. Writes utilisation.json with every question and its answer, utilisation.csv, and a page in
    English and Chinese. A time of which nothing was measured is a hole, and told.
    """
    _write("utilisation", period, output, pdf)


@click.command()
@click.argument("period")
@_options
def savings(period: str, output: Path | None, pdf: bool) -> None:
    """Write the savings report of PERIOD: a survey of before against what was measured, each total with its range.

    PERIOD is told as for the utilisation report. Figures a year are as of its last day, at its mean use.
    """
    _write("savings", period, output, pdf)


@click.command()
@click.argument("department")
@click.argument("period")
@_options
def department(department: str, period: str, output: Path | None, pdf: bool) -> None:
    """Write DEPARTMENT's own report of PERIOD: what it had, used, and what that counted for; nothing of any other.

    PERIOD is told as for the utilisation report.
    """
    from datetime import UTC

    from monitoring.periods.writing import find_names, write_department
    from monitoring.prometheus import PrometheusError

    installation, now = Installation.existing(), datetime.now(UTC)
    spoken, names, stores = period_of(period, now), find_names(), stores_of(installation)
    folder = output or installation.reports
    try:
        _say(write_department(stores, spoken, department, names, folder, pdf, now))
    except PrometheusError as error:
        raise UserError(str(error)) from error


def _write(kind: str, period: str, output: Path | None, pdf: bool) -> None:
    from datetime import UTC

    from monitoring.periods.writing import find_names, write_report
    from monitoring.prometheus import PrometheusError

    installation, now = Installation.existing(), datetime.now(UTC)
    spoken, stores = period_of(period, now), stores_of(installation)
    try:
        _say(write_report(kind, stores, spoken, find_names(), output or installation.reports, pdf, now))
    except PrometheusError as error:
        raise UserError(str(error)) from error


def _say(files: Iterable[Path]) -> None:
    for file in files:
        click.echo(str(file))


COMMANDS: tuple[click.Command, ...] = (utilisation, savings, department)
