"""What is left is counted as the services count it, and what they do not tell is not made up."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from infra.inventory import Inventory
from infra.inventory.model import (
    AddressUse,
    FloatingAddress,
    Network,
    Port,
    ResourceProvider,
    SecurityGroup,
    SecurityRule,
    Server,
    Snapshot,
    StoragePool,
    Volume,
)
from infra.inventory.sources import parse_storage_pool
from infra.plan.capacity import Host, build_capacity, build_host, build_stocks
from infra.plan.document import DepartmentPlan, PlanStep
from infra.plan.usage import build_usage

HOSTS = (
    ResourceProvider("1", "a", {"VCPU": 16, "MEMORY_MB": 1000}, {"VCPU": 3, "MEMORY_MB": 100}),
    ResourceProvider("2", "b", {"VCPU": 32, "MEMORY_MB": 3000}, {"VCPU": 0, "MEMORY_MB": 0}),
)
NETWORKS = (
    Network("out", "public", "0", "ACTIVE", True, False, 1500, ()),
    Network("other", "elsewhere", "0", "ACTIVE", True, False, 1500, ()),
    Network("in", "front", "1", "ACTIVE", False, False, 1500, ()),
)


def inventory(**told: Any) -> Inventory:
    unread: dict[str, Any] = {field.name: None for field in fields(Inventory)}
    return Inventory(**{**unread, "failures": (), "not_measured": (), **told})


def left(found: Inventory) -> dict[str, tuple[float, float]]:
    return {limit: (stock.capacity, stock.left) for limit, stock in build_stocks(found, "public").items()}


def test_hosts_are_counted_after_their_ratios() -> None:
    assert left(inventory(resource_providers=HOSTS)) == {"compute/cores": (48, 45), "compute/ram": (4000, 3900)}
    assert build_host(inventory(resource_providers=HOSTS)) == Host(24, 2000)


def test_of_the_external_network_the_addresses_that_are_not_given_are_left() -> None:
    use = (AddressUse("out", "0", 241, 6), AddressUse("other", "0", 9, 9), AddressUse("in", "1", 253, 2))
    assert left(inventory(networks=NETWORKS, address_use=use)) == {"network/floating_ips": (241, 235)}


@pytest.mark.parametrize(
    ("pool", "expected"),
    [
        (StoragePool("p", 27.5, 27.5, 4, True, 20), (550, 546)),
        (StoragePool("p", 27.5, 1, 4, True, 20), (550, 20)),  # nearly written full
        (StoragePool("p", 27.5, 20, 999, True, 20), (550, 0)),  # given away before the ratio was lowered
        (StoragePool("p", 27.5, 20, 7.5, False, 20), (27.5, 20)),  # not thin: no more than there is
    ],
)
def test_pools_are_counted_as_by_cinders_capacity_filter(pool: StoragePool, expected: tuple[float, float]) -> None:
    assert left(inventory(storage_pools=(pool,)))["block_storage/gigabytes"] == expected


def test_a_pool_that_does_not_say_leaves_the_whole_unknown() -> None:
    told, silent = StoragePool("p", 27.5, 27.5, 4, True, 20), StoragePool("q", None, None, None)
    assert left(inventory(storage_pools=(told, silent))) == {}


def test_what_was_not_read_is_not_told() -> None:
    assert build_stocks(None, "public") == build_stocks(inventory(), "public") == {}
    assert build_host(None) is build_host(inventory()) is build_host(inventory(resource_providers=())) is None


@pytest.mark.parametrize(("said", "ratio"), [("20.0", 20.0), (1.5, 1.5), ("auto", None), (None, None)])
def test_a_ratio_is_read_as_drivers_give_it(said: object, ratio: float | None) -> None:
    raw = {"name": "p", "capabilities": {"max_over_subscription_ratio": said, "thin_provisioning_support": True}}
    assert parse_storage_pool(raw).over_subscription == ratio


def test_without_a_figure_of_its_own_what_is_allocated_is_provisioned() -> None:
    assert parse_storage_pool({"name": "p", "capabilities": {"allocated_capacity_gb": 4}}).provisioned_gib == 4
    both = {"allocated_capacity_gb": 4, "provisioned_capacity_gb": 6.5}
    assert parse_storage_pool({"name": "p", "capabilities": both}).provisioned_gib == 6.5


def quota(actual: int | None, declared: int) -> PlanStep:
    return PlanStep("update", "oneroof:compute:Quota", "prod", "compute quota prod", "limits.cores", declared, actual, 0)


def test_a_plan_promises_what_its_departments_grow_by() -> None:
    stocks = build_stocks(inventory(resource_providers=HOSTS), "public")
    plans = [
        DepartmentPlan("a", "changes", (quota(4, 8), quota(None, 6))),
        DepartmentPlan("b", "changes", (quota(8, 2),)),
    ]
    (cores,) = build_capacity(plans, stocks)
    assert (cores.resource, cores.capacity, cores.used, cores.growth) == ("cores", 48, 3, 10)


RULE = SecurityRule("egress", "IPv4", None, None, None, None, None)
SERVER = Server("s", "web", "1", "SHUTOFF", "tiny", 2, 256, 1, None, None, (), (), (), "")


def test_use_is_counted_as_the_services_do() -> None:
    found = inventory(
        servers=(SERVER, SERVER),
        volumes=(Volume("v", "data", "1", "in-use", 5, "standard", False, False, (), ""),),
        snapshots=(Snapshot("x", "data", "1", "v", "available", 5, ""),),
        networks=NETWORKS,
        ports=(Port("p", "1", "in", "ACTIVE", "network:distributed", "", (), ()),),
        floating_addresses=(FloatingAddress("f", "1", "10.0.0.1", None, None, "DOWN"),),
        security_groups=(SecurityGroup("g", "default", "1", (RULE, RULE)),),
    )
    usage = build_usage(found)
    told = {
        "compute": {"instances": 2, "cores": 4, "ram": 512},
        "block_storage": {"volumes": 1, "gigabytes": 10, "snapshots": 1},
        "network": {"networks": 1, "ports": 1, "floating_ips": 1, "security_groups": 1, "security_group_rules": 2},
    }
    assert {s: {limit: usage.of("1", s, limit) for limit in limits} for s, limits in told.items()} == told
    assert usage.of("another", "compute", "cores") == 0
    assert usage.of(None, "compute", "cores") == 0, "a project that is not made yet"


def test_use_that_was_not_told_is_unknown() -> None:
    usage = build_usage(inventory(servers=(SERVER,), volumes=()))
    assert usage.of("1", "compute", "cores") == 2
    assert usage.of("1", "block_storage", "gigabytes") is None, "snapshots count too and were not read"
    assert usage.of("1", "network", "routers") is None
    assert usage.of("1", "object_store", "bytes") is None, "no bulk call tells it"
    assert build_usage(None).of("1", "compute", "cores") is None
