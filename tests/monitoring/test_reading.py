"""From an inventory to what departments were given."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from infra.inventory.model import (
    AddressUse,
    Domain,
    Failure,
    FloatingAddress,
    Hypervisor,
    Inventory,
    Network,
    NetworkQuota,
    Project,
    ResourceProvider,
    Server,
    Snapshot,
    StoragePool,
    Volume,
)
from monitoring.reading import ReadingError, build_usage
from monitoring.usage import Amounts, department_shares, department_usage
from tenants.declaration.quota import Limits

GIB = 1024**3
LIMITS = Limits(**dict.fromkeys(Limits.model_fields, 1) | {"instances": 4, "cores": 8, "ram_mib": 4096, "volume_gib": 50})


def server(name: str, project: str, cores: int, addresses: tuple[str, ...] = ()) -> Server:
    return Server(name, name, project, "ACTIVE", "s", cores, 1024, 1, "h1", None, (), (), addresses, "2026-01-01T00:00:00Z")


INVENTORY = Inventory(
    **dict.fromkeys((field.name for field in fields(Inventory)), ())  # type: ignore[arg-type]
    | {
        "schema_version": 1,
        "collected_at": "2026-11-22T12:00:00+00:00",
        "seconds": 1.0,
        "calls": 26,
        "region": "RegionOne",
        "domains": (Domain("default", "Default", True, ""), Domain("d1", "health", True, "")),
        "projects": (
            Project("p0", "service", "default", True, "", ()),
            Project("p1", "health-prod", "d1", True, "", ()),
            Project("p2", "older-name", "d1", True, "", ()),
        ),
        "servers": (server("web", "p1", 2, ("10.0.0.5",)), server("db", "p1", 1), server("probe", "p0", 9)),
        "volumes": (Volume("v", "data", "p1", "in-use", 3, "standard", False, False, (), ""),),
        "snapshots": (Snapshot("s", "s", "p1", "v", "available", 3, ""),),
        "hypervisors": (
            Hypervisor("h1", "up", "enabled", 2, 3, 16384, 3072, 30, 0, 2),
            Hypervisor("h2", "up", "enabled", 2, 8, 8192, 8192, 30, 0, 2),
            Hypervisor("h3", "down", "enabled", 2, 0, 16384, 0, 30, 0, 0),
        ),
        "resource_providers": (ResourceProvider("1", "h1", {"VCPU": 8, "MEMORY_MB": 15872}, {"VCPU": 3}),),
        "storage_pools": (StoragePool("rbd", 30.0, 28.5, 6.0), StoragePool("unknown", None, None, None)),
        "networks": (
            Network("n1", "public", "p0", "ACTIVE", True, False, 1500, ()),
            Network("n2", "inner", "p1", "ACTIVE", False, False, 1442, ()),
        ),
        "address_use": (AddressUse("n1", "p0", 190, 3), AddressUse("n2", "p1", 250, 2)),
        "floating_addresses": (FloatingAddress("f", "p1", "10.0.0.5", "192.168.0.5", "port", "ACTIVE"),),
        "network_quotas": (NetworkQuota("p1", {"floatingip": 3}), NetworkQuota("p2", {"floatingip": -1})),
    }
)


def test_departments_have_their_projects_and_the_operator_none() -> None:
    usage = build_usage(INVENTORY, {("health", "prod"): LIMITS})
    assert [(p.department, p.project) for p in usage.projects] == [("health", "older-name"), ("health", "prod")]
    assert [(s.department, s.project, s.name, s.addresses) for s in usage.servers] == [
        ("health", "prod", "db", ()),
        ("health", "prod", "web", ("10.0.0.5",)),
    ]


def test_quota_is_what_was_declared_and_addresses_what_was_read() -> None:
    older, prod = build_usage(INVENTORY, {("health", "prod"): LIMITS}).projects
    assert prod.quota == Amounts(4, 8, 4 * GIB, 1, 50 * GIB, 3)
    assert older.quota == Amounts(), "-1 is no limit, and nothing was declared"


def test_usage_counts_servers_volumes_snapshots_and_addresses() -> None:
    _, prod = build_usage(INVENTORY, {}).projects
    assert prod.usage == Amounts(2, 3, 2 * GIB, 1, 6 * GIB, 1)
    assert department_usage([prod])["health"]["cores"] == 3


def test_capacity_leaves_hosts_out_that_are_down_and_counts_full_ones() -> None:
    usage = build_usage(INVENTORY, {})
    assert usage.hosts == 2
    assert usage.capacity == Amounts(
        cores=16, memory_bytes=(15872 + 8192) * 1024**2, storage_bytes=30 * GIB, floating_addresses=190
    )
    assert usage.stored_bytes == 1.5 * GIB
    assert department_shares(usage) == {"health": pytest.approx(6 / 30)}


def test_what_could_not_be_read_is_left_out_and_named() -> None:
    broken = replace(INVENTORY, servers=None, storage_pools=None, failures=(Failure("servers", "503 Service Unavailable"),))
    usage = build_usage(broken, {})
    assert usage.projects[1].usage.cores is None
    assert usage.projects[1].usage.volumes == 1
    assert usage.capacity.storage_bytes is None
    assert usage.stored_bytes is None
    assert usage.missing == {"servers": "503 Service Unavailable"}
    assert usage.parts["servers"] is False
    assert usage.parts["volumes"] is True


def test_without_projects_there_is_nothing_to_say() -> None:
    silent = replace(INVENTORY, projects=None, failures=(Failure("projects", "401 Unauthorized"),))
    with pytest.raises(ReadingError, match="projects: 401 Unauthorized"):
        build_usage(silent, {})
