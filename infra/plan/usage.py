"""How much every project uses of what its quotas limit, counted in one bulk reading as the services count it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from infra.inventory.model import Inventory

_SOURCES: Mapping[str, tuple[str, ...]] = {
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
    """What is used, by project: cores, MiB, GiB or pieces, as the limits count."""

    found: Inventory | None
    """None where the cloud was not read: then nothing is known."""

    def of(self, project_id: str | None, service: str, limit: str) -> int | None:
        """Give what is used of one limit; nothing where the cloud did not tell, which is not the same as none.

        A project without id is not made yet and uses 0.
        """
        sources = _SOURCES.get(f"{service}/{limit}")
        if project_id is None:
            return 0
        if self.found is None or sources is None or any(getattr(self.found, source) is None for source in sources):
            return None
        return self._counted[project_id, f"{service}/{limit}"]

    @cached_property
    def _counted(self) -> Counter[tuple[str, str]]:
        return Counter() if self.found is None else _count(self.found)


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
