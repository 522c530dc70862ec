"""From what Prometheus stored of a month to what each department's part counts for. The asking is the only thing outside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from monitoring.showback.prices import Item, PriceBook, split

_GIB = 1024**3
UNITS: Mapping[Item, tuple[str, str, float]] = {
    "cores": ("oneroof_usage_cores", "core hours", 1),
    "memory_bytes": ("oneroof_usage_memory_bytes", "GiB hours", _GIB),
    "storage_bytes": ("oneroof_usage_storage_bytes", "GiB hours", _GIB),
    "object_bytes": ("oneroof_object_bytes", "GiB hours", _GIB),
    "floating_addresses": ("oneroof_usage_floating_addresses", "address hours", 1),
}
"""Metric, unit, and how much of the metric one unit is."""
Ask = Callable[[str, float], Mapping[str, float]]
"""Question and Unix time to department and value."""


@dataclass(frozen=True)
class Line:
    """One thing that a department had over some days, at one price."""

    department: str
    item: str
    first: str
    end: str
    """The day after the last, or the moment of the question in a month that is not over."""
    quantity: float
    unit: str
    price: float | None
    """Yuan a unit; None where the price book has none for these days."""
    amount: float | None
    query: str
    at: float
    """Unix time of the question."""


@dataclass(frozen=True)
class Month:
    """A month's showback."""

    month: str
    hours: int
    """That the month has had so far."""
    measured_hours: int
    """In which something was measured; the others count for nothing."""
    lines: tuple[Line, ...]


def month_bounds(month: str) -> tuple[date, date]:
    """Give the first day and the day after the last; raises ValueError for what is no month such as 2026-11."""
    first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC).date()
    return first, (first.replace(day=28) + timedelta(days=4)).replace(day=1)


def build_month(month: str, book: PriceBook, ask: Ask, now: datetime) -> Month:
    """Ask for every item of every span of prices. Days are UTC's; each hour counts as it was when it began."""
    first, end = month_bounds(month)
    lines = [
        Line(
            department,
            item,
            span.first.isoformat(),
            min(_moment(span.end), now).isoformat(timespec="seconds"),
            round(value / unit, 6),
            words,
            span.price,
            None if span.price is None else round(value / unit * span.price, 2),
            query,
            at,
        )
        for item, (metric, words, unit) in UNITS.items()
        for span in split(book, item, first, end)
        if _moment(span.first) < now
        for query, at in (_question(metric, span.first, span.end, now),)
        for department, value in sorted(ask(query, at).items())
    ]
    last = min(_moment(end), now)
    counting, at = f"max(count_over_time(oneroof_hosts[{_seconds(first, last)}s:1h]))", last.timestamp() - 1
    hours = int((last - _moment(first)).total_seconds() // 3600)
    measured = int(next(iter(ask(counting, at).values()), 0))
    return Month(
        month, hours, min(measured, hours), tuple(sorted(lines, key=lambda line: (line.department, line.item, line.first)))
    )


def build_fullest(month: str, book: PriceBook, stores: Iterable[Ask], now: datetime) -> Month:
    """Give the month by the first store that measured all of it, else by the one that has most; one store at least."""
    best: Month | None = None
    for ask in stores:
        told = build_month(month, book, ask, now)
        if best is None or told.measured_hours > best.measured_hours:
            best = told
        if best.measured_hours >= best.hours:
            break
    if best is None:
        raise ValueError("no store was given")
    return best


def _question(metric: str, first: date, end: date, now: datetime) -> tuple[str, float]:
    last = min(_moment(end), now)
    # a second before the end: the hour that begins at the end belongs to the next span
    once = f"max by (department, project, site) ({metric})"  # several exporters tell of the same cloud
    return f"sum by (department) (sum_over_time({once}[{_seconds(first, last)}s:1h]))", last.timestamp() - 1


def _seconds(first: date, last: datetime) -> int:
    # the question's moment is a second before the end, so the first hour lies inside: not all stores count one on the edge
    return max(1, int((last - _moment(first)).total_seconds()))


def _moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
