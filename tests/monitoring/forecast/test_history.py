"""What was used, day by day, out of a real Prometheus: several exporters tell of one cloud, and a hole stays a hole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from real_prometheus import Sample, prometheus_with

from monitoring.forecast.history import History, collect_history
from monitoring.forecast.model import Day, build_forecast
from monitoring.prometheus import Prometheus

GIB = 1024**3
FIRST = date(2026, 10, 1)
START = datetime(2026, 10, 1, tzinfo=UTC).timestamp()
DAYS = 30
NOW = datetime(2026, 10, 30, 15, 30, tzinfo=UTC)
HOLE = 12
"""A day on which nothing was measured."""


def samples() -> Iterator[Sample]:
    """Cores grow by one a day, given on two hosts; in the night of each day two more are in use for some hours."""
    for hour in range(24 * (DAYS - 1) + 16):
        day, at = hour // 24, START + hour * 3600
        if day == HOLE:
            continue
        for instance in ("one", "two"):
            site = f'site="a",instance="{instance}"'
            burst = 2 if hour % 24 in (2, 3, 4) else 0
            yield f'oneroof_host_usage_cores{{host="h1",{site}}}', at, 10 + burst
            yield f'oneroof_host_usage_cores{{host="h2",{site}}}', at, day
            yield f"oneroof_capacity_cores{{{site}}}", at, 100 if day < 20 else 60
            yield f"oneroof_stored_bytes{{{site}}}", at, (day + 1) * GIB / 2


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, image_program: Callable[[str], Path]) -> Iterator[Prometheus]:
    with prometheus_with(samples(), tmp_path_factory.mktemp("history"), image_program) as prometheus:
        yield prometheus


def history(stores: list[Prometheus], days: int = 90) -> dict[str, History]:
    return {each.resource.name: each for each in collect_history(stores, days, NOW)}


def test_a_day_has_the_most_that_was_in_use_on_it(store: Prometheus) -> None:
    told = history([store])
    there = [day for day in range(DAYS) if day != HOLE]
    assert [(d.day, d.value) for d in told["cores"].days] == [(FIRST + timedelta(days=n), 12 + n) for n in there]
    assert [d.value for d in told["storage written"].days] == [(n + 1) / 2 for n in there]


def test_capacity_is_the_last_that_was_told(store: Prometheus) -> None:
    assert history([store])["cores"].capacity == 60


def test_what_was_never_stored_is_no_day_and_no_capacity(store: Prometheus) -> None:
    addresses = history([store])["floating addresses"]
    assert (addresses.days, addresses.capacity) == ((), None)
    assert build_forecast("floating addresses", addresses.days, addresses.capacity, 365).cannot_tell


def test_it_looks_as_many_whole_days_back_as_were_asked_for_and_at_today(store: Prometheus) -> None:
    assert [d.day for d in history([store], 14)["cores"].days] == [FIRST + timedelta(days=n) for n in range(DAYS - 15, DAYS)]


def test_early_in_the_day_the_evening_before_is_not_todays(store: Prometheus) -> None:
    morning = NOW.replace(hour=1)
    (cores, *_) = collect_history([store], 14, morning)
    assert cores.days[-1] == Day(NOW.date(), 10 + DAYS - 1)
    assert cores.days[-2].value == 12 + DAYS - 2


def test_the_day_on_which_it_is_full_follows(store: Prometheus) -> None:
    cores = history([store])["cores"]
    found = build_forecast("cores", cores.days, cores.capacity, 365)
    assert (found.used, found.growth_per_day) == (41, 1)
    assert found.expected == found.earliest == NOW.date() + timedelta(days=60 - 41)


def test_the_store_with_most_days_is_believed(
    store: Prometheus, tmp_path: Path, image_program: Callable[[str], Path]
) -> None:
    few = [sample for sample in samples() if sample[1] > START + 20 * 86400]
    with prometheus_with(few, tmp_path, image_program) as other:
        assert history([other, store]) == history([store, other]) == history([store])
