"""Whether the cloud still is as it was recorded: a stack's state beside one bulk reading of everything. Pure.

What no bulk call tells is not compared, and named in :data:`NOT_COMPARED`; a refresh by the engine looks at it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address, ip_network
from typing import Any

from infra.inventory.model import Inventory, Port, SecurityGroup
from infra.provider.block_storage import WITHHELD
from infra.provider.kind import FOREIGN, unmarked
from infra.provider.network import said
from infra.provider.registry import KINDS

NOT_COMPARED = (
    "limits of compute, block storage and objects, containers, server groups, members of groups and images, "
    "application credentials, texts of descriptions"
)
"""What the services tell of one project, group or thing at a time, or the inventory does not hold."""

SOURCES_OF: Mapping[str, frozenset[str]] = {
    "oneroof:identity:Domain": frozenset({"domains"}),
    "oneroof:identity:Project": frozenset({"projects"}),
    "oneroof:identity:User": frozenset({"users"}),
    "oneroof:identity:Group": frozenset({"groups"}),
    "oneroof:identity:RoleAssignment": frozenset({"role_assignments"}),
    "oneroof:network:Network": frozenset({"networks"}),
    "oneroof:network:Subnet": frozenset({"subnets"}),
    "oneroof:network:Router": frozenset({"routers", "networks", "subnets", "ports"}),
    "oneroof:network:SecurityGroup": frozenset({"security_groups"}),
    "oneroof:network:FloatingIp": frozenset({"floating_addresses"}),
    "oneroof:network:Quota": frozenset({"network_quotas"}),
    "oneroof:network:RbacPolicy": frozenset({"rbac_policies"}),
    "oneroof:compute:Server": frozenset({"servers", "ports"}),
    "oneroof:block_storage:Volume": frozenset({"volumes"}),
    "oneroof:compute:Flavor": frozenset({"flavors"}),
    "oneroof:image:Image": frozenset({"images"}),
}
"""Pulumi type to the fields of an inventory without which its resources cannot be compared."""

_SHARED = ("oneroof:compute:Flavor", "oneroof:image:Image")
SOURCES_NEEDED = frozenset().union(*(needed for type_, needed in SOURCES_OF.items() if type_ not in _SHARED))
"""Fields of an inventory without which a department cannot be compared."""


@dataclass(frozen=True)
class Cloud:
    """An inventory by id. What could not be read is empty here: whoever asks looks at :data:`SOURCES_NEEDED` first."""

    found: Inventory

    def one(self, field: str, identifier: str) -> Any | None:
        """Give one thing of a kind by its id."""
        return self._by_id(field).get(identifier)

    def _by_id(self, field: str) -> Mapping[str, Any]:
        if field not in self._indexes:
            self._indexes[field] = {item.id: item for item in getattr(self.found, field) or ()}
        return self._indexes[field]

    @cached_property
    def _indexes(self) -> dict[str, Mapping[str, Any]]:
        return {}

    @cached_property
    def roles(self) -> frozenset[tuple[Any, ...]]:
        """Every assignment: role, group, user, project, domain, inherited."""
        return frozenset(
            (a.role, a.group_id or "", a.user_id or "", a.project_id or "", a.domain_id or "", a.inherited)
            for a in self.found.role_assignments or ()
        )

    @cached_property
    def roles_of(self) -> Mapping[str, frozenset[tuple[Any, ...]]]:
        """The same by the domain of the group or user that has it; what nobody known has is left out."""
        of: dict[str, set[tuple[Any, ...]]] = {}
        for key in self.roles:
            _, group, user, *_ = key
            if (actor := self.one("groups" if group else "users", group or user)) is not None:
                of.setdefault(actor.domain_id, set()).add(key)
        return {domain: frozenset(keys) for domain, keys in of.items()}

    @cached_property
    def interfaces(self) -> Mapping[str, list[Port]]:
        """Inner ports of routers, by router."""
        inner: dict[str, list[Port]] = {}
        for port in self.found.ports or ():
            if port.device_owner.startswith("network:router_interface"):
                inner.setdefault(port.device_id, []).append(port)
        return inner

    @cached_property
    def limits(self) -> Mapping[str, Mapping[str, int]]:
        """Network limits by project."""
        return {quota.project_id: quota.limits for quota in self.found.network_quotas or ()}

    @cached_property
    def subnets_of(self) -> Mapping[str, list[Any]]:
        """Subnets by network."""
        inside: dict[str, list[Any]] = {}
        for subnet in self.found.subnets or ():
            inside.setdefault(subnet.network_id, []).append(subnet)
        return inside


Recorded = Mapping[str, Any]
Look = Callable[[Cloud, str, Recorded], Recorded | None]


@dataclass(frozen=True)
class Moved:
    """A recorded resource that is gone, or one of its properties that is another now."""

    type: str
    """Pulumi's, such as ``oneroof:network:Router``."""
    name: str
    """In the stack."""
    id: str
    property: str = ""
    """Empty where all of it is gone."""
    recorded: Any = None
    actual: Any = None

    def __str__(self) -> str:
        return f"{self.type.removeprefix('oneroof:')} {self.name}: {self.property or 'gone'}"


def find_moved(resources: Iterable[Recorded], cloud: Cloud) -> Iterator[Moved]:
    """Give each recorded resource that is gone, and each property that differs."""
    for resource in resources:
        type_, identifier = str(resource["type"]), str(resource.get("id") or "")
        look = _LOOKS.get(type_)
        if look is None or not identifier:
            continue
        recorded, name = resource.get("outputs") or {}, str(resource["urn"]).rpartition("::")[2]
        actual = look(cloud, identifier, recorded)
        if actual is None:
            yield Moved(type_, name, identifier)
            continue
        fields = KINDS[type_].fields
        if recorded.get(FOREIGN):  # used as it was found, so nothing of it is ours to compare
            continue
        for key, value in actual.items():
            old = recorded.get(key)
            if fields[key].differs(value, old) if key in fields else value != old:
                yield Moved(type_, name, identifier, key, old, value)


def _domain(cloud: Cloud, identifier: str, _: Recorded) -> Recorded | None:
    it = cloud.one("domains", identifier)
    return it and {"name": it.name, "is_enabled": it.enabled, "description": unmarked(it.description)}


def _project(cloud: Cloud, identifier: str, _: Recorded) -> Recorded | None:
    it = cloud.one("projects", identifier)
    return it and {
        "name": it.name,
        "domain_id": it.domain_id,
        "is_enabled": it.enabled,
        "description": unmarked(it.description),
        "tags": list(it.tags),
    }


def _principal(field: str) -> Look:
    def look(cloud: Cloud, identifier: str, _: Recorded) -> Recorded | None:
        it = cloud.one(field, identifier)
        return it and {"name": it.name, "domain_id": it.domain_id}

    return look


def _role(cloud: Cloud, identifier: str, recorded: Recorded) -> Recorded | None:
    return {} if role_key(identifier, recorded) in cloud.roles else None


def role_key(identifier: str, recorded: Recorded) -> tuple[Any, ...]:
    """Give a recorded role assignment as one of :attr:`Cloud.roles`."""
    user = recorded["user_id"]
    if recorded["is_provisioner"]:  # whose id is in the path alone
        parts = identifier.split("/")
        user = parts[parts.index("users") + 1]
    return (
        recorded["role"],
        recorded["group_id"],
        user,
        *(recorded[k] for k in ("project_id", "domain_id", "is_inherited")),
    )


def _network(cloud: Cloud, identifier: str, _: Recorded) -> Recorded | None:
    it = cloud.one("networks", identifier)
    return it and {"name": it.name, "project_id": it.project_id, "is_shared": it.shared}


def _subnet(cloud: Cloud, identifier: str, _: Recorded) -> Recorded | None:
    it = cloud.one("subnets", identifier)
    return it and {
        "name": it.name,
        "network_id": it.network_id,
        "cidr": it.cidr,
        "gateway_ip": it.gateway,
        "is_dhcp_enabled": it.dhcp,
    }


def _router(cloud: Cloud, identifier: str, _: Recorded) -> Recorded | None:
    it = cloud.one("routers", identifier)
    if it is None:
        return None
    outside = cloud.one("networks", it.external_network_id or "")
    joined = {
        subnet.id
        for port in cloud.interfaces.get(identifier, ())
        for subnet in cloud.subnets_of.get(port.network_id, ())
        if any(ip_address(address) in ip_network(subnet.cidr) for address in port.addresses)
    }
    return {"name": it.name, "external_network": outside.name if outside else "", "subnet_ids": sorted(joined)}


def _security_group(cloud: Cloud, identifier: str, _: Recorded) -> Recorded | None:
    it: SecurityGroup | None = cloud.one("security_groups", identifier)
    if it is None:
        return None
    return {"name": it.name, "rules": [_rule(cloud, identifier, rule) for rule in it.rules]}


def _rule(cloud: Cloud, group_id: str, rule: Any) -> Recorded:
    remote = cloud.one("security_groups", rule.remote_group_id or "")
    name = "self" if rule.remote_group_id == group_id else remote.name if remote else rule.remote_group_id
    same = ("direction", "ether_type", "protocol", "port_range_min", "port_range_max", "remote_ip_prefix")
    return said({**{key: getattr(rule, key) for key in same}, "remote_group": name})


def _floating(cloud: Cloud, identifier: str, _: Recorded) -> Recorded | None:
    it = cloud.one("floating_addresses", identifier)
    return it and {"port_id": it.port_id or "", "floating_ip_address": it.address, "project_id": it.project_id}


def _rbac_policy(cloud: Cloud, identifier: str, _: Recorded) -> Recorded | None:
    it = cloud.one("rbac_policies", identifier)
    same = ("object_type", "object_id", "project_id", "target_project_id")
    return it and {name: getattr(it, name) for name in same}


def _server(cloud: Cloud, identifier: str, recorded: Recorded) -> Recorded | None:
    it = cloud.one("servers", identifier)
    if it is None:
        return None
    port = cloud.one("ports", str(recorded.get("port_id")))
    # the list says which volumes are attached and not where: an order of its own is no difference
    told, same = list(it.volume_ids), sorted(it.volume_ids) == sorted(recorded["volume_ids"])
    return {
        "name": it.name,
        "project_id": it.project_id,
        "flavor": it.flavor,
        "volume_ids": list(recorded["volume_ids"]) if same else told,
        "is_connected": port is not None and port.device_id == identifier,
        "security_group_ids": list(port.security_group_ids) if port and port.device_id == identifier else [],
        # the list does not tell a lock, but whether one in quarantine was switched on
        "is_withheld": bool(recorded.get("is_withheld")) and it.status != "ACTIVE",
    }


def _volume(cloud: Cloud, identifier: str, _: Recorded) -> Recorded | None:
    it = cloud.one("volumes", identifier)
    return it and {
        "name": it.name,
        "project_id": it.project_id,
        "size": it.size_gib,
        "volume_type": it.volume_type,
        "is_withheld": it.status == WITHHELD,
    }


def _flavor(cloud: Cloud, identifier: str, _: Recorded) -> Recorded | None:
    it = cloud.one("flavors", identifier)
    return it and {"name": it.name, "vcpus": it.vcpus, "ram": it.ram_mib, "disk": it.disk_gib}


def _image(cloud: Cloud, identifier: str, _: Recorded) -> Recorded | None:
    it = cloud.one("images", identifier)
    return it and {"name": it.name, "visibility": it.visibility, "disk_format": it.disk_format}


def _network_quota(cloud: Cloud, identifier: str, recorded: Recorded) -> Recorded | None:
    limits = cloud.limits.get(identifier)
    if limits is None:
        return None
    # Neutron's own words are in the singular, without the line in floating_ips; openstacksdk's are not
    return {"limits": {name: limits.get(_SINGULAR.get(name, name.removesuffix("s"))) for name in recorded["limits"]}}


_SINGULAR = {"floating_ips": "floatingip", "rbac_policies": "rbac_policy", "subnet_pools": "subnetpool"}
_LOOKS: Mapping[str, Look] = {
    "oneroof:identity:Domain": _domain,
    "oneroof:identity:Project": _project,
    "oneroof:identity:User": _principal("users"),
    "oneroof:identity:Group": _principal("groups"),
    "oneroof:identity:RoleAssignment": _role,
    "oneroof:network:Network": _network,
    "oneroof:network:Subnet": _subnet,
    "oneroof:network:Router": _router,
    "oneroof:network:SecurityGroup": _security_group,
    "oneroof:network:FloatingIp": _floating,
    "oneroof:network:Quota": _network_quota,
    "oneroof:network:RbacPolicy": _rbac_policy,
    "oneroof:compute:Server": _server,
    "oneroof:block_storage:Volume": _volume,
    "oneroof:compute:Flavor": _flavor,
    "oneroof:image:Image": _image,
}
