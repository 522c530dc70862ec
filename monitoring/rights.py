"""Which right each part of a reading needs, what is lost without it, and which lists would be silently short. Pure.

Nova, Placement and Keystone refuse who may not see all projects. Neutron and Cinder do not: they answer with what the
account's own project has, as if there were no more. So a list of theirs counts only while the same service also answers a
question that it refuses to everybody who may not see all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from infra.inventory import Inventory
from infra.inventory.model import Failure

_REFUSED = re.compile(r"\b403\b|Forbidden")
_PROOFS = {
    "storage_pools": ("volumes", "snapshots"),
    "network_quotas": ("networks", "address_use", "floating_addresses", "rbac_policies"),
}
"""What is refused to who may not see all, and the lists of the same service that would be short then."""
ROLLING = ("compute quotas", "block storage quotas", "object containers")
"""What is read of one project at a time."""


@dataclass(frozen=True)
class Need:
    """A right, by the name that the service's policy gives it, and the metrics that are left out without it."""

    right: str
    metrics: tuple[str, ...]


_SERVERS = ("oneroof_usage_servers", "oneroof_usage_cores", "oneroof_usage_memory_bytes")
_EVERYTHING = ("every metric of the cloud",)
NEEDS: Mapping[str, Need] = {
    "domains": Need("identity:list_domains", _EVERYTHING),
    "projects": Need("identity:list_projects", _EVERYTHING),
    "servers": Need(
        "os_compute_api:servers:detail:get_all_tenants",
        (*_SERVERS, "oneroof_server_info", "oneroof_server_*"),
    ),
    "hypervisors": Need(
        "os_compute_api:os-hypervisors:list-detail",
        ("oneroof_hosts", "oneroof_host_*", "oneroof_capacity_cores", "oneroof_capacity_memory_bytes"),
    ),
    "compute_services": Need("os_compute_api:os-services:list", ("oneroof_agents{service=compute}",)),
    "resource_providers": Need(
        "placement:resource_providers:list and placement:allocation_candidates:list",
        (
            "oneroof_capacity_cores",
            "oneroof_capacity_memory_bytes",
            "oneroof_host_capacity_cores",
            "oneroof_host_capacity_memory_bytes",
        ),
    ),
    "volumes": Need(
        "context_is_admin of block storage",
        (
            "oneroof_usage_volumes",
            "oneroof_usage_storage_bytes",
            "oneroof_volumes",
            "oneroof_volume_bytes",
            "oneroof_unattached_*",
            "oneroof_volume_size_bytes",
            "oneroof_volume_written_bytes",
        ),
    ),
    "snapshots": Need("context_is_admin of block storage", ("oneroof_usage_storage_bytes",)),
    "storage_pools": Need(
        "scheduler_extension:scheduler_stats:get_pools", ("oneroof_capacity_storage_bytes", "oneroof_stored_bytes")
    ),
    "block_storage_services": Need("volume_extension:services:index", ("oneroof_agents{service=block-storage}",)),
    "networks": Need("get_network of all projects", ("oneroof_capacity_floating_addresses",)),
    "address_use": Need("get_network_ip_availability", ("oneroof_capacity_floating_addresses",)),
    "floating_addresses": Need(
        "get_floatingip of all projects", ("oneroof_usage_floating_addresses", "oneroof_unused_floating_addresses")
    ),
    "network_quotas": Need("get_quota", ("oneroof_quota_floating_addresses",)),
    "rbac_policies": Need("get_rbac_policy of all projects", ("oneroof_shared_networks",)),
    "network_agents": Need("get_agent", ("oneroof_agents{service=network}",)),
    "compute quotas": Need(
        "os_compute_api:os-quota-sets:show",
        ("oneroof_quota_servers", "oneroof_quota_cores", "oneroof_quota_memory_bytes"),
    ),
    "block storage quotas": Need("volume_extension:quotas:show", ("oneroof_quota_volumes", "oneroof_quota_storage_bytes")),
    "object containers": Need(
        "a key of Ceph's gateway with `buckets=read` (`object_reader` in clouds.yaml), or an admin role there",
        ("oneroof_object_bytes", "oneroof_objects", "oneroof_container_bytes", "oneroof_container_objects"),
    ),
}


@dataclass(frozen=True)
class Lack:
    """A right that the account has not."""

    part: str
    need: Need
    said: str

    def sentence(self) -> str:
        """Say what is missing and what it would take."""
        said = " ".join(self.said.split())
        left_out = ", ".join(self.need.metrics)
        return f"{self.part}: got no right to read it ({said}), expected {self.need.right}; left out: {left_out}"


def build_lacks(missing: Mapping[str, str]) -> tuple[Lack, ...]:
    """Give what was refused for want of a right; ``missing`` is what could not be read, and why.

    What failed for another reason says nothing of rights.
    """
    return tuple(
        Lack(part, NEEDS[part], said) for part, said in sorted(missing.items()) if part in NEEDS and _REFUSED.search(said)
    )


def without_partial(inventory: Inventory) -> Inventory:
    """Take lists out that a service may have shortened to the account's own project, and say so in ``failures``."""
    refused = {failure.source: failure.error for failure in inventory.failures if _REFUSED.search(failure.error)}
    short = {
        part: f"403 for {proof}: the list of {part} may hold the account's own project alone"
        for proof, parts in _PROOFS.items()
        if proof in refused
        for part in parts
        if getattr(inventory, part) is not None
    }
    emptied: dict[str, Any] = dict.fromkeys(short, None)
    failures = (*inventory.failures, *(Failure(part, why) for part, why in short.items()))
    return replace(inventory, **emptied, failures=failures)
