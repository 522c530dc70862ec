"""``oneroof forecast``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tenants.installation import Installation

if TYPE_CHECKING:
    from monitoring.forecast.model import Forecast


@click.command()
@click.option("--days", type=click.IntRange(14, 3650), default=90, show_default=True, help="How many days to look back.")
@click.option("--ahead", type=click.IntRange(1, 3650), default=365, show_default=True, help="How many days to look ahead.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON with the questions that were asked.")
def forecast(days: int, ahead: int, as_json: bool) -> None:
    """Tell when the cloud's capacity runs out, and how sure that is.

    By what was used each day so far; the days are those of an interval that holds in four of five cases. Nothing is said
    from less than 14 days, nor of more days ahead than three times those that were seen. What grows by rare, large steps can
    be full earlier than told.
    """
    import json
    from dataclasses import asdict
    from datetime import UTC, datetime

    from monitoring.forecast.history import collect_history
    from monitoring.forecast.model import build_forecast
    from monitoring.prometheus import Prometheus, PrometheusError
    from tenants.problem import Problem, UserError

    installation = Installation.existing()
    stores = [each for each in (Prometheus.of(installation), Prometheus.of_years(installation)) if each]
    if not stores:
        raise UserError(Problem("there is no Prometheus yet", "`oneroof deploy --tags prometheus` makes one."))
    try:
        histories = collect_history(stores, days, datetime.now(UTC))
    except PrometheusError as error:
        raise UserError(str(error)) from error
    told = [(each, build_forecast(each.resource.name, each.days, each.capacity, ahead)) for each in histories]
    if as_json:
        out = [{**asdict(found), "unit": each.resource.unit, "queries": each.queries} for each, found in told]
        click.echo(json.dumps(out, indent=2, default=str))
        return
    for each, found in told:
        click.echo(render(found, each.resource.unit))


def render(found: Forecast, unit: str) -> str:
    """Give a forecast as one line."""
    if found.cannot_tell or found.used is None or found.capacity is None or found.until is None:
        return f"{found.resource}: cannot tell: {found.cannot_tell}"
    head = f"{found.resource}: {found.used:.1f} of {found.capacity:.1f} {unit}"
    grown = f"{found.growth_per_day:+.2f} a day over {found.days} days"
    if found.earliest is None:
        return f"{head}, {grown}: not full before {found.until}"
    if found.used >= found.capacity:
        return f"{head}, {grown}: full now"
    latest = f"and {found.latest}" if found.latest else f"and later than {found.until}"
    expected = f"full on {found.expected}" if found.expected else f"not full before {found.until} in the mean"
    return f"{head}, {grown}: {expected}, between {found.earliest} {latest} in four of five cases"
