"""A forecast holds as often as it says, and says nothing where there is nothing to say it from."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest

from monitoring.forecast.cli import render
from monitoring.forecast.model import Day, build_forecast, t_quantile

FIRST = date(2026, 9, 1)


def days(values: list[float | None]) -> list[Day]:
    return [Day(FIRST + timedelta(days=n), value) for n, value in enumerate(values) if value is not None]


def test_steady_growth_is_carried_on_to_the_day() -> None:
    found = build_forecast("cores", days([float(n) for n in range(31)]), 40, 365)
    assert (found.used, found.growth_per_day, found.days) == (30, 1.0, 31)
    tenth = FIRST + timedelta(days=40)
    assert (found.earliest, found.expected, found.latest) == (tenth, tenth, tenth)
    assert f"full on {tenth}, between {tenth} and {tenth}" in render(found, "cores")


def test_what_does_not_grow_is_not_full_as_far_as_is_told() -> None:
    found = build_forecast("cores", days([5.0] * 20), 40, 365)
    assert (found.earliest, found.expected, found.latest) == (None, None, None)
    assert found.until == FIRST + timedelta(days=19 + 3 * 19), "not more than three times what was seen"
    assert render(found, "cores") == f"cores: 5.0 of 40.0 cores, +0.00 a day over 20 days: not full before {found.until}"


def test_growth_in_steps_has_an_interval_around_its_day() -> None:
    found = build_forecast("cores", days([float(4 * (n // 5)) for n in range(60)]), 60, 365)
    assert found.earliest is not None
    assert found.expected is not None
    assert found.earliest < found.expected
    assert found.latest is None or found.latest > found.expected


def test_full_is_full() -> None:
    found = build_forecast("cores", days([20.0 + n for n in range(20)]), 30, 365)
    assert found.expected == found.earliest == FIRST + timedelta(days=19)
    assert render(found, "cores").endswith("full now")


@pytest.mark.parametrize(
    ("values", "capacity", "why"),
    [
        ([], 10, "measured on 0 days, expected 14 at least"),
        ([], None, "measured on 0 days, expected 14 at least"),
        ([1.0] * 13, 10, "measured on 13 days, expected 14 at least"),
        ([1.0, *[None] * 20, *[1.0] * 14], 10, "measured on 15 of 35 days, expected 70% of them"),
        ([1.0] * 20, None, "the capacity is not known"),
    ],
)
def test_it_says_that_it_cannot_tell(values: list[float | None], capacity: float | None, why: str) -> None:
    found = build_forecast("cores", days(values), capacity, 365)
    assert found.cannot_tell == why
    assert found.expected is None
    assert render(found, "cores") == f"cores: cannot tell: {why}"


def test_days_that_were_not_measured_count_as_days() -> None:
    whole = days([float(n) for n in range(40)])
    holes = [day for n, day in enumerate(whole) if n not in (3, 4, 17)]
    assert build_forecast("cores", holes, 50, 365).expected == build_forecast("cores", whole, 50, 365).expected


@pytest.mark.parametrize(
    "sure", [(0.9, 10, 1.372), (0.9, 13, 1.350), (0.9, 30, 1.310), (0.975, 20, 2.086), (0.95, 60, 1.671)]
)
def test_students_t_is_that_of_the_tables(sure: tuple[float, int, float]) -> None:
    share, freedom, tabled = sure
    assert t_quantile(share, freedom) == pytest.approx(tabled, abs=0.001)


def test_the_interval_holds_in_four_of_five_cases() -> None:
    """Clouds that grow in random steps: how often the day on which one is really full lies between earliest and latest."""
    dice = random.Random(20261126)  # noqa: S311 - the same clouds each time
    held = told = 0
    for _ in range(400):
        use, walk = 0.0, []
        for _ in range(60 + 181):
            use += dice.choice((0, 0, 0, 2, 4, -2)) * dice.random()
            walk.append(use)
        seen, capacity = walk[:60], walk[59] + 12
        found = build_forecast("cores", days([*seen]), capacity, 180)
        really = next((n for n in range(60, len(walk)) if walk[n] >= capacity), None)
        told += 1
        day = None if really is None else FIRST + timedelta(days=really)
        early = found.earliest is None if day is None else found.earliest is not None and found.earliest <= day
        late = found.latest is None or (day is not None and day <= found.latest)
        held += (early or day is None) and late
    assert 0.7 < held / told < 0.95, held / told
