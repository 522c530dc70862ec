"""The time a report speaks of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

FINE_UNTIL = timedelta(days=3)
"""Periods up to this are read minute by minute, longer ones hour by hour."""
SETTLED = timedelta(minutes=2)
"""What is younger is not read: scrapes and rules of that moment may still be under way."""
_POINTS = 800
"""A plot has at most so many: about one for each pixel of its width."""
_STEPS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(hours=1), timedelta(hours=6), timedelta(days=1))


@dataclass(frozen=True)
class Period:
    """From ``first`` up to ``end``, both in UTC and on a whole step."""

    first: datetime
    end: datetime
    over: bool = True
    """False where the period was not over when it was read; ``end`` is how far it was read then."""

    @property
    def seconds(self) -> int:
        """Give its length."""
        return round((self.end - self.first).total_seconds())

    @property
    def step(self) -> int:
        """Give the seconds between two readings of what was stored."""
        return 60 if self.end - self.first <= FINE_UNTIL else 3600

    @property
    def plot_step(self) -> timedelta:
        """Give the time between two points of a plot."""
        least = timedelta(seconds=self.step)
        fitting = (step for step in _STEPS if step >= least and (self.end - self.first) / step <= _POINTS)
        return next(fitting, timedelta(days=7))


class PeriodError(ValueError):
    """A text is no period, or one of which nothing can be told."""


def parse_period(text: str, now: datetime) -> Period:
    """Give a month (2026-11), a year (2026), days (2026-11-03..2026-11-09), instants (2026-11-26T06:00..2026-11-26T08:00) or
    the last days (30d), up to now where it is not over.

    >>> parse_period("2026-10", datetime(2026, 11, 26, tzinfo=UTC)).end
    datetime.datetime(2026, 11, 1, 0, 0, tzinfo=datetime.timezone.utc)
    """
    first, end = _bounds(text, now)
    if first >= end:
        raise PeriodError(f"got {text}, which ends before it begins, expected the first day before the last")
    read = min(end, now - SETTLED)
    if read <= first:
        raise PeriodError(f"got {text}, which has not begun, expected something before {now - SETTLED:%Y-%m-%dT%H:%M}")
    step = Period(first, read).step
    whole = datetime.fromtimestamp(read.timestamp() // step * step, UTC)
    if whole <= first:
        whole = datetime.fromtimestamp(read.timestamp() // 60 * 60, UTC)
    if whole <= first:
        raise PeriodError(f"got {text}, which is shorter than a minute so far, expected a longer period")
    return Period(first, whole, over=read == end)


def _bounds(text: str, now: datetime) -> tuple[datetime, datetime]:
    if found := re.fullmatch(r"(\d{1,4})d", text):
        if not 1 <= int(found[1]) <= 3660:
            raise PeriodError(f"got {text}, expected 1d to 3660d")
        end = datetime.fromtimestamp((now - SETTLED).timestamp() // 60 * 60, UTC)
        return end - timedelta(days=int(found[1])), end
    first, dots, last = text.partition("..")
    begin, until = _span(first, text)
    return (begin, _span(last, text)[1]) if dots else (begin, until)


def _span(text: str, whole: str) -> tuple[datetime, datetime]:
    """Give the begin of what the text names, and the moment after it; an instant is both."""
    for form in ("%Y", "%Y-%m", "%Y-%m-%d", "%Y-%m-%dT%H:%M"):
        try:
            found = datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
        if form == "%Y":
            return found, found.replace(year=found.year + 1)
        if form == "%Y-%m":
            return found, (found.replace(day=28) + timedelta(days=4)).replace(day=1)
        return found, found + timedelta(days=1) if form == "%Y-%m-%d" else found
    raise PeriodError(
        f"got {whole}, expected 2026-11, 2026, 2026-11-03..2026-11-09, 2026-11-26T06:00..2026-11-26T08:00 or 30d"
    )
