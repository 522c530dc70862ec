"""The values of an inventory: names are the APIs' own, sizes say their unit, instants are the API's text (ISO 8601, UTC)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Domain:
    """A Keystone domain: a department, or the operator's own."""

    id: str
    name: str
    enabled: bool
    description: str


@dataclass(frozen=True)
class Project:
    """A Keystone project."""

    id: str
    name: str
    domain_id: str
    enabled: bool
    description: str
    tags: tuple[str, ...]


@dataclass(frozen=True)
class Principal:
    """A user or a group."""

    id: str
    name: str
    domain_id: str
    enabled: bool


@dataclass(frozen=True)
class RoleAssignment:
    """Who (one of user, group) may act as what, where (one of project, domain, system)."""

    role: str
    user_id: str | None
    group_id: str | None
    project_id: str | None
    domain_id: str | None
    system: bool
    inherited: bool


@dataclass(frozen=True)
class Flavor:
    """A size of server."""

    id: str
    name: str
    vcpus: int
    ram_mib: int
    disk_gib: int
    public: bool


@dataclass(frozen=True)
class Server:
    """A server with the size it was made with (the flavor may have changed since)."""

    id: str
    name: str
    project_id: str
    status: str
    flavor: str
    vcpus: int
    ram_mib: int
    disk_gib: int
    host: str | None
    image_id: str | None
    volume_ids: tuple[str, ...]
    fixed_addresses: tuple[str, ...]
    floating_addresses: tuple[str, ...]
    created_at: str


@dataclass(frozen=True)
class Hypervisor:
    """A compute host as Nova counts it: physical totals, and what its servers were given."""

    name: str
    state: str
    status: str
    vcpus: int
    vcpus_used: int
    memory_mib: int
    memory_mib_used: int
    disk_gib: int
    disk_gib_used: int
    running_servers: int


@dataclass(frozen=True)
class ResourceProvider:
    """A compute host as Placement counts it: capacity after reserve and allocation ratio, and usage."""

    id: str
    name: str
    capacity: Mapping[str, int]
    usage: Mapping[str, int]


@dataclass(frozen=True)
class Volume:
    """A volume."""

    id: str
    name: str
    project_id: str
    status: str
    size_gib: int
    volume_type: str
    bootable: bool
    encrypted: bool
    server_ids: tuple[str, ...]
    created_at: str


@dataclass(frozen=True)
class Snapshot:
    """A snapshot of a volume."""

    id: str
    name: str
    project_id: str
    volume_id: str
    status: str
    size_gib: int
    created_at: str


@dataclass(frozen=True)
class StoragePool:
    """A back end of Cinder. ``None`` where the driver does not say."""

    name: str
    total_gib: float | None
    free_gib: float | None
    provisioned_gib: float | None
    thin: bool = False
    """Whether space is taken only when it is written, so that more may be given than there is."""
    over_subscription: float | None = None
    """How many times its space a thin back end may give."""


@dataclass(frozen=True)
class Network:
    """A network."""

    id: str
    name: str
    project_id: str
    status: str
    external: bool
    shared: bool
    mtu: int
    subnet_ids: tuple[str, ...]


@dataclass(frozen=True)
class AddressUse:
    """How many addresses of a network can be given, and how many are."""

    network_id: str
    project_id: str
    total: int
    used: int


@dataclass(frozen=True)
class Subnet:
    """A subnet."""

    id: str
    name: str
    project_id: str
    network_id: str
    cidr: str
    gateway: str | None
    dhcp: bool


@dataclass(frozen=True)
class Router:
    """A router."""

    id: str
    name: str
    project_id: str
    status: str
    external_network_id: str | None
    external_addresses: tuple[str, ...]


@dataclass(frozen=True)
class Port:
    """A port: what joins a server, router or address to a network."""

    id: str
    project_id: str
    network_id: str
    status: str
    device_owner: str
    device_id: str
    addresses: tuple[str, ...]
    security_group_ids: tuple[str, ...]


@dataclass(frozen=True)
class FloatingAddress:
    """A floating IP address."""

    id: str
    project_id: str
    address: str
    fixed_address: str | None
    port_id: str | None
    status: str


@dataclass(frozen=True)
class SecurityRule:
    """One rule of a security group; ``None`` means any."""

    direction: str
    ether_type: str
    protocol: str | None
    port_range_min: int | None
    port_range_max: int | None
    remote_ip_prefix: str | None
    remote_group_id: str | None


@dataclass(frozen=True)
class SecurityGroup:
    """A security group with its rules."""

    id: str
    name: str
    project_id: str
    rules: tuple[SecurityRule, ...]


@dataclass(frozen=True)
class NetworkQuota:
    """Limits of a project that has its own; the others have Neutron's defaults. -1 is unlimited."""

    project_id: str
    limits: Mapping[str, int]


@dataclass(frozen=True)
class RbacPolicy:
    """A network, or something else of Neutron's, that another project may use; ``target_project_id`` * is every one."""

    id: str
    project_id: str
    object_type: str
    object_id: str
    action: str
    target_project_id: str


@dataclass(frozen=True)
class Image:
    """An image; ``size_bytes`` is ``None`` while nothing was uploaded."""

    id: str
    name: str
    project_id: str
    status: str
    visibility: str
    size_bytes: int | None
    disk_format: str | None
    created_at: str


@dataclass(frozen=True)
class Agent:
    """A part of a service that reports itself: a scheduler, a host's compute service, a network agent."""

    binary: str
    host: str
    up: bool
    """Whether it reported lately, by the service's own judgement."""
    enabled: bool


@dataclass(frozen=True)
class Failure:
    """A source that could not be read, and what was said."""

    source: str
    error: str


@dataclass(frozen=True)
class NotMeasured:
    """Something the cloud cannot tell in bulk, and why."""

    what: str
    why: str


@dataclass(frozen=True)
class Inventory:
    """Everything that was read. A field is ``None`` where its source failed; ``failures`` says how."""

    schema_version: int
    collected_at: str
    """When the reading began."""
    seconds: float
    calls: int
    """HTTP requests that were made, tokens and discovery included."""
    region: str | None
    failures: tuple[Failure, ...]
    not_measured: tuple[NotMeasured, ...]
    domains: tuple[Domain, ...] | None
    projects: tuple[Project, ...] | None
    users: tuple[Principal, ...] | None
    groups: tuple[Principal, ...] | None
    role_assignments: tuple[RoleAssignment, ...] | None
    flavors: tuple[Flavor, ...] | None
    servers: tuple[Server, ...] | None
    hypervisors: tuple[Hypervisor, ...] | None
    resource_providers: tuple[ResourceProvider, ...] | None
    volumes: tuple[Volume, ...] | None
    snapshots: tuple[Snapshot, ...] | None
    storage_pools: tuple[StoragePool, ...] | None
    networks: tuple[Network, ...] | None
    address_use: tuple[AddressUse, ...] | None
    subnets: tuple[Subnet, ...] | None
    routers: tuple[Router, ...] | None
    ports: tuple[Port, ...] | None
    floating_addresses: tuple[FloatingAddress, ...] | None
    security_groups: tuple[SecurityGroup, ...] | None
    network_quotas: tuple[NetworkQuota, ...] | None
    images: tuple[Image, ...] | None
    rbac_policies: tuple[RbacPolicy, ...] | None = None
    compute_services: tuple[Agent, ...] | None = None
    block_storage_services: tuple[Agent, ...] | None = None
    network_agents: tuple[Agent, ...] | None = None
