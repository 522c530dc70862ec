"""``oneroof showback``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tenants.installation import Installation

if TYPE_CHECKING:
    from monitoring.showback.month import Month


@click.command()
@click.argument("month")
@click.option("--close", "closing", is_flag=True, help="Write the month down for good; it must be over.")
@click.option("--prices", type=click.Path(path_type=Path, exists=True), help="Price book; the checkout's own if left out.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON with the question behind every figure.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
def showback(month: str, closing: bool, prices: Path | None, as_json: bool, as_csv: bool) -> None:
    """Show what each department's part counted for in MONTH (such as 2026-11), by the price book.

    Hours in which nothing was measured count for nothing, and the share of them is told. A closed month is shown as closed.
    What Prometheus keeps no more is asked of the store for years, where there is one.
    """
    import json
    from dataclasses import asdict
    from datetime import UTC, datetime
    from functools import partial

    from monitoring.prometheus import Prometheus, PrometheusError
    from monitoring.showback.closed import close, load_closed
    from monitoring.showback.month import build_fullest, month_bounds
    from monitoring.showback.prices import load_prices
    from tenants.problem import Problem, UserError

    try:
        first, end = month_bounds(month)
    except ValueError:
        raise click.BadParameter(f"got {month}, expected a year and month such as 2026-11", param_hint="MONTH") from None
    installation, now = Installation.existing(), datetime.now(UTC)
    if first > now.date():
        raise UserError(f"{month}: got a month that has not begun, expected {now:%Y-%m} or before")
    folder = installation.home / "showback"
    closed = load_closed(folder, month)
    if closed is None:
        kept = [each for each in (Prometheus.of(installation), Prometheus.of_years(installation)) if each]
        if not kept:
            raise UserError(Problem("there is no Prometheus yet", "`oneroof deploy --tags prometheus` makes one."))
        if closing and end > now.date():
            raise UserError(f"{month}: got a month that is not over, expected to close it on {end} or later")

        def ask(prometheus: Prometheus, question: str, at: float) -> dict[str, float]:
            return {s.labels.get("department", ""): s.value for s in prometheus.query(question, timeout=60, at=at)}

        book = load_prices(prices) if prices else load_prices()
        try:
            shown = build_fullest(month, book, [partial(ask, each) for each in kept], now)
        except PrometheusError as error:
            raise UserError(str(error)) from error
        closed = close(folder, shown, now) if closing else None
    else:
        shown = closed.month
    if as_json:
        state = {"closed_at": closed.closed_at, "digest": closed.digest} if closed else {"closed_at": None}
        click.echo(json.dumps({**asdict(shown), **state}, indent=2, ensure_ascii=False))
    elif as_csv:
        _print_csv(shown)
    else:
        _print_table(shown, closed.closed_at if closed else "")


def _print_csv(month: Month) -> None:
    import csv
    import sys

    rows = csv.writer(sys.stdout)
    rows.writerow(["department", "item", "first", "end", "quantity", "unit", "price_yuan", "amount_yuan"])
    for line in month.lines:
        rows.writerow([line.department, line.item, line.first, line.end, line.quantity, line.unit, line.price, line.amount])


def _print_table(month: Month, closed_at: str) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("department", "item", "from", "quantity", "yuan")
    for line in month.lines:
        amount = "no price" if line.amount is None else f"{line.amount:.2f}"
        table.add_row(line.department, line.item, line.first, f"{line.quantity:.2f} {line.unit}", amount)
    console = Console(width=110)
    console.print(table)
    for department in dict.fromkeys(line.department for line in month.lines):
        total = sum(line.amount or 0 for line in month.lines if line.department == department)
        console.print(f"{department}: {total:.2f} yuan")
    state = f"closed {closed_at}" if closed_at else "open: figures still grow"
    console.print(f"{month.month}, {state}; measured in {month.measured_hours} of {month.hours} hours")
