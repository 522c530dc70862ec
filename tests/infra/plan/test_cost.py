"""Costs can be derived again by hand."""

from __future__ import annotations

import pytest

from infra.plan.capacity import Host
from infra.plan.cost import build_cost
from tenants.assumptions.model import Assumptions

HOST = Host(cores=100, memory_mib=1000)
GIVEN = Assumptions.model_validate(
    {
        "version": 1,
        "sources": {"s": {"title": "Sample", "dated": "2025-01-01", "confidence": "assumed", "example": True}},
        **{
            name: {"value": value, "source": "s"}
            for name, value in {
                "electricity_price": 1,
                "grid_factor": 0.5,
                "server_price": 1,
                "server_lifetime_years": 5,
                "servers_a_rack": 10,
                "space": 1000,
                "host_price": 60000,
                "host_maintenance": 11000,
                "host_idle_watts": 100,
                "host_max_watts": 500,
                "cloud_pue": 2,
                "planned_utilisation": 0.25,
            }.items()
        },
        "spread": {confidence: {"value": 0.1, "source": "s"} for confidence in ("measured", "stated", "assumed")},
    }
)


def test_a_new_project_reserves_the_larger_share_of_a_host() -> None:
    cost = build_cost([({}, {"cores": 10, "ram": 500})], HOST, GIVEN)
    assert cost is not None
    # half a host by memory; 200 W * 2 / 1000 * 730 h = 292 kWh a month of a whole one
    assert (cost.vcpus, cost.memory_mib, cost.hosts, cost.kwh_per_month) == (10, 500, 0.5, 146.0)
    # 146 kWh * 1 + 0.5 * (60000 / 5 + 11000 + 1000) / 12
    assert cost.money_per_month == 1146.0
    assert (cost.currency, cost.example) == ("CNY", True)


def test_what_is_given_back_is_negative() -> None:
    cost = build_cost([({"cores": 20, "ram": 100}, {"cores": 10, "ram": 100})], HOST, GIVEN)
    assert cost is not None
    assert cost.hosts == -0.1
    assert cost.money_per_month is not None
    assert cost.money_per_month < 0


def test_a_limit_that_is_not_the_larger_one_reserves_no_more_of_a_host() -> None:
    cost = build_cost([({"cores": 10, "ram": 900}, {"cores": 20, "ram": 900})], HOST, GIVEN)
    assert cost is not None
    assert (cost.vcpus, cost.hosts, cost.money_per_month) == (10, 0.0, 0.0)


def test_without_a_change_of_cores_or_memory_there_is_no_cost() -> None:
    assert build_cost([({"cores": 1, "instances": 1}, {"cores": 1, "instances": 2})], HOST, GIVEN) is None
    assert build_cost([], HOST, GIVEN) is None


def test_without_a_reading_of_the_hosts_only_what_is_reserved_is_known() -> None:
    cost = build_cost([({}, {"cores": 10, "ram": 500})], None, GIVEN)
    assert cost is not None
    assert (cost.vcpus, cost.hosts, cost.kwh_per_month, cost.money_per_month) == (10, None, None, None)


@pytest.mark.parametrize("given", [{"cores": 5}, {"ram": 50}])
def test_one_limit_alone_is_a_share_too(given: dict[str, int]) -> None:
    cost = build_cost([({}, given)], HOST, GIVEN)
    assert cost is not None
    assert cost.hosts == 0.05
