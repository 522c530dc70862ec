"""The time a report speaks of: told in many ways, never beyond what was stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from monitoring.periods.period import Period, PeriodError, parse_period

NOW = datetime(2026, 11, 26, 7, 3, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "first", "end", "over"),
    [
        ("2026-10", "2026-10-01T00:00", "2026-11-01T00:00", True),
        ("2025", "2025-01-01T00:00", "2026-01-01T00:00", True),
        ("2026-02-28..2026-03-01", "2026-02-28T00:00", "2026-03-02T00:00", True),
        ("2026-11-25T06:00..2026-11-25T08:30", "2026-11-25T06:00", "2026-11-25T08:30", True),
        ("2026-11", "2026-11-01T00:00", "2026-11-26T07:00", False),
        ("2026-11-26T06:30..2026-11-26T08:00", "2026-11-26T06:30", "2026-11-26T07:01", False),
        ("30d", "2026-10-27T07:01", "2026-11-26T07:00", True),
    ],
)
def test_a_period_ends_when_it_is_over_or_where_everything_is_stored(text: str, first: str, end: str, over: bool) -> None:
    told = parse_period(text, NOW)
    assert (f"{told.first:%Y-%m-%dT%H:%M}", f"{told.end:%Y-%m-%dT%H:%M}") == (first, end)
    if text != "30d":
        assert told.over is over


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("November", "expected 2026-11"),
        ("2026-13", "expected 2026-11"),
        ("2026-11-31", "expected 2026-11"),
        ("0d", "expected 1d to 3660d"),
        ("2026-11-09..2026-11-03", "ends before it begins"),
        ("2027-01", "has not begun"),
        ("2026-11-26T07:01..2026-11-26T08:00", "shorter than a minute so far"),
        ("2026-11-26T07:00..2026-11-26T07:00", "ends before it begins"),
        ("..", "expected 2026-11"),
    ],
)
def test_what_is_no_period_is_told(text: str, said: str) -> None:
    with pytest.raises(PeriodError, match=said):
        parse_period(text, NOW)


@pytest.mark.parametrize(
    ("length", "step", "plotted"),
    [
        (timedelta(minutes=5), 60, timedelta(minutes=1)),
        (timedelta(days=1), 60, timedelta(minutes=5)),
        (timedelta(days=3), 60, timedelta(hours=1)),
        (timedelta(days=31), 3600, timedelta(hours=1)),
        (timedelta(days=366), 3600, timedelta(days=1)),
        (timedelta(days=3660), 3600, timedelta(days=7)),
    ],
)
def test_the_longer_the_coarser(length: timedelta, step: int, plotted: timedelta) -> None:
    period = Period(NOW - length, NOW)
    assert (period.step, period.plot_step) == (step, plotted)
