"""One department as its own people may see it: published by operations, or read with the department's own token.

Nothing in it belongs to another department. None means: not known, and ``missing`` says why; no limit for a limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal

Resource = Literal["servers", "cores", "memory", "volumes", "volume space", "floating addresses", "object space"]
IN_BYTES: frozenset[Resource] = frozenset({"memory", "volume space", "object space"})


@dataclass(frozen=True)
class Use:
    """How much of a quota is taken."""

    resource: Resource
    used: float | None
    limit: float | None

    @property
    def part(self) -> float | None:
        """Used over limit, 0..1 and beyond."""
        return self.used / self.limit if self.used is not None and self.limit else None


@dataclass(frozen=True)
class Said:
    """What a server answered to one real request."""

    url: str
    good: bool
    status: int | None
    seconds: float
    at: datetime
    reason: str = ""


@dataclass(frozen=True)
class Asked:
    """What a server is asked, and the text that its answer must hold."""

    port: int
    path: str
    expect: str


@dataclass(frozen=True)
class ServerView:
    """A server."""

    name: str
    status: str | None
    """The cloud's word for it, in small letters."""
    flavor: str
    fixed_addresses: tuple[str, ...] = ()
    floating_addresses: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    probe: Asked | None = None
    answer: Said | None = None


@dataclass(frozen=True)
class NetworkView:
    """A network with its range."""

    name: str
    cidr: str


@dataclass(frozen=True)
class VolumeView:
    """A volume."""

    name: str
    size_gib: int
    recovery: str | None = None
    """Its recovery tier, as declared."""
    server: str | None = None


@dataclass(frozen=True)
class ContainerView:
    """A container of objects."""

    name: str
    recovery: str | None = None
    objects: int | None = None
    bytes: int | None = None


@dataclass(frozen=True)
class ShareView:
    """Something that is shared by permission: given to others, or received from them."""

    direction: Literal["given", "received"]
    kind: Literal["container", "network", "image"]
    name: str
    rights: str
    """As the service says it."""


@dataclass(frozen=True)
class AgreedShare:
    """A grant or a request that names this department, as the two departments declared it."""

    kind: str
    """container, network or image."""
    place: str
    """``<project>/<name>`` of its owner."""
    owner: str
    """The department whose it is."""
    grantee: str
    """``<department>/<project>`` that gets it, or asks for it."""
    access: str
    purpose: str
    legal_basis: str
    data_items: tuple[str, ...]
    first_day: date
    last_day: date
    """The last on which it is given; UTC."""
    state: str
    """pending, active or expired; of a request open, granted or refused."""
    detail: str
    """The state as people say it."""


@dataclass(frozen=True)
class ProjectView:
    """A project: what is in it, and what is taken of its quota."""

    name: str
    purpose: str = ""
    environment: str = ""
    uses: tuple[Use, ...] = ()
    servers: tuple[ServerView, ...] = ()
    networks: tuple[NetworkView, ...] = ()
    volumes: tuple[VolumeView, ...] = ()
    containers: tuple[ContainerView, ...] = ()
    shares: tuple[ShareView, ...] | None = None


@dataclass(frozen=True)
class Costs:
    """A department's part of the cloud and what it no longer pays elsewhere; yuan, kWh and kilograms of CO2 a year."""

    hosts: float
    energy_now: float | None
    cost_now: float | None
    """Energy, maintenance, space and depreciation of the hosts attributed."""
    cash_now: float | None
    """Of these, energy and maintenance: what is paid every year."""
    surveyed: bool
    servers_before: int
    servers_retired: int
    energy_saved: float | None
    carbon_saved: float | None
    avoided_cost: float | None
    saving: float | None
    example: bool
    """Whether the survey or the prices are samples."""
    sources: tuple[str, ...]
    """Where prices and the department's own survey come from, one sentence each."""


@dataclass(frozen=True)
class Kept:
    """What is on record of one thing that is to be backed up: what was promised, and what happened."""

    source: str
    name: str
    tier: str | None
    recovery_point: timedelta | None
    recovery_time: timedelta | None
    drill_every: timedelta | None
    snapshot_id: str | None = None
    data_of: datetime | None = None
    """The instant that the newest good snapshot is of."""
    bytes: int | None = None
    outcome: str | None = None
    restored_at: datetime | None = None
    """When it was last restored at the second site."""
    identical: bool | None = None
    recovery_seconds: float | None = None
    reason: str = ""

    def point_kept(self, now: datetime) -> bool | None:
        """Tell whether the newest snapshot is as young as promised."""
        if self.recovery_point is None:
            return None
        return self.data_of is not None and now - self.data_of <= self.recovery_point

    def drill_kept(self, now: datetime) -> bool | None:
        """Tell whether it was restored, identically, as lately as promised."""
        if self.drill_every is None:
            return None
        return bool(self.restored_at and self.identical and now - self.restored_at <= self.drill_every)

    def time_kept(self) -> bool | None:
        """Tell whether the last drill was as fast as promised."""
        if self.recovery_time is None or self.recovery_seconds is None:
            return None
        return timedelta(seconds=self.recovery_seconds) <= self.recovery_time


@dataclass(frozen=True)
class View:
    """A department at one moment."""

    department: str
    local_name: str
    at: datetime
    """When projects, servers and quotas were read."""
    published_at: datetime | None
    """When operations read costs, backups and drills; None where nothing published was at hand."""
    token: bool
    """Whether the department's own token read what is in its projects; else operations did."""
    projects: tuple[ProjectView, ...] = ()
    owners: tuple[str, ...] = ()
    cost_centre: str = ""
    classification: str = ""
    utilisation: float | None = None
    """CPU time used of the virtual cores given, mean of ten minutes, 0..1."""
    costs: Costs | None = None
    vaults: tuple[str, ...] = ()
    """Machines at the second site that hold the backups."""
    repository: str | None = None
    """restic's id of the department's own repository in the vault."""
    recovery: tuple[Kept, ...] = ()
    alerts: tuple[str, ...] = ()
    agreed: tuple[AgreedShare, ...] | None = None
    """Every grant and request that names this department, the owner's side and the other's."""
    missing: Mapping[str, str] = field(default_factory=dict)
    version: Literal[1] = 1
    """Of this form."""

    @property
    def servers(self) -> tuple[tuple[str, ServerView], ...]:
        """Every server with its project's name."""
        return tuple((project.name, server) for project in self.projects for server in project.servers)
