"""From the inventory to capacity, quota and usage of departments; and what else of the cloud an overview names.

Nova and Cinder tell limits one project at a time. Who looks once takes those declared, and what differs is found by
``oneroof plan``; who looks again and again reads a few projects each time and has them all after some turns.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from infra.inventory import Inventory
from infra.inventory.model import Domain, FloatingAddress, Project, Server, Snapshot, Volume
from infra.inventory.rolling import Rolled, RollingReader
from monitoring.breakdown import PARTS, build_breakdown
from monitoring.rights import ROLLING, without_partial
from monitoring.usage import Amounts, CloudUsage, ProjectUse, ServerUse
from tenants.declaration.load import load_catalogue, load_departments
from tenants.declaration.model import Limits
from tenants.installation import Installation

CALLS_PER_TURN = 40
"""How often one turn may ask the cloud, as long as no list is longer than a page of it (1,000)."""
_LOGIN_CALLS = 2
_MIB, _GIB = 1024**2, 1024**3
_OPERATORS_DOMAIN = "default"  # Keystone's id of the domain that bootstrap makes
_Item = TypeVar("_Item", Server, Volume, Snapshot, FloatingAddress)
Limited = Mapping[tuple[str, str], Limits]
"""Department and project to what was declared."""


class ReadingError(Exception):
    """So much of the cloud could not be read that nothing can be said of it."""


class CloudReader:
    """One connection to a cloud, used again for every reading."""

    def __init__(self, installation: Installation, cloud: str) -> None:
        """Connect; raises UserError where no ``clouds.yaml`` has such an entry."""
        from infra.inventory.connect import connect  # imports the OpenStack SDK

        self._connection = connect(installation, cloud)
        self._rolling = RollingReader(self._connection)

    def usage(self) -> CloudUsage:
        """Read the cloud once; raise :class:`ReadingError` where not even its projects can be read."""
        inventory, seconds = self._inventory()
        return replace(build_usage(inventory, declared_limits()), seconds=seconds)

    def turn(self) -> CloudUsage:
        """Read the cloud, and a few more projects' own limits and containers; raise as :meth:`usage`."""
        inventory, seconds = self._inventory()
        if inventory.projects is None or inventory.domains is None:
            return build_usage(inventory, {})  # raises
        names = department_names(inventory.domains, inventory.projects)
        began = time.monotonic()
        rolled = self._rolling.read(names, CALLS_PER_TURN - _LOGIN_CALLS - inventory.calls)
        usage = build_usage(inventory, {}, rolled)
        return replace(usage, seconds={**seconds, "projects' own": time.monotonic() - began})

    def _inventory(self) -> tuple[Inventory, Mapping[str, float]]:
        from infra.inventory.collect import collect_inventory

        began: dict[str, float] = {}
        inventory = collect_inventory(
            self._connection, only=PARTS, on_source=lambda name: began.update({name: time.monotonic()})
        )
        ends = [*list(began.values())[1:], time.monotonic()]
        seconds = {name: end - start for (name, start), end in zip(began.items(), ends, strict=True)}
        return without_partial(inventory), seconds

    def endpoints(self) -> dict[str, str]:
        """Give the public address of every service in the catalogue."""
        session: Any = self._connection.session
        services = session.auth.get_access(session).service_catalog.catalog
        return {
            service["type"]: endpoint["url"]
            for service in sorted(services, key=lambda service: str(service["type"]))
            for endpoint in service["endpoints"]
            if endpoint["interface"] == "public"
        }


def declared_limits() -> Limited:
    """Give the limits of every declared project."""
    catalogue = load_catalogue()
    return {
        (department.slug, project.name): catalogue.limits(project.quota)
        for department in load_departments(catalogue=catalogue)
        for project in department.projects
    }


def build_usage(inventory: Inventory, limits: Limited, rolled: Rolled | None = None) -> CloudUsage:
    """Give the usage of every project that is not the operator's own; raise :class:`ReadingError`.

    ``rolled``, where it is given, tells the limits instead of ``limits``: a project that it does not know has none here.
    """
    failures = {failure.source: failure.error for failure in inventory.failures}
    if inventory.projects is None or inventory.domains is None:
        raise ReadingError("; ".join(f"{source}: {error}" for source, error in failures.items()))
    names = department_names(inventory.domains, inventory.projects)
    used = _used(inventory, names)
    read = {name: value is not None for name, value in vars(inventory).items() if _is_source(name, value, failures)}
    breakdown = build_breakdown(inventory, names, rolled.told if rolled else None)
    told = {(each.department, each.project): Amounts(**each.limits) for each in breakdown.told}
    network_limits = {quota.project_id: quota.limits for quota in inventory.network_quotas or ()}
    if rolled:
        read |= {what: what not in rolled.failures for what in ROLLING}
        failures |= rolled.failures
    return CloudUsage(
        read_at=datetime.fromisoformat(inventory.collected_at).timestamp(),
        hosts=sum(host.state == "up" for host in inventory.hypervisors or ()),
        capacity=_capacity(inventory),
        stored_bytes=_stored(inventory),
        projects=tuple(
            ProjectUse(
                department,
                project,
                _quota(network_limits.get(project_id), limits.get((department, project)), told.get((department, project))),
                used[project_id],
            )
            for project_id, (department, project) in sorted(names.items(), key=lambda item: item[1])
        ),
        servers=tuple(
            ServerUse(
                server_id=server.id,
                name=server.name,
                department=names[server.project_id][0],
                project=names[server.project_id][1],
                status=server.status,
                cores=server.vcpus,
                memory_bytes=server.ram_mib * _MIB,
                host=server.host or "",
                addresses=server.floating_addresses,
                flavor=server.flavor,
            )
            for server in sorted(inventory.servers or (), key=lambda s: (s.project_id, s.name))
            if server.project_id in names
        ),
        parts=read,
        missing=failures,
        untold={told.what: told.why for told in inventory.not_measured},
        calls=inventory.calls + (rolled.calls if rolled else 0),
        breakdown=breakdown,
    )


def department_names(domains: Iterable[Domain], projects: Iterable[Project]) -> dict[str, tuple[str, str]]:
    """Give department and project, as declarations call them, for every Keystone project of a department."""
    departments = {domain.id: domain.name for domain in domains if domain.id != _OPERATORS_DOMAIN}
    return {
        project.id: (departments[project.domain_id], project.name.removeprefix(f"{departments[project.domain_id]}-"))
        for project in projects
        if project.domain_id in departments
    }


def _used(inventory: Inventory, projects: Iterable[str]) -> dict[str, Amounts]:
    servers, volumes = _by_project(inventory.servers), _by_project(inventory.volumes)
    snapshots, addresses = _by_project(inventory.snapshots), _by_project(inventory.floating_addresses)

    def amounts(project: str) -> Amounts:
        own = None if servers is None else servers.get(project, [])
        disks = None if volumes is None else volumes.get(project, [])
        return Amounts(
            servers=None if own is None else len(own),
            cores=None if own is None else sum(server.vcpus for server in own),
            memory_bytes=None if own is None else sum(server.ram_mib for server in own) * _MIB,
            volumes=None if disks is None else len(disks),
            # Cinder counts snapshots in the same limit
            storage_bytes=None
            if disks is None or snapshots is None
            else sum(each.size_gib for each in (*disks, *snapshots.get(project, ()))) * _GIB,
            floating_addresses=None if addresses is None else len(addresses.get(project, ())),
        )

    return {project: amounts(project) for project in projects}


def _by_project(items: tuple[_Item, ...] | None) -> dict[str, list[_Item]] | None:
    if items is None:
        return None
    found: dict[str, list[_Item]] = {}
    for item in items:
        found.setdefault(item.project_id, []).append(item)
    return found


def _quota(own: Mapping[str, int] | None, declared: Limits | None, told: Amounts | None) -> Amounts:
    addresses = own.get("floatingip") if own else None
    if addresses is None and declared:
        addresses = declared.floating_ips
    addresses = None if addresses == -1 else addresses
    if told is not None:
        return replace(told, floating_addresses=addresses)
    if declared is None:
        return Amounts(floating_addresses=addresses)
    return Amounts(
        servers=declared.instances,
        cores=declared.cores,
        memory_bytes=declared.ram_mib * _MIB,
        volumes=declared.volumes,
        storage_bytes=declared.volume_gib * _GIB,
        floating_addresses=addresses,
    )


def _capacity(inventory: Inventory) -> Amounts:
    cores = memory = storage = addresses = None
    if inventory.resource_providers is not None and inventory.hypervisors is not None:
        told = {provider.name: provider.capacity for provider in inventory.resource_providers}
        up = [host for host in inventory.hypervisors if host.state == "up" and host.status == "enabled"]
        # Placement leaves out a host without a free core: what it gave away is what it has
        cores = sum(told[h.name]["VCPU"] if h.name in told else h.vcpus_used for h in up)
        memory = sum(told[h.name]["MEMORY_MB"] if h.name in told else h.memory_mib for h in up) * _MIB
    pools = [pool for pool in inventory.storage_pools or () if pool.total_gib is not None]
    if pools:
        storage = sum(pool.total_gib or 0 for pool in pools) * _GIB
    if inventory.networks is not None and inventory.address_use is not None:
        external = {network.id for network in inventory.networks if network.external}
        addresses = sum(use.total for use in inventory.address_use if use.network_id in external)
    return Amounts(cores=cores, memory_bytes=memory, storage_bytes=storage, floating_addresses=addresses)


def _stored(inventory: Inventory) -> float | None:
    pools = [(p.total_gib, p.free_gib) for p in inventory.storage_pools or ()]
    known = [total - free for total, free in pools if total is not None and free is not None]
    return sum(known) * _GIB if known else None


def _is_source(name: str, value: object, failures: Mapping[str, str]) -> bool:
    return name in failures or (isinstance(value, tuple) and name not in ("failures", "not_measured"))
