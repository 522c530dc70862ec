"""What the cloud should hold for one department: a pure function of its declaration, the catalogue and the day.

The program of a department walks the result and decides nothing; a test compares it with golden data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from graphlib import CycleError, TopologicalSorter

from tenants.declaration.catalogue import Catalogue
from tenants.declaration.model import (
    Container,
    ContainerQuota,
    Department,
    Group,
    Limits,
    Project,
    SecurityGroup,
    SecurityRule,
    Server,
    Spread,
)
from tenants.declaration.sharing import granted
from tenants.problem import Problem, UserError

SELF = "self"
"""Remote group of a rule that lets in the servers of its own group."""

_MIB = 1024**2
_GIB = 1024**3
_POLICIES = {Spread.PREFER: "soft-anti-affinity", Spread.REQUIRE: "anti-affinity"}


@dataclass(frozen=True)
class DesiredRule:
    """One rule of a security group, in Neutron's words."""

    direction: str
    ether_type: str
    protocol: str | None
    port_range_min: int | None
    port_range_max: int | None
    remote_ip_prefix: str | None
    remote_group: str | None


@dataclass(frozen=True)
class DesiredGroupOfRules:
    """A security group with its whole set of rules."""

    name: str
    rules: tuple[DesiredRule, ...]

    @property
    def needs(self) -> frozenset[str]:
        """Other security groups that its rules name."""
        return frozenset(r.remote_group for r in self.rules if r.remote_group not in (None, SELF) and r.remote_group)


@dataclass(frozen=True)
class DesiredNetwork:
    """A network with one subnet."""

    name: str
    cidr: str
    routed: bool
    withheld: bool = False
    """In quarantine: off its router."""


@dataclass(frozen=True)
class DesiredVolume:
    """A volume; size in GiB."""

    name: str
    size: int
    volume_type: str
    withheld: bool = False
    """In quarantine: nobody can attach, change or delete it."""


@dataclass(frozen=True)
class DesiredContainer:
    """A container of objects; -1 is no limit."""

    name: str
    quota_bytes: int
    quota_count: int
    versions_location: str
    """Container that old versions go to, or nothing."""
    expire_days: int = 0
    """Days after which an object ends; 0 is never."""


@dataclass(frozen=True)
class DesiredServer:
    """A server; volumes in the order they are attached."""

    name: str
    flavor: str
    image: str
    network: str
    security_groups: tuple[str, ...]
    volumes: tuple[str, ...]
    user_data: str
    floating_ip: bool
    """Whether it has an address that lives as long as it does."""
    server_group: str | None = None
    """Those that it shares no host with, where it can."""
    withheld: bool = False
    """In quarantine: off, and locked."""
    shared_network: str = ""
    """``<domain>/<project>/<network>`` of another department, where it is on none of its own."""


@dataclass(frozen=True)
class DesiredServerGroup:
    """Servers that are kept apart, by Nova's policy."""

    name: str
    policy: str


@dataclass(frozen=True)
class DesiredShare:
    """Something of a project that a project of another department may use."""

    kind: str
    """container, network or image."""
    project: str
    item: str
    grantee: str
    """``<domain>/<project>``, by name."""
    access: str
    """read or write; of containers alone."""

    @property
    def place(self) -> str:
        """``<project>/<name>`` in the owner's department."""
        return f"{self.project}/{self.item}"


@dataclass(frozen=True)
class DesiredProject:
    """A Keystone project and all that is in it."""

    key: str
    """Name in the declaration."""
    name: str
    """Name in Keystone."""
    description: str
    tags: tuple[str, ...]
    quotas: Mapping[str, Mapping[str, int]]
    """Service to limits."""
    networks: tuple[DesiredNetwork, ...]
    security_groups: tuple[DesiredGroupOfRules, ...]
    """Each after those that its rules name."""
    volumes: tuple[DesiredVolume, ...]
    containers: tuple[DesiredContainer, ...]
    """Each after the one that its old versions go to."""
    servers: tuple[DesiredServer, ...]
    server_groups: tuple[DesiredServerGroup, ...] = ()
    floating_ips: Mapping[str, str | None] = field(default_factory=dict)
    """Addresses that outlive their servers: name to the server behind it, if there is one."""
    shares: tuple[DesiredShare, ...] = ()

    @property
    def has_router(self) -> bool:
        """Whether any network is joined to the outside."""
        return any(network.routed for network in self.networks)

    @property
    def is_worked_in(self) -> bool:
        """Whether anything of it is made from inside, with a token of the project."""
        return bool(self.volumes or self.containers or self.servers or "object_store" in self.quotas)


@dataclass(frozen=True)
class DesiredGroup:
    """A Keystone group with its roles: project to role."""

    name: str
    roles: Mapping[str, str]
    directory: str = ""
    """Keystone domain of the directory that keeps it; nothing where it is the department's own."""
    called: str = ""
    """Its name in the directory."""


@dataclass(frozen=True)
class DesiredUser:
    """A local user with its groups."""

    name: str
    groups: tuple[str, ...]


@dataclass(frozen=True)
class DesiredCredential:
    """An application credential of a local user."""

    name: str
    user: str
    project: str
    roles: tuple[str, ...]
    expires_at: str
    """As Keystone writes it, UTC: the last moment of a day."""


@dataclass(frozen=True)
class DesiredState:
    """Everything of one department."""

    slug: str
    description: str
    projects: tuple[DesiredProject, ...]
    groups: tuple[DesiredGroup, ...]
    users: tuple[DesiredUser, ...]
    credentials: tuple[DesiredCredential, ...] = ()

    @property
    def shares(self) -> tuple[DesiredShare, ...]:
        """What projects of other departments may use."""
        return tuple(share for project in self.projects for share in project.shares)

    @property
    def data_holders(self) -> frozenset[str]:
        """Names of the stack's resources whose end would be the end of data."""
        return frozenset(
            f"{project.key}/{name}"
            for project in self.projects
            for name in (*(volume.name for volume in project.volumes), *(each.name for each in project.containers))
        )


def build_desired(department: Department, catalogue: Catalogue, today: date) -> DesiredState:
    """Give what the cloud should hold on a day; raises UserError where security groups need each other in a circle."""
    return DesiredState(
        slug=department.slug,
        description=department.local_name,
        projects=tuple(_project(department, project, catalogue, today) for project in department.projects),
        groups=tuple(_group(group) for group in department.groups),
        users=tuple(DesiredUser(user.name, tuple(sorted(user.groups))) for user in department.users),
        credentials=tuple(
            DesiredCredential(each.name, each.user, each.project, tuple(sorted(each.roles)), f"{each.ends}T23:59:59.000000")
            for each in department.application_credentials
        ),
    )


def _group(group: Group) -> DesiredGroup:
    roles = dict(sorted(group.roles.items()))
    return DesiredGroup(group.name, roles, group.directory, group.name_there if group.directory else "")


def _project(department: Department, project: Project, catalogue: Catalogue, today: date) -> DesiredProject:
    return DesiredProject(
        key=project.name,
        name=department.cloud_name(project.name),
        description=project.purpose,
        tags=(f"classification={department.classification}", f"environment={project.environment}"),
        quotas=_quotas(catalogue.limits(project.quota)),
        networks=tuple(DesiredNetwork(n.name, str(n.cidr), n.internet) for n in project.networks),
        security_groups=_groups_of_rules(department, project, catalogue),
        volumes=tuple(DesiredVolume(v.name, v.size_gib, v.type) for v in project.volumes),
        containers=tuple(made for container in project.containers for made in _containers(container)),
        server_groups=_server_groups(project),
        floating_ips={
            address.name: next((server.name for server in project.servers if server.floating_ip == address.name), None)
            for address in project.floating_ips
        },
        servers=tuple(_server(project, server) for server in project.servers),
        shares=tuple(
            DesiredShare(grant.kind.value, grant.project, grant.item, cloud_path(grant.grantee), grant.access.value)
            for grant in sorted(granted(department.shares, today), key=lambda grant: (grant.place, grant.grantee))
            if grant.project == project.name
        ),
    )


def _containers(container: Container) -> Iterator[DesiredContainer]:
    versions = container.versions_name if container.versioning else ""
    if versions:
        yield DesiredContainer(versions, -1, -1, "")
    quota = container.quota or ContainerQuota.model_construct()
    size = -1 if quota.size_mib is None else quota.size_mib * _MIB
    most = -1 if quota.objects is None else quota.objects
    days = container.lifecycle.delete_after_days if container.lifecycle else 0
    yield DesiredContainer(container.name, size, most, versions, days)


def cloud_path(grantee: str) -> str:
    """Give ``<domain>/<project>`` of what a grant calls ``<department>/<project>``.

    >>> cloud_path("parks/prod")
    'parks/parks-prod'
    """
    department, _, project = grantee.partition("/")
    return f"{department}/{department}-{project}"


def _server(project: Project, server: Server) -> DesiredServer:
    return DesiredServer(
        name=server.name,
        flavor=server.flavor,
        image=server.image,
        network="" if server.shared_network else server.network or project.networks[0].name,
        security_groups=server.security_groups or tuple(group.name for group in project.security_groups[:1]),
        volumes=server.volumes,
        user_data=server.user_data,
        floating_ip=server.floating_ip is True,
        server_group=server.spread_group or None,
        shared_network=_shared_network(*server.shared_network) if server.shared_network else "",
    )


def _shared_network(department: str, place: str) -> str:
    project, _, network = place.partition("/")
    return f"{cloud_path(f'{department}/{project}')}/{network}"


def _server_groups(project: Project) -> tuple[DesiredServerGroup, ...]:
    spread = {server.spread_group: server.spread for server in project.servers if server.spread}
    return tuple(DesiredServerGroup(name, _POLICIES[how]) for name, how in sorted(spread.items()))


def _quotas(limits: Limits) -> dict[str, dict[str, int]]:
    """Give the limits in the words of each service."""
    same = ("networks", "subnets", "routers", "ports", "floating_ips", "security_groups", "security_group_rules")
    objects = {} if limits.containers_gib is None else {"object_store": {"bytes": limits.containers_gib * _GIB}}
    return {
        "compute": {"instances": limits.instances, "cores": limits.cores, "ram": limits.ram_mib},
        "block_storage": {
            "volumes": limits.volumes,
            "gigabytes": limits.volume_gib,
            "snapshots": limits.snapshots,
        },
        "network": {name: getattr(limits, name) for name in same},
        **objects,
    }


def _groups_of_rules(department: Department, project: Project, catalogue: Catalogue) -> tuple[DesiredGroupOfRules, ...]:
    groups = {
        group.name: DesiredGroupOfRules(
            group.name,
            (*_outward(), *(_rule(group, rule) for rule in catalogue.rules(group))),
        )
        for group in project.security_groups
    }
    try:
        order = TopologicalSorter({name: sorted(group.needs) for name, group in groups.items()}).static_order()
        return tuple(groups[name] for name in order if name in groups)
    except CycleError as error:
        circle = " → ".join(reversed(error.args[1]))
        where = f"{department.slug}: project {project.name}"
        hint = "Let one of them name an address range."
        raise UserError(Problem(f"{where}: security groups let each other in, in a circle: {circle}", hint)) from None


def _outward() -> tuple[DesiredRule, ...]:
    """Everything may go out: what Neutron gives a new group, said so that it stays."""
    return tuple(DesiredRule("egress", version, None, None, None, None, None) for version in ("IPv4", "IPv6"))


def _rule(group: SecurityGroup, rule: SecurityRule) -> DesiredRule:
    low, high = rule.port_range or (None, None)
    cidr = rule.source_cidr
    remote = None if cidr is not None else SELF if rule.source == group.name else rule.source
    return DesiredRule("ingress", "IPv4", str(rule.protocol), low, high, str(cidr) if cidr else None, remote)
