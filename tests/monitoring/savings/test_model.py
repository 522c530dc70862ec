"""The formulas, checked by hand."""

from __future__ import annotations

from datetime import date

import pytest
from surveyed import ASSUMED, baseline

from monitoring.savings.model import IDLE, CloudUse, Platform, attribute_hosts, build_savings, dominant_share


def test_the_dominant_share_is_the_largest_one() -> None:
    assert dominant_share({"cores": 8, "memory": 10}, {"cores": 32, "memory": 20, "storage": 0}) == 0.5
    assert dominant_share({}, {}) == 0


@pytest.mark.parametrize("shares", [{"a": 0.2, "b": 0.3}, {"a": 0.9, "b": 0.6}, {}])
def test_attributed_hosts_add_up_to_all_hosts(shares: dict[str, float]) -> None:
    hosts = attribute_hosts(4, shares)
    assert sum(hosts.values()) == pytest.approx(4)
    assert hosts[IDLE] >= 0


def test_savings_by_hand() -> None:
    savings = build_savings(baseline(), ASSUMED, CloudUse(2, {"health": 0.25}, 0.5), date(2026, 6, 1))
    health = savings.departments[0]
    before = 10 * 120 * 2 / 1000 * 8760  # ten servers of 120 W, PUE 2
    now = 0.5 * 400 * 1.5 / 1000 * 8760  # half a host of 400 W, PUE 1.5
    assert health.hosts == 0.5
    assert health.avoided_servers == 9.5
    assert health.energy_saved == pytest.approx(before - now)
    assert health.carbon_saved == pytest.approx((before - now) / 2)
    assert health.saving == pytest.approx(before + 10_000 - now - 2500)
    assert health.avoided_cost == pytest.approx(before + 10 * (1000 + 2000 + 10_000) - now - 0.5 * (5000 + 2000 + 20_000))
    idle = 1.5 * 400 * 1.5 / 1000 * 8760
    assert savings.idle_hosts == 1.5
    assert savings.saving == pytest.approx(health.saving - idle - 1.5 * 5000)
    assert savings.idle.cost == pytest.approx(idle + 1.5 * 27_000)
    assert savings.idle.energy == pytest.approx(idle)
    assert savings.energy_saved == pytest.approx(before - now - idle), "the column adds up"
    assert savings.idle.cash == pytest.approx(idle + 1.5 * 5000)


def test_servers_that_still_run_save_nothing() -> None:
    savings = build_savings(baseline(retired_on=None), ASSUMED, CloudUse(1, {"health": 0.5}, 0.5), date(2026, 6, 1))
    health = savings.departments[0]
    assert (health.servers_before, health.servers_retired, health.servers_running) == (10, 0, 10)
    assert health.energy_saved is not None
    assert health.energy_saved < 0
    assert health.saving is not None
    assert health.saving < 0


def test_a_day_before_they_are_switched_off_they_still_run() -> None:
    use = CloudUse(1, {"health": 0.5}, 0.5)
    retired = [
        build_savings(baseline(), ASSUMED, use, date(2026, 1, day)).departments[0].servers_retired for day in (30, 31)
    ]
    assert retired == [0, 10]


def test_maintenance_that_is_still_paid_is_no_money_saved() -> None:
    use = CloudUse(1, {"health": 0.5}, 0.5)
    paid, ended = (build_savings(baseline(), ASSUMED, use, date(2026, month, 1)).departments[0] for month in (3, 4))
    assert paid.saving is not None
    assert ended.saving is not None
    assert ended.saving - paid.saving == pytest.approx(10_000)
    assert ended.avoided_cost == paid.avoided_cost


def test_without_a_measurement_there_is_no_figure() -> None:
    savings = build_savings(baseline(), ASSUMED, CloudUse(1, {"health": 0.5}, None), date(2026, 6, 1))
    assert savings.departments[0].energy_saved is None
    assert savings.saving is None
    assert "not measured" in savings.missing[0]


def test_a_department_without_baseline_lowers_the_coverage() -> None:
    savings = build_savings(baseline(), ASSUMED, CloudUse(1, {"health": 0.2, "transport": 0.2}, 0.1), date(2026, 6, 1))
    assert savings.coverage == 0.5
    assert savings.missing[0] == "transport: on the cloud without a baseline, so nothing is counted as replaced"


def test_a_thousand_departments_without_baseline_are_one_sentence() -> None:
    use = CloudUse(1, {"health": 0.2, **{f"office-{n:03}": 0.0001 for n in range(1000)}}, 0.1, Platform(1, 0.1))
    (told,) = build_savings(baseline(), ASSUMED, use, date(2026, 6, 1)).missing
    assert told.startswith("office-000, office-001, ")
    assert "office-011 and 988 more: on the cloud without a baseline" in told


def test_the_platform_costs_and_takes_room() -> None:
    use = CloudUse(1, {"health": 1.0}, 0.5)
    without = build_savings(baseline(), ASSUMED, use, date(2026, 6, 1))
    savings = build_savings(baseline(), ASSUMED, CloudUse(1, {"health": 1.0}, 0.5, Platform(3, 0.25)), date(2026, 6, 1))
    energy = 3 * 300 * 1.5 / 1000 * 8760  # three machines of 300 W at a quarter of their load
    assert savings.platform is not None
    assert savings.platform.energy == pytest.approx(energy)
    assert savings.platform.cost == pytest.approx(energy + 3 * 27_000)
    assert savings.energy_saved == pytest.approx(without.energy_saved - energy)
    assert savings.saving == pytest.approx(without.saving - energy - 3 * 5000)
    assert savings.departments == without.departments, "no department carries it"
    assert (savings.racks, savings.consolidation) == ((10 - 4) / 10, 10)
    assert "without their cost" in without.missing[-1]
    assert savings.missing == ()


def test_what_is_switched_off_is_proven_only_by_a_source() -> None:
    use = CloudUse(1, {"health": 1.0}, 0.5)
    for proof, proven in (("survey", 10), (None, 0)):
        told = build_savings(baseline(retired_proof=proof), ASSUMED, use, date(2026, 6, 1)).departments[0]
        assert (told.servers_retired, told.servers_proven) == (10, proven)
    with pytest.raises(ValueError, match="retired_proof: got hearsay, expected a source"):
        baseline(retired_proof="hearsay")
    with pytest.raises(ValueError, match="expected retired_on beside it"):
        baseline(retired_proof="survey", retired_on=None)
