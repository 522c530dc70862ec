"""How much every project uses of what its quotas limit, counted in one bulk reading as the services count it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from infra.inventory.model import Inventory

USE_SOURCES: Mapping[str, tuple[str, ...]] = {
    "compute/instances": ("servers",),
    "compute/cores": ("servers",),
    "compute/ram": ("servers",),
    "block_storage/volumes": ("volumes",),
    "block_storage/gigabytes": ("volumes", "snapshots"),
    "block_storage/snapshots": ("snapshots",),
    "network/networks": ("networks",),
    "network/subnets": ("subnets",),
    "network/routers": ("routers",),
    "network/ports": ("ports",),
    "network/floating_ips": ("floating_addresses",),
    "network/security_groups": ("security_groups",),
    "network/security_group_rules": ("security_groups",),
}
"""Each limit and the fields of an inventory that its use is counted in."""


@dataclass(frozen=True)
class Usage:
    """What is used, by project: cores, MiB, GiB, bytes or pieces, as the limits count."""

    known: frozenset[str] = frozenset()
    """Limits whose use the cloud told: ``compute/cores``."""
    counted: Mapping[tuple[str, str], int] = field(default_factory=Counter)
    """Project's id and limit to what is used of it."""
    stored: Mapping[str, int] = field(default_factory=dict)
    """Project's id to bytes of objects, of the projects that were asked: no bulk call tells them."""

    def of(self, project_id: str | None, service: str, limit: str) -> int | None:
        """Give what is used of one limit; nothing where the cloud did not tell, which is not the same as none.

        A project without id is not made yet and uses 0.
        """
        if project_id is None:
            return 0
        if (service, limit) == ("object_store", "bytes"):
            return self.stored.get(project_id)
        called = f"{service}/{limit}"
        return self.counted.get((project_id, called), 0) if called in self.known else None


def build_usage(found: Inventory | None) -> Usage:
    """Count what every project uses; without a reading, or of what could not be read, nothing is known."""
    if found is None:
        return Usage()
    known = {limit for limit, sources in USE_SOURCES.items() if all(getattr(found, each) is not None for each in sources)}
    return Usage(frozenset(known), _count(found))


def _count(found: Inventory) -> Counter[tuple[str, str]]:
    """Count as the services do.

    Nova counts every server, running or not; Cinder counts snapshots among the gigabytes; Neutron counts each port of a
    project, those of routers and of metadata included, and the rules of the built-in security group.
    """
    used = Counter[tuple[str, str]]()
    for server in found.servers or ():
        used[server.project_id, "compute/instances"] += 1
        used[server.project_id, "compute/cores"] += server.vcpus
        used[server.project_id, "compute/ram"] += server.ram_mib
    for volume in found.volumes or ():
        used[volume.project_id, "block_storage/volumes"] += 1
        used[volume.project_id, "block_storage/gigabytes"] += volume.size_gib
    for snapshot in found.snapshots or ():
        used[snapshot.project_id, "block_storage/snapshots"] += 1
        used[snapshot.project_id, "block_storage/gigabytes"] += snapshot.size_gib
    for limit, items in (
        ("networks", found.networks),
        ("subnets", found.subnets),
        ("routers", found.routers),
        ("ports", found.ports),
        ("floating_ips", found.floating_addresses),
        ("security_groups", found.security_groups),
    ):
        for item in items or ():
            used[item.project_id, f"network/{limit}"] += 1
    for group in found.security_groups or ():
        used[group.project_id, "network/security_group_rules"] += len(group.rules)
    return used
