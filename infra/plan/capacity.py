"""What the cloud has left to give, after its allocation ratios, from one bulk reading. Pure.

cores, memory   Placement: (total - reserved) * allocation ratio of every host, less what is allocated. Full hosts are not
                told in bulk; they have nothing left.
volume space    Cinder: of each pool, the least of capacity * over-subscription - provisioned, and free * over-subscription;
                of a pool that is not thin, what is free.
addresses       Neutron: the allocation pools of the external network, less the addresses that are given.
Of object space no interface tells what there is: it is not judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from infra.inventory.model import Inventory, StoragePool
from infra.plan.document import CapacityLeft, DepartmentPlan


@dataclass(frozen=True)
class Stock:
    """One resource of the whole cloud."""

    limit: str
    """As quotas call it: ``compute/cores``."""
    called: str
    unit: str
    capacity: float
    left: float

    @property
    def used(self) -> float:
        """What is given away."""
        return self.capacity - self.left


CALLED: Mapping[str, tuple[str, str]] = {
    "compute/cores": ("cores", "vCPU"),
    "compute/ram": ("memory", "MiB"),
    "block_storage/gigabytes": ("volume space", "GiB"),
    "network/floating_ips": ("floating addresses", "addresses"),
}
"""Limits that draw on something finite, how people call it, and its unit."""
STOCK_SOURCES: Mapping[str, tuple[str, ...]] = {
    "compute/cores": ("resource_providers",),
    "compute/ram": ("resource_providers",),
    "block_storage/gigabytes": ("storage_pools",),
    "network/floating_ips": ("networks", "address_use"),
}
"""Fields of an inventory that tell what is left."""


@dataclass(frozen=True)
class Host:
    """A mean host of the cloud, as quotas reserve it."""

    cores: float
    memory_mib: float


def build_stocks(found: Inventory | None, external_network: str) -> dict[str, Stock]:
    """Give what is left by limit; what could not be read is not in it."""
    stocks = _read(found, external_network) if found is not None else ()
    return {limit: Stock(limit, *CALLED[limit], capacity, left) for limit, capacity, left in stocks}


def build_host(found: Inventory | None) -> Host | None:
    """Give the mean host; nothing where no host was told."""
    hosts = () if found is None else found.resource_providers or ()
    cores, memory = (sum(host.capacity.get(name, 0) for host in hosts) for name in ("VCPU", "MEMORY_MB"))
    return Host(cores / len(hosts), memory / len(hosts)) if cores and memory else None


def build_capacity(departments: Iterable[DepartmentPlan], stocks: Mapping[str, Stock]) -> tuple[CapacityLeft, ...]:
    """Give each resource that the quotas of a plan grow by, beside what is left of it."""
    departments = tuple(departments)
    growth = {limit: sum(max(0, _grown(each, limit)) for each in departments) for limit in stocks}
    return tuple(
        CapacityLeft(stock.called, stock.unit, round(stock.capacity, 2), round(stock.used, 2), growth[limit])
        for limit, stock in stocks.items()
        if growth[limit]
    )


def _grown(plan: DepartmentPlan, limit: str) -> int:
    service, _, name = limit.partition("/")
    changed = [step for step in plan.steps if step.type == f"oneroof:{service}:Quota" and step.property == f"limits.{name}"]
    return sum(int(step.declared or 0) - int(step.actual or 0) for step in changed)


def number(amount: float) -> str:
    """Give an amount for people: 1 digit after the point at most.

    >>> number(549.84), number(16.0)
    ('549.8', '16')
    """
    return f"{amount:.1f}".removesuffix(".0")


def _read(found: Inventory, external_network: str) -> Iterator[tuple[str, float, float]]:
    hosts = found.resource_providers
    for limit, name in (("compute/cores", "VCPU"), ("compute/ram", "MEMORY_MB")):
        if hosts is not None:
            capacity = sum(host.capacity.get(name, 0) for host in hosts)
            yield limit, capacity, capacity - sum(host.usage.get(name, 0) for host in hosts)
    pools = [pool for pool in map(_pool, found.storage_pools or ()) if pool is not None]
    if pools and len(pools) == len(found.storage_pools or ()):
        yield "block_storage/gigabytes", *_added(pools)
    outside = {network.id for network in found.networks or () if network.external and network.name == external_network}
    addresses = [use for use in found.address_use or () if use.network_id in outside]
    if addresses:
        yield "network/floating_ips", *_added((use.total, use.total - use.used) for use in addresses)


def _pool(pool: StoragePool) -> tuple[float, float] | None:
    """Give a pool's capacity and what is left, in GiB, as Cinder's capacity filter counts; nothing where it does not say."""
    if pool.total_gib is None or pool.free_gib is None:
        return None
    if not pool.thin:
        return pool.total_gib, pool.free_gib
    if pool.over_subscription is None or pool.provisioned_gib is None:
        return None
    capacity, free = pool.total_gib * pool.over_subscription, pool.free_gib * pool.over_subscription
    return capacity, max(0.0, min(capacity - pool.provisioned_gib, free))


def _added(pairs: Iterable[tuple[float, float]]) -> tuple[float, float]:
    capacity, left = zip(*pairs, strict=True)
    return sum(capacity), sum(left)
