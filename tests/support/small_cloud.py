"""One small cloud as an inventory: a department with two projects, three hosts of which one is down."""

from __future__ import annotations

from dataclasses import fields

from infra.inventory.model import (
    AddressUse,
    Domain,
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


def server(name: str, project: str, cores: int, addresses: tuple[str, ...] = ()) -> Server:
    """Give a running server."""
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
