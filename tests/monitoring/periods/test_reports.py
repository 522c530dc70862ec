"""Reports of a month out of a real Prometheus, and out of a real store for years: each figure by hand, each hole a hole."""

from __future__ import annotations

import copy
import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from browser import assert_accessible_in_a_browser
from read_page import assert_accessible
from real_prometheus import Sample, prometheus_with
from real_store import store_with

from monitoring import periods
from monitoring.periods.document import (
    Stores,
    ask_again,
    check_files,
    check_questions,
    derive_again,
    make_department,
    make_savings,
    make_utilisation,
)
from monitoring.periods.page import render_page, render_table
from monitoring.periods.period import Period, parse_period
from monitoring.periods.writing import write_department, write_report
from monitoring.reports.every import Made, had_something, render_contents
from monitoring.reports.language import LANGUAGES
from monitoring.savings.model import CloudUse, Platform, build_savings
from monitoring.savings.survey import load_baseline
from tenants.assumptions.model import load_assumptions
from tenants.problem import UserError

START = datetime(2026, 10, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 3, 0, 30, tzinfo=UTC)
HOLE = range(19 * 24, 20 * 24)  # the twentieth: nothing was measured
HOURS = 744 - 24
GIB = 1024**3
NAMES = {"health": "卫生健康委员会 (Health Commission)", "parks": "林业局"}


def samples() -> Iterator[Sample]:
    """Give October and its neighbours, hour by hour: gauges as of the hour's begin, means of the hour at its end."""

    def hours(series: str, value: Callable[[int], float | None], ends: bool = False) -> Iterator[Sample]:
        for hour in range(-24, 33 * 24):
            if hour not in HOLE and (told := value(hour)) is not None:
                yield series, START.timestamp() + (hour + ends) * 3600, told

    for instance in ("one", "two"):  # two exporters tell of the same cloud
        at = f'site="a",instance="{instance}"'
        own = f'project="prod",{at}'
        yield from hours(f'oneroof_usage_cores{{department="health",{own}}}', lambda h: 2 if h < 348 else 4)
        yield from hours(f'oneroof_usage_cores{{department="gone",{own}}}', lambda h: 1 if h < 216 else None)
        yield f'oneroof_usage_cores{{department="brief",{own}}}', START.timestamp() + 1800, 1  # gone before a reading
        yield from hours(f'oneroof_usage_memory_bytes{{department="health",{own}}}', lambda _: 3 * GIB)
        yield from hours(f'oneroof_quota_cores{{department="health",{own}}}', lambda _: 8)
        yield from hours(f"oneroof_capacity_cores{{{at}}}", lambda h: 16 if h < 372 else 32)
        yield from hours(f"oneroof_capacity_memory_bytes{{{at}}}", lambda _: 64 * GIB)
        yield from hours(f"oneroof_hosts{{{at}}}", lambda h: 1 if h < 372 else 2)
        yield from hours(f'oneroof_host_physical_cores{{host="h1",{at}}}', lambda _: 4)
        yield from hours(f'oneroof_source_success{{source="cloud",{at}}}', lambda _: 1)
        yield from hours(f'oneroof_source_success{{source="guests",{at}}}', lambda h: h % 2)
    yield from hours('department:oneroof_server_cpu:avg1h{department="health",site="a"}', lambda _: 0.5, ends=True)
    yield from hours('department:oneroof_server_cores:avg1h{department="health",site="a"}', lambda _: 2, ends=True)
    yield from hours('host:oneroof_server_cpu:avg1h{host="h1",site="a"}', lambda _: 0.5, ends=True)
    yield from hours('site:node_cpu:utilisation1h{site="a"}', lambda h: 0.9 if h == 100 else 0.2, ends=True)
    yield from hours('site:node_memory:utilisation1h{site="a"}', lambda _: 0.4, ends=True)
    yield from hours('platform:node_hosts:count{cloud="oneroof"}', lambda _: 3, ends=True)
    yield from hours('platform:node_cpu:utilisation1h{cloud="oneroof"}', lambda _: 0.1, ends=True)


@pytest.fixture(scope="module", params=["Prometheus", "the store for years"])
def stores(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, image_program: Callable[[str], Path]
) -> Iterator[Stores]:
    folder = tmp_path_factory.mktemp("kept")
    one = (
        prometheus_with(samples(), folder, image_program) if request.param == "Prometheus" else store_with(samples(), folder)
    )
    with one as kept:
        yield {request.param: kept}


@pytest.fixture(scope="module")
def october() -> Period:
    return parse_period("2026-10", NOW)


@pytest.fixture(scope="module")
def utilisation(stores: Stores, october: Period) -> dict[str, Any]:
    return make_utilisation(stores, october, NAMES, NOW)


@pytest.fixture(scope="module")
def savings(stores: Stores, october: Period) -> dict[str, Any]:
    return make_savings(stores, october, NAMES, NOW)


@pytest.fixture(scope="module")
def health(stores: Stores, october: Period) -> dict[str, Any]:
    return make_department(stores, october, "health", NAMES["health"], NOW)


def test_departments_have_the_hours_in_which_they_were_measured(utilisation: dict[str, Any]) -> None:
    told = {d["department"]: d for d in utilisation["figures"]["departments"]}
    cores = 348 * 2 + (HOURS - 348) * 4
    assert told["health"]["hours"]["cores"] == pytest.approx(cores)
    assert told["health"]["hours"]["memory_bytes"] == pytest.approx(3 * HOURS)
    assert told["health"]["of_quota"]["cores"] == pytest.approx(cores / (8 * HOURS))
    assert told["health"]["worked_core_hours"] == pytest.approx(0.5 * HOURS)
    assert told["health"]["utilisation"] == pytest.approx(0.25)
    assert (told["gone"]["hours"]["cores"], told["gone"]["declared"]) == (216, False), "it vanished on the ninth day"
    assert told["parks"]["utilisation"] is None, "nothing ran, which is no use of nought"
    assert utilisation["figures"]["all"]["hours"]["cores"] == pytest.approx(cores + 216)


def test_the_cloud_is_told_by_means_of_what_was_measured(utilisation: dict[str, Any]) -> None:
    cloud, measured = utilisation["figures"]["cloud"], utilisation["figures"]["measured"]
    assert cloud["hosts"] == pytest.approx((372 + 2 * (HOURS - 372)) / HOURS)
    assert cloud["capacity"]["cores"] == pytest.approx(16 * cloud["hosts"])
    assert cloud["processor"]["mean"] == pytest.approx((0.2 * (HOURS - 1) + 0.9) / HOURS)
    assert (cloud["processor"]["most"], cloud["processor"]["p95"]) == (0.9, pytest.approx(0.2))
    assert cloud["storage"]["mean"] is None
    assert measured["cloud"] == pytest.approx(HOURS / 744)
    assert measured["hosts"] == pytest.approx(HOURS / 744)
    assert measured["sources"] == {"cloud": pytest.approx(HOURS / 744), "guests": pytest.approx(HOURS / 2 / 744)}
    assert [(row["host"], row["utilisation"]) for row in utilisation["figures"]["hosts"]] == [("h1", pytest.approx(0.125))]


def test_a_hole_is_told_and_no_line_is_drawn_over_it(utilisation: dict[str, Any]) -> None:
    twentieth = {"first": "2026-10-20T00:00:00+00:00", "end": "2026-10-21T00:00:00+00:00"}
    assert utilisation["figures"]["holes"]["hosts"] == [twentieth]
    assert len(utilisation["figures"]["holes"]["cloud"]) == 1
    page = render_page(utilisation, "en")
    assert "2026-10-20 00:00Z" in page
    lines = re.findall(r'<polyline class="l0" [^>]*points="([^"]*)"', page)
    assert len(lines) == 4, "capacity and processors, each before and after the hole"
    assert "Nothing was stored for" in page
    assert "storage/mean" in page


def test_savings_are_those_of_the_formulas(savings: dict[str, Any]) -> None:
    told = savings["figures"]
    cores = {
        "health": (348 * 2 + (HOURS - 348) * 4) / (16 * 372 + 32 * (HOURS - 372)),
        "gone": 216 / (16 * 372 + 32 * (HOURS - 372)),
    }
    shares = {"health": max(cores["health"], 3 / 64), "gone": cores["gone"]}
    use = CloudUse((372 + 2 * (HOURS - 372)) / HOURS, shares, (0.2 * (HOURS - 1) + 0.9) / HOURS, Platform(3, 0.1))
    whole = build_savings(load_baseline(), load_assumptions(), use, date(2026, 10, 31))
    for outcome in ("energy_saved", "carbon_saved", "avoided_cost", "saving"):
        value = getattr(whole, outcome)
        assert told["savings"][outcome] == pytest.approx(value)
        assert told["in_period"][outcome] == pytest.approx(value * 744 / 8760)
        assert told["ranges"][outcome]["low"] < value < told["ranges"][outcome]["high"]
    assert told["savings"]["platform"]["hosts"] == 3
    assert told["utilisation"]["after"] == pytest.approx(0.25)
    assert told["migration"]["surveyed"] > told["migration"]["moved"] > 0


def test_whoever_had_something_gets_a_report_and_nobody_else(stores: Stores, october: Period, tmp_path: Path) -> None:
    list(write_report("utilisation", stores, october, NAMES, tmp_path, False, NOW))
    assert had_something(tmp_path) == {"health", "gone"}, "no reading tells of brief, and parks had nothing"
    for department in had_something(tmp_path):
        assert list(write_department(stores, october, department, {}, tmp_path, False, NOW))
    with pytest.raises(UserError, match="nobody declared brief, and it had nothing in the period"):
        list(write_department(stores, october, "brief", {}, tmp_path, False, NOW))


def test_a_departments_report_speaks_of_no_other(health: dict[str, Any]) -> None:
    assert health["figures"]["hours"]["cores"] == pytest.approx(348 * 2 + (HOURS - 348) * 4)
    bill = {line["item"]: line for line in health["figures"]["lines"]}
    assert bill["cores"]["amount"] == pytest.approx(bill["cores"]["price"] * bill["cores"]["quantity"])
    assert health["figures"]["amount"] == pytest.approx(sum(line["amount"] for line in health["figures"]["lines"]))
    everything = json.dumps(health, ensure_ascii=False) + render_page(health, "zh")
    assert "gone" not in everything
    assert "林业局" not in everything


def test_what_was_not_touched_is_verified(
    stores: Stores, utilisation: dict[str, Any], savings: dict[str, Any], health: dict[str, Any]
) -> None:
    for told in (utilisation, savings, health):
        again = json.loads(json.dumps(told))
        assert derive_again(again) == []
        assert check_questions(again) == []
        assert check_files(again) == ([], [])
        assert ask_again(again, stores) == ([], [])


@pytest.mark.parametrize(
    ("way", "value", "said"),
    [
        (("figures", "cloud", "processor", "mean"), 0.6, "figures.cloud.processor.mean: the report says 0.6"),
        (("figures", "departments", 1, "utilisation"), 0.9, "figures.departments"),
        (("figures", "holes", "hosts"), [], "figures.holes.hosts"),
        (("answers", "worked", "values", 0, "value"), 1.0, "answers.worked: it is not what"),
        (("answers", "worked", "query"), "vector(1)", "answers.worked: the question is not the one"),
        (("answers", "processor/mean", "at"), 0.0, "answers.processor/mean: the question is not the one"),
        (("answers", "given/plot", "points", 3, 1), 7.0, "answers.given/plot: it is not what"),
        (("period", "end"), "2026-10-30T00:00:00+00:00", "the question is not the one that this report asks of its period"),
    ],
)
def test_whatever_was_changed_is_found(
    stores: Stores, utilisation: dict[str, Any], way: tuple[Any, ...], value: object, said: str
) -> None:
    told = copy.deepcopy(utilisation)
    part = told
    for step in way[:-1]:
        part = part[step]
    part[way[-1]] = value
    wrong, _ = ask_again(told, stores)
    assert any(said in sentence for sentence in (*derive_again(told), *check_questions(told), *wrong))


def test_a_forger_who_changes_answer_and_figure_alike_is_found_by_asking(
    stores: Stores, utilisation: dict[str, Any]
) -> None:
    told = copy.deepcopy(utilisation)
    told["answers"]["processor/mean"]["values"][0]["value"] = 0.7
    told["figures"]["cloud"]["processor"]["mean"] = 0.7
    assert derive_again(told) == []
    wrong, _ = ask_again(told, stores)
    assert [sentence.split(":")[0] for sentence in wrong] == ["answers.processor/mean"]


def test_changed_inputs_are_found_or_told_not_to_be_here(savings: dict[str, Any]) -> None:
    told = copy.deepcopy(savings)
    told["inputs"]["assumptions"]["content"]["grid_factor"]["value"] = 9.0
    assert check_files(told)[0] == ["inputs.assumptions: it is not what tenants/assumptions/assumptions.yaml says"]
    told["inputs"]["assumptions"]["sha256"] = "0" * 64
    wrong, unseen = check_files(told)
    assert (wrong, len(unseen)) == ([], 1)


def test_what_no_store_keeps_is_told_not_taken_for_changed(stores: Stores, october: Period) -> None:
    told = make_utilisation(stores, october, NAMES, NOW)
    told["answers"]["worked"]["store"] = "a store of long ago"
    _, unseen = ask_again(told, stores)
    assert unseen == ["answers of a store of long ago: this installation has no such store"]


def test_of_a_time_of_which_nothing_is_stored_nothing_is_said(stores: Stores) -> None:
    period = Period(START - timedelta(days=60), START - timedelta(days=50))
    told = make_utilisation(stores, period, NAMES, NOW)
    assert told["figures"]["measured"]["cloud"] == 0
    assert told["figures"]["cloud"]["processor"]["mean"] is None
    assert told["figures"]["holes"]["hosts"] == [{"first": period.first.isoformat(), "end": period.end.isoformat()}]
    nothing = make_savings(stores, period, NAMES, NOW)
    assert nothing["figures"]["savings"] is None
    for document in (told, nothing):
        assert render_page(document, "en")
        assert render_table(document)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_whole_and_accessible(
    utilisation: dict[str, Any], savings: dict[str, Any], health: dict[str, Any], language: str
) -> None:
    for told in (utilisation, savings, health):
        found = assert_accessible(render_page(told, language), LANGUAGES[language])
        assert found.tables == found.captions
        assert found.pictures
        assert any(link.startswith("#q-") for link in found.links), "figures name what they follow from"


@pytest.mark.slow
def test_a_browser_finds_nothing_that_keeps_anybody_out(
    utilisation: dict[str, Any], savings: dict[str, Any], health: dict[str, Any]
) -> None:
    for told in (utilisation, savings, health):
        assert_accessible_in_a_browser(render_page(told, "zh"))


@pytest.mark.slow
def test_a_browser_finds_nothing_on_the_page_that_leads_to_them(october: Period, tmp_path: Path) -> None:
    made = Made(tmp_path, print, files={"utilisation.en.html", "departments/department-health.en.html"})
    assert_accessible_in_a_browser(render_contents(made, october, {"health": NAMES["health"]}, "en", NOW))


def test_every_word_is_told_in_both_languages() -> None:
    words = yaml.safe_load((Path(periods.__file__).parent / "words.yaml").read_text("utf-8"))
    assert all(isinstance(key, str) and set(told) == set(LANGUAGES) and all(told.values()) for key, told in words.items())


def test_the_tables_can_be_computed_with(
    utilisation: dict[str, Any], savings: dict[str, Any], health: dict[str, Any]
) -> None:
    usage = {row["department"]: row for row in csv.DictReader(io.StringIO(render_table(utilisation)))}
    assert float(usage["health"]["utilisation"]) == pytest.approx(0.25)
    assert usage["parks"]["utilisation"] == ""
    saved = {row["department"]: row for row in csv.DictReader(io.StringIO(render_table(savings)))}
    total = savings["figures"]["savings"]["saving"]
    assert float(saved["(all)"]["saving_yuan_per_year"]) == pytest.approx(total)
    assert float(saved["(all, low)"]["saving_yuan_per_year"]) < total
    assert next(csv.DictReader(io.StringIO(render_table(health))))["item"] == "cores"
