"""A month out of a real Prometheus: each hour at its day's price, a hole as a hole; a closed month stays as it was."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from real_prometheus import Sample, prometheus_with
from real_store import store_with

from monitoring.prometheus import Prometheus
from monitoring.showback.closed import close, load_closed
from monitoring.showback.month import Line, Month, build_fullest, build_month, month_bounds
from monitoring.showback.prices import PriceBook, Span, load_prices, split
from tenants.problem import UserError

START = datetime(2026, 10, 1, tzinfo=UTC).timestamp()
NOW = datetime(2026, 11, 3, tzinfo=UTC)
HOLE = range(19 * 24, 20 * 24)  # the twentieth: nothing was measured
BOOK = PriceBook.model_validate(
    {
        "version": 1,
        "sources": {"s": {"title": "t", "dated": "2026-01-01", "confidence": "stated"}},
        "items": {
            "cores": [
                {"first": "2026-01-01", "last": "2026-10-10", "price": {"value": 0.5, "source": "s"}},
                {"first": "2026-10-11", "last": "2026-12-31", "price": {"value": 0.25, "source": "s"}},
            ]
        },
    }
)


def samples() -> Iterator[Sample]:
    def hours(series: str, value: Callable[[int], float | None]) -> Iterator[Sample]:
        for hour in range(-24, 33 * 24):
            if hour not in HOLE and (told := value(hour)) is not None:
                yield series, START + hour * 3600, told

    for instance in ("one", "two"):  # two exporters tell of the same cloud
        labels = f'project="prod",site="a",instance="{instance}"'
        yield from hours(f'oneroof_usage_cores{{department="health",{labels}}}', lambda h: 2 if h < 348 else 4)
        yield from hours(f'oneroof_usage_cores{{department="gone",{labels}}}', lambda h: 1 if h < 216 else None)
        yield from hours(f'oneroof_hosts{{site="a",instance="{instance}"}}', lambda _: 1)


@pytest.fixture(scope="module", params=["Prometheus", "the store for years"])
def ask(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, image_program: Callable[[str], Path]
) -> Iterator[Callable[[str, float], Mapping[str, float]]]:
    """Ask Prometheus; and the store that keeps years, which must give the same figures."""

    def answer(prometheus: Prometheus, question: str, at: float) -> Mapping[str, float]:
        return {sample.labels.get("department", ""): sample.value for sample in prometheus.query(question, at=at)}

    folder = tmp_path_factory.mktemp("kept")
    prometheus_or_store = (
        prometheus_with(samples(), folder, image_program) if request.param == "Prometheus" else store_with(samples(), folder)
    )
    with prometheus_or_store as kept:
        yield lambda question, at: answer(kept, question, at)


def test_every_hour_counts_once_at_the_price_of_its_day(ask: Callable[[str, float], Mapping[str, float]]) -> None:
    month = build_month("2026-10", BOOK, ask, NOW)
    told = [(line.department, line.first, line.quantity, line.amount) for line in month.lines]
    assert told == [
        ("gone", "2026-10-01", 9 * 24, 108.0),
        ("health", "2026-10-01", 10 * 24 * 2, 240.0),
        ("health", "2026-10-11", (348 - 240) * 2 + (744 - 348 - 24) * 4, 426.0),
    ]
    assert (month.measured_hours, month.hours) == (744 - 24, 744)


def test_an_open_month_counts_until_now(ask: Callable[[str, float], Mapping[str, float]]) -> None:
    month = build_month("2026-11", BOOK, ask, datetime(2026, 11, 2, 6, tzinfo=UTC))
    assert [(line.department, line.quantity) for line in month.lines] == [("health", 30 * 4)]
    assert (month.measured_hours, month.hours) == (30, 30)


def test_what_one_store_forgot_another_tells(ask: Callable[[str, float], Mapping[str, float]]) -> None:
    def forgot(_question: str, _at: float) -> Mapping[str, float]:
        return {}

    whole = build_month("2026-10", BOOK, ask, NOW)
    assert build_fullest("2026-10", BOOK, [forgot, ask], NOW) == whole
    assert build_fullest("2026-10", BOOK, [ask, forgot], NOW) == whole
    assert build_fullest("2026-10", BOOK, [forgot], NOW).measured_hours == 0


def test_days_without_a_price_are_said() -> None:
    first, end = month_bounds("2027-01")
    assert list(split(BOOK, "cores", first, end)) == [Span(first, end, None)]
    assert list(split(BOOK, "cores", date(2026, 10, 1), date(2026, 11, 1))) == [
        Span(date(2026, 10, 1), date(2026, 10, 11), 0.5),
        Span(date(2026, 10, 11), date(2026, 11, 1), 0.25),
    ]


def test_the_price_book_of_the_repository_is_sound_and_says_that_it_is_a_sample() -> None:
    assert load_prices().is_example


def test_a_day_has_one_price(tmp_path: Path) -> None:
    text = BOOK.model_dump(mode="json")
    text["items"]["cores"][1]["first"] = "2026-10-10"
    file = tmp_path / "prices.yaml"
    file.write_text(json.dumps(text))
    with pytest.raises(UserError, match="got two prices for 2026-10-10, expected one"):
        load_prices(file)


LINE = Line("health", "cores", "2026-10-01", "2026-11-01", 5.0, "core hours", 0.5, 2.5, "q", 1.0)
MONTH = Month("2026-10", 744, 744, (LINE,))


def test_a_closed_month_is_read_as_it_was_and_never_closed_again(tmp_path: Path) -> None:
    closed = close(tmp_path, MONTH, NOW)
    assert load_closed(tmp_path, "2026-10") == closed
    assert load_closed(tmp_path, "2026-11") is None
    with pytest.raises(UserError, match="2026-10: got a month before 2026-10, which is closed"):
        close(tmp_path, replace(MONTH, measured_hours=1), NOW)
    assert load_closed(tmp_path, "2026-10") == closed


@pytest.mark.parametrize("change", ["changed", "removed"])
def test_a_closed_month_that_was_changed_or_taken_away_is_found(tmp_path: Path, change: str) -> None:
    close(tmp_path, MONTH, NOW)
    close(tmp_path, replace(MONTH, month="2026-11"), NOW)
    file = tmp_path / "2026-10.json"
    if change == "removed":
        file.unlink()
    else:
        file.chmod(0o600)
        file.write_text(file.read_text().replace("2.5", "1.5"))
    with pytest.raises(UserError, match="was changed"):
        load_closed(tmp_path, "2026-11")
