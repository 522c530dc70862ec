"""From answers about one department to its own report: what it had, used, and what that counted for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args

from monitoring.periods.asking import value_of, values_by
from monitoring.periods.period import Period
from monitoring.periods.usage import UNITS, Told, derive_departments, find_holes, hours_of
from monitoring.showback.prices import Item, PriceBook, split


def list_prices(book: PriceBook, period: Period) -> list[dict[str, Any]]:
    """Give each item's prices over the period, with the moments between which each holds; days are UTC's."""
    return [
        {"item": item, "first": first.isoformat(), "end": end.isoformat(), "price": price}
        for item in get_args(Item)
        for first, end, price in _spans(book, item, period)
    ]


def derive_department(told: Told) -> dict[str, Any]:
    """Give the figures of one department's report."""
    name = told["inputs"]["department"]
    own = next(d for d in derive_departments(told) if d["department"] == name)
    lines = []
    for number, priced in enumerate(told["inputs"]["price_book"]["content"]):
        had = values_by(told["answers"][f"priced/{number}"], "department").get(name, 0.0)
        unit, divisor = UNITS[priced["item"]]
        quantity = hours_of(told, had) / divisor
        amount = None if priced["price"] is None else quantity * priced["price"]
        lines.append({**priced, "unit": unit, "quantity": quantity, "amount": amount})
    readings: float = told["period"]["seconds"] / told["period"]["step"]
    return {
        **own,
        "lines": lines,
        "amount": sum(line["amount"] or 0.0 for line in lines),
        "measured": min(1.0, (value_of(told["answers"]["measured/cloud"]) or 0.0) / readings),
        "holes": find_holes(told["answers"]["given/plot"]),
    }


def _spans(book: PriceBook, item: Item, period: Period) -> Iterator[tuple[datetime, datetime, float | None]]:
    after = (period.end - timedelta(seconds=1)).date() + timedelta(days=1)
    for span in split(book, item, period.first.date(), after):
        yield max(_moment(span.first), period.first), min(_moment(span.end), period.end), span.price


def _moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
