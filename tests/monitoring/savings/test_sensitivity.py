"""Ranges of the savings, checked by hand."""

from __future__ import annotations

from datetime import date
from math import hypot

import pytest
from surveyed import ASSUMED, baseline, figure

from monitoring.savings.model import CloudUse, Platform, build_savings
from monitoring.savings.sensitivity import OUTCOMES, build_effects, build_ranges, ends_of
from tenants.assumptions.figures import Figure

TODAY = date(2026, 6, 1)
USE = CloudUse(1, {"health": 1.0}, 0.5, Platform(0, 0.5))


def test_the_effect_of_a_figure_is_what_it_changes_alone() -> None:
    effects = {(e.kind, e.outcome): e for e in build_effects(baseline(), ASSUMED, USE, TODAY)}
    before = 10 * 120 * 2 / 1000 * 8760
    servers = effects["servers", "energy_saved"]
    assert servers.at_high == pytest.approx(before * 0.1), "a tenth more servers, all of which were switched off"
    assert servers.at_low == pytest.approx(-before * 0.1)
    now = 1 * 400 * 1.5 / 1000 * 8760
    assert effects["cloud_pue", "energy_saved"].at_high == pytest.approx(-now * 0.1)
    assert effects["electricity_price", "energy_saved"].at_high == 0
    assert ("planned_utilisation", "saving") not in effects, "a plan's figure has no part in it"


def test_a_range_adds_the_squares_of_each_side() -> None:
    whole = build_savings(baseline(), ASSUMED, USE, TODAY)
    effects = build_effects(baseline(), ASSUMED, USE, TODAY)
    ranges = build_ranges(whole, effects)
    for outcome in OUTCOMES:
        told = ranges[outcome]
        assert told is not None
        assert told.low < told.value < told.high
    saved = ranges["energy_saved"]
    assert saved is not None
    moved = [max(0.0, e.at_low, e.at_high) for e in effects if e.outcome == "energy_saved"]
    assert saved.high == pytest.approx(saved.value + hypot(*moved))


def test_a_figure_that_tells_its_own_range_is_taken_at_its_word() -> None:
    sure = baseline(servers={**figure(10), "low": 10, "high": 11})
    effects = {(e.kind, e.outcome): e for e in build_effects(sure, ASSUMED, USE, TODAY)}
    assert effects["servers", "energy_saved"].at_low == 0
    assert effects["servers", "energy_saved"].at_high == pytest.approx(1 * 120 * 2 / 1000 * 8760)


def test_a_share_is_never_more_than_one() -> None:
    effects = {(e.kind, e.outcome): e for e in build_effects(baseline(utilisation=figure(0.99)), ASSUMED, USE, TODAY)}
    assert effects["utilisation", "energy_saved"].at_high == pytest.approx(10 * 200 * 0.01 * 2 / 1000 * 8760)


def test_without_a_measurement_there_is_no_range() -> None:
    unmeasured = CloudUse(1, {"health": 1.0}, None)
    whole, effects = (
        build_savings(baseline(), ASSUMED, unmeasured, TODAY),
        build_effects(baseline(), ASSUMED, unmeasured, TODAY),
    )
    assert set(build_ranges(whole, effects).values()) == {None}


@pytest.mark.parametrize(("low", "high"), [(11, 12), (5, 9), (12, 11)])
def test_a_value_outside_its_range_is_refused(low: float, high: float) -> None:
    with pytest.raises(ValueError, match="expected them in this order"):
        Figure(value=10, source="survey", low=low, high=high)


def test_the_spread_is_that_of_the_sources_confidence() -> None:
    assert ends_of(Figure(value=10, source="survey"), ASSUMED, ASSUMED) == (9, 11)
