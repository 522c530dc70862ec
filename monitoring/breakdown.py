"""What the cloud gave by host, by type of volume and by container, and whether its services are well. Pure.

A label is never made of what a department may choose without bound: containers beyond the largest of a project are added up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from infra.inventory import Inventory
from infra.inventory.rolling import Told

_GIB, _MIB = 1024**3, 1024**2
CONTAINERS_NAMED = 20
OTHERS = "(others)"
SERVICE_OF = {
    "identity": ("domains", "projects"),
    "compute": ("servers", "hypervisors", "compute_services"),
    "placement": ("resource_providers",),
    "block-storage": ("volumes", "snapshots", "storage_pools", "block_storage_services"),
    "network": ("networks", "address_use", "floating_addresses", "network_quotas", "rbac_policies", "network_agents"),
}
"""Which parts of a reading each API answers."""
PARTS = tuple(part for parts in SERVICE_OF.values() for part in parts)
"""All that metrics are made of: the rest of an inventory is not asked for."""


@dataclass(frozen=True)
class HostUse:
    """One compute host: what it has, what it may give, what it gave."""

    name: str
    up: bool
    enabled: bool
    physical_cores: int
    physical_memory_bytes: int
    capacity_cores: int | None
    """After the allocation ratio; None where Placement did not tell."""
    capacity_memory_bytes: int | None
    usage_cores: int
    usage_memory_bytes: int
    servers: int


@dataclass(frozen=True)
class VolumeUse:
    """What one project has of one type of volume."""

    department: str
    project: str
    volume_type: str
    volumes: int
    bytes: int


@dataclass(frozen=True)
class NamedVolume:
    """One volume of a project."""

    volume_id: str
    name: str
    """The volume's id where it has no name."""
    department: str
    project: str
    bytes: int


@dataclass(frozen=True)
class AgentUse:
    """Parts of a service by what they are: how many report, how many do not, how many are switched off."""

    service: str
    binary: str
    up: int
    down: int
    disabled: int


@dataclass(frozen=True)
class ContainerUse:
    """One container, or all the smaller ones of a project added up."""

    department: str
    project: str
    container: str
    bytes: int
    objects: int


@dataclass(frozen=True)
class ProjectTold:
    """What the cloud told of one project by itself."""

    department: str
    project: str
    read_at: float
    limits: Mapping[str, float]
    """Limits that are set, by the names of :class:`monitoring.usage.Amounts`."""
    object_bytes: int | None
    objects: int | None


@dataclass(frozen=True)
class Unused:
    """What a project has and does not use at this moment; None where it could not be read."""

    department: str
    project: str
    unattached_volumes: int | None
    unattached_volume_bytes: int | None
    unused_floating_addresses: int | None


@dataclass(frozen=True)
class Breakdown:
    """The cloud by its parts; None where it could not be read."""

    hosts: tuple[HostUse, ...] | None
    volumes: tuple[VolumeUse, ...] | None
    agents: tuple[AgentUse, ...]
    shared_networks: Mapping[str, int] | None
    """Department to how many of its networks other projects may use."""
    told: tuple[ProjectTold, ...] = ()
    containers: tuple[ContainerUse, ...] = ()
    unused: tuple[Unused, ...] = ()
    named_volumes: tuple[NamedVolume, ...] = ()


def build_breakdown(
    inventory: Inventory, names: Mapping[str, tuple[str, str]], told: Mapping[str, Told] | None = None
) -> Breakdown:
    """Give the parts of a reading; ``names`` is department and project of each Keystone project."""
    told = {project: each for project, each in (told or {}).items() if project in names}
    return Breakdown(
        hosts=_hosts(inventory),
        volumes=_volumes(inventory, names),
        agents=_agents(inventory),
        shared_networks=_shared(inventory, names),
        told=tuple(_told(names[project], each) for project, each in sorted(told.items(), key=lambda i: names[i[0]])),
        containers=tuple(
            container
            for project, each in sorted(told.items(), key=lambda i: names[i[0]])
            for container in _containers(names[project], each)
        ),
        unused=tuple(_unused(inventory, project, name) for project, name in sorted(names.items(), key=lambda i: i[1])),
        named_volumes=tuple(
            NamedVolume(volume.id, volume.name or volume.id, *names[volume.project_id], volume.size_gib * _GIB)
            for volume in sorted(inventory.volumes or (), key=lambda v: (v.project_id, v.name, v.id))
            if volume.project_id in names
        ),
    )


def _hosts(inventory: Inventory) -> tuple[HostUse, ...] | None:
    if inventory.hypervisors is None:
        return None
    capacity = {provider.name: provider.capacity for provider in inventory.resource_providers or ()}
    return tuple(
        HostUse(
            name=host.name,
            up=host.state == "up",
            enabled=host.status == "enabled",
            physical_cores=host.vcpus,
            physical_memory_bytes=host.memory_mib * _MIB,
            capacity_cores=capacity[host.name]["VCPU"] if host.name in capacity else None,
            capacity_memory_bytes=capacity[host.name]["MEMORY_MB"] * _MIB if host.name in capacity else None,
            usage_cores=host.vcpus_used,
            usage_memory_bytes=host.memory_mib_used * _MIB,
            servers=host.running_servers,
        )
        for host in sorted(inventory.hypervisors, key=lambda host: host.name)
    )


def _volumes(inventory: Inventory, names: Mapping[str, tuple[str, str]]) -> tuple[VolumeUse, ...] | None:
    if inventory.volumes is None:
        return None
    total: dict[tuple[str, str, str], tuple[int, int]] = {}
    for volume in inventory.volumes:
        if volume.project_id in names:
            key = (*names[volume.project_id], volume.volume_type)
            count, size = total.get(key, (0, 0))
            total[key] = count + 1, size + volume.size_gib * _GIB
    return tuple(VolumeUse(*key, *amounts) for key, amounts in sorted(total.items()))


def _unused(inventory: Inventory, project: str, name: tuple[str, str]) -> Unused:
    volumes, addresses = inventory.volumes, inventory.floating_addresses
    loose = None if volumes is None else [v for v in volumes if v.project_id == project and not v.server_ids]
    return Unused(
        *name,
        unattached_volumes=None if loose is None else len(loose),
        unattached_volume_bytes=None if loose is None else sum(volume.size_gib for volume in loose) * _GIB,
        unused_floating_addresses=None
        if addresses is None
        else sum(address.project_id == project and address.port_id is None for address in addresses),
    )


def _agents(inventory: Inventory) -> tuple[AgentUse, ...]:
    found: dict[tuple[str, str], list[int]] = {}
    for service, agents in (
        ("compute", inventory.compute_services),
        ("block-storage", inventory.block_storage_services),
        ("network", inventory.network_agents),
    ):
        for agent in agents or ():
            counts = found.setdefault((service, agent.binary), [0, 0, 0])
            counts[2 if not agent.enabled else 0 if agent.up else 1] += 1
    return tuple(AgentUse(*key, *counts) for key, counts in sorted(found.items()))


def _shared(inventory: Inventory, names: Mapping[str, tuple[str, str]]) -> Mapping[str, int] | None:
    if inventory.rbac_policies is None:
        return None
    shared = {
        (names[policy.project_id][0], policy.object_id)
        for policy in inventory.rbac_policies
        if policy.object_type == "network" and policy.project_id in names and policy.target_project_id != policy.project_id
    }
    departments = sorted({department for department, _ in names.values()})
    return {department: sum(owner == department for owner, _ in shared) for department in departments}


def _told(name: tuple[str, str], told: Told) -> ProjectTold:
    compute, storage = told.compute or {}, told.block_storage or {}
    limits = {
        "servers": (compute.get("instances"), 1),
        "cores": (compute.get("cores"), 1),
        "memory_bytes": (compute.get("ram"), _MIB),
        "volumes": (storage.get("volumes"), 1),
        "storage_bytes": (storage.get("gigabytes"), _GIB),
    }
    return ProjectTold(
        *name,
        read_at=told.read_at,
        limits={key: float(value * unit) for key, (value, unit) in limits.items() if value is not None and value >= 0},
        object_bytes=told.account.bytes if told.account else None,
        objects=told.account.objects if told.account else None,
    )


def _containers(name: tuple[str, str], told: Told) -> Iterable[ContainerUse]:
    if told.account is None:
        return
    largest = sorted(told.account.listed, key=lambda container: (-container.bytes, container.name))[:CONTAINERS_NAMED]
    for container in largest:
        yield ContainerUse(*name, container.name, container.bytes, container.objects)
    if told.account.containers > len(largest):
        yield ContainerUse(
            *name,
            OTHERS,
            told.account.bytes - sum(container.bytes for container in largest),
            told.account.objects - sum(container.objects for container in largest),
        )
