"""Capacity, quota and usage of one cloud as values: what exporters, savings and the report speak of.

*capacity* is what may be given away (after the allocation ratio), *quota* the limit of a project, *usage* what is given
to it now. None means: not known, or not limited for a quota.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields

from monitoring.breakdown import Breakdown
from monitoring.savings.model import dominant_share


@dataclass(frozen=True)
class Amounts:
    """Amounts of what is shared."""

    servers: float | None = None
    cores: float | None = None
    memory_bytes: float | None = None
    volumes: float | None = None
    storage_bytes: float | None = None
    floating_addresses: float | None = None

    def known(self) -> dict[str, float]:
        """Give the amounts that are known, by name."""
        return {field.name: value for field in fields(self) if (value := getattr(self, field.name)) is not None}


@dataclass(frozen=True)
class ServerUse:
    """One server of a department."""

    server_id: str
    name: str
    department: str
    project: str
    status: str
    cores: int
    memory_bytes: int
    host: str
    addresses: tuple[str, ...]
    """Floating addresses."""
    flavor: str = ""


@dataclass(frozen=True)
class ProjectUse:
    """One project of a department."""

    department: str
    project: str
    quota: Amounts
    usage: Amounts


@dataclass(frozen=True)
class CloudUsage:
    """The whole cloud at one instant."""

    read_at: float
    """Unix time."""
    hosts: int
    capacity: Amounts
    stored_bytes: float | None
    """Bytes written in the storage, copies not counted; None where the storage was not asked."""
    projects: tuple[ProjectUse, ...]
    servers: tuple[ServerUse, ...]
    parts: Mapping[str, bool]
    """Each part of the cloud that was asked for, and whether it could be read."""
    missing: Mapping[str, str]
    """What could not be read, and why."""
    untold: Mapping[str, str]
    """What the cloud's interfaces never tell in bulk, and why."""
    calls: int
    """API calls that reading all this took."""
    breakdown: Breakdown | None = None
    """The same by hosts, types of volumes and containers."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Seconds that each part took."""


def department_usage(projects: Iterable[ProjectUse]) -> dict[str, dict[str, float]]:
    """Add up what each department's projects use."""
    departments: dict[str, dict[str, float]] = {}
    for project in projects:
        total = departments.setdefault(project.department, {})
        for name, value in project.usage.known().items():
            total[name] = total.get(name, 0.0) + value
    return departments


SHARED = ("servers", "hypervisors", "resource_providers", "volumes", "snapshots", "storage_pools")
"""Parts of a reading that a department's share of the hosts is made of."""


def unread_for_shares(usage: CloudUsage) -> tuple[str, ...]:
    """Name the parts without which a share would be too small, or there would be no hosts."""
    return tuple(part for part in SHARED if not usage.parts.get(part, False))


def department_shares(usage: CloudUsage) -> dict[str, float]:
    """Give each department's dominant share of cores, memory and storage."""
    known = usage.capacity.known()
    capacity: dict[str, float] = {name: known[name] for name in ("cores", "memory_bytes", "storage_bytes") if name in known}
    return {name: dominant_share(used, capacity) for name, used in sorted(department_usage(usage.projects).items())}
