"""From what was used day by day to when capacity runs out, with the interval that belongs to it. Pure.

What a cloud has given changes in steps that stay: each day adds to the day before. So growth is a random walk with
drift, not a straight line with noise around it (whose intervals would be far too narrow): with the mean growth m a day
and its variance v a day, both from T days, after h days

    use = use now + m * h,  variance = v * (h + h² / T)

the second part because m itself is only estimated (Hyndman and Athanasopoulos, Forecasting: Principles and Practice,
3rd edition, section 5.5, prediction intervals of the drift method: https://otexts.com/fpp3/prediction-intervals.html).
The interval holds in four of five cases where tomorrow is like the days before. Nothing is said of more days ahead than
three times those that were seen, nor from fewer than 14 of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from statistics import NormalDist

CONFIDENCE = 0.8
LEAST_DAYS = 14
LEAST_MEASURED = 0.7
_AHEAD = 3
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Day:
    """The most that was in use on a day."""

    day: date
    value: float


@dataclass(frozen=True)
class Forecast:
    """When one resource runs out; a day is None where that lies beyond ``until``."""

    resource: str
    capacity: float | None
    used: float | None
    days: int
    """On which the use was measured."""
    growth_per_day: float | None
    earliest: date | None
    """By the interval's upper end."""
    expected: date | None
    latest: date | None
    """By its lower end."""
    until: date | None
    """The last day that anything is said of."""
    cannot_tell: str = ""
    """Why nothing is said; empty where something is."""


def build_forecast(resource: str, use: Sequence[Day], capacity: float | None, horizon_days: int) -> Forecast:
    """Forecast one resource from its days, oldest first."""
    used = use[-1].value if use else None
    growth = _cannot_tell(use, capacity)
    if isinstance(growth, str) or capacity is None or used is None:
        said = growth if isinstance(growth, str) else ""
        return Forecast(resource, capacity, used, len(use), None, None, None, None, None, said)
    ahead = min(horizon_days, math.floor(_AHEAD * growth.days))
    today = use[-1].day

    def reached(sign: int) -> date | None:
        steps = range(ahead + 1)
        return next((today + days * _DAY for days in steps if used + growth.after(days, sign) >= capacity), None)

    return Forecast(
        resource,
        capacity,
        used,
        len(use),
        growth.mean,
        earliest=reached(1),
        expected=reached(0),
        latest=reached(-1),
        until=today + ahead * _DAY,
    )


@dataclass(frozen=True)
class _Growth:
    mean: float
    variance: float
    days: float
    steps: int

    def after(self, days: float, sign: int) -> float:
        """Give what is added after so many days: in the mean (0), or at the interval's upper (1) or lower (-1) end."""
        spread = math.sqrt(self.variance * (days + days**2 / self.days))
        return self.mean * days + sign * t_quantile((1 + CONFIDENCE) / 2, self.steps - 1) * spread


def _cannot_tell(use: Sequence[Day], capacity: float | None) -> _Growth | str:
    """Give the growth, or why there is nothing to say."""
    if len(use) < LEAST_DAYS:
        return f"measured on {len(use)} days, expected {LEAST_DAYS} at least"
    if capacity is None:
        return "the capacity is not known"
    span = (use[-1].day - use[0].day).days
    if len(use) < LEAST_MEASURED * (span + 1):
        return f"measured on {len(use)} of {span + 1} days, expected {LEAST_MEASURED:.0%} of them"
    steps = [((b.day - a.day).days, b.value - a.value) for a, b in pairwise(use)]
    mean = (use[-1].value - use[0].value) / span
    variance = sum((grown - mean * days) ** 2 / days for days, grown in steps) / (len(steps) - 1)
    return _Growth(mean, variance, span, len(steps))


def t_quantile(share: float, freedom: int) -> float:
    """Give Student's t, by the expansion of Abramowitz and Stegun, 26.7.5: to three digits from 10 degrees of freedom on.

    >>> round(t_quantile(0.9, 13), 3)
    1.35
    """
    z = NormalDist().inv_cdf(share)
    return (
        z
        + (z**3 + z) / (4 * freedom)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
    )
