"""Where each part of an inventory comes from: one bulk list an API, and the pure function from its JSON to a value.

Paths and fields: https://docs.openstack.org/api-ref/. Lists are paged by the server's own limit (1,000 by default).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from infra.inventory.model import (
    AddressUse,
    Agent,
    Domain,
    Flavor,
    FloatingAddress,
    Hypervisor,
    Image,
    Network,
    NetworkQuota,
    NotMeasured,
    Port,
    Principal,
    Project,
    RbacPolicy,
    RoleAssignment,
    Router,
    SecurityGroup,
    SecurityRule,
    Server,
    Snapshot,
    StoragePool,
    Subnet,
    Volume,
)

Raw = Mapping[str, Any]


@dataclass(frozen=True)
class Source:
    """One bulk list: ``field`` of the inventory, where it is asked, and how an item is read."""

    field: str
    service: str
    """Attribute of openstacksdk's connection."""
    path: str
    key: str
    """Name of the list in the answer."""
    parse: Callable[[Raw], Any]
    microversion: str | None = None


def parse_domain(raw: Raw) -> Domain:
    """Read a domain."""
    return Domain(raw["id"], raw["name"], raw["enabled"], raw.get("description") or "")


def parse_project(raw: Raw) -> Project:
    """Read a project."""
    tags = tuple(sorted(raw.get("tags", ())))
    return Project(raw["id"], raw["name"], raw["domain_id"], raw["enabled"], raw.get("description") or "", tags)


def parse_principal(raw: Raw) -> Principal:
    """Read a user or a group; a group cannot be disabled."""
    return Principal(raw["id"], raw["name"], raw["domain_id"], raw.get("enabled", True))


def parse_role_assignment(raw: Raw) -> RoleAssignment:
    """Read a role assignment listed with names."""
    scope = raw["scope"]
    return RoleAssignment(
        role=raw["role"].get("name") or raw["role"]["id"],
        user_id=raw.get("user", {}).get("id"),
        group_id=raw.get("group", {}).get("id"),
        project_id=scope.get("project", {}).get("id"),
        domain_id=scope.get("domain", {}).get("id"),
        system="system" in scope,
        inherited="OS-INHERIT:inherited_to" in scope,
    )


def parse_flavor(raw: Raw) -> Flavor:
    """Read a flavor."""
    public = raw.get("os-flavor-access:is_public", True)
    return Flavor(raw["id"], raw["name"], raw["vcpus"], raw["ram"], raw["disk"], public)


def parse_server(raw: Raw) -> Server:
    """Read a server as microversion 2.47 or newer gives it, with its flavor inside."""
    flavor, image = raw["flavor"], raw.get("image")
    addresses = [a for of_network in raw["addresses"].values() for a in of_network]

    def of_kind(kind: str) -> tuple[str, ...]:
        return tuple(sorted(a["addr"] for a in addresses if a.get("OS-EXT-IPS:type", "fixed") == kind))

    return Server(
        id=raw["id"],
        name=raw["name"],
        project_id=raw["tenant_id"],
        status=raw["status"],
        flavor=flavor["original_name"],
        vcpus=flavor["vcpus"],
        ram_mib=flavor["ram"],
        disk_gib=flavor["disk"],
        host=raw.get("OS-EXT-SRV-ATTR:host"),
        image_id=image["id"] if image else None,
        volume_ids=tuple(v["id"] for v in raw.get("os-extended-volumes:volumes_attached", ())),
        fixed_addresses=of_kind("fixed"),
        floating_addresses=of_kind("floating"),
        created_at=raw["created"],
    )


def parse_hypervisor(raw: Raw) -> Hypervisor:
    """Read a compute host as microversions before 2.88 give it, with its totals."""
    return Hypervisor(
        name=raw["hypervisor_hostname"],
        state=raw["state"],
        status=raw["status"],
        vcpus=raw["vcpus"],
        vcpus_used=raw["vcpus_used"],
        memory_mib=raw["memory_mb"],
        memory_mib_used=raw["memory_mb_used"],
        disk_gib=raw["local_gb"],
        disk_gib_used=raw["local_gb_used"],
        running_servers=raw["running_vms"],
    )


def parse_service(raw: Raw) -> Agent:
    """Read a part of Nova or Cinder that reports itself."""
    return Agent(raw["binary"], raw["host"], raw["state"] == "up", raw["status"] == "enabled")


def parse_network_agent(raw: Raw) -> Agent:
    """Read an agent of Neutron."""
    return Agent(raw["binary"], raw["host"], raw["alive"], raw["admin_state_up"])


def parse_volume(raw: Raw) -> Volume:
    """Read a volume."""
    return Volume(
        id=raw["id"],
        name=raw.get("name") or "",
        project_id=raw["os-vol-tenant-attr:tenant_id"],
        status=raw["status"],
        size_gib=raw["size"],
        volume_type=raw.get("volume_type") or "",
        bootable=raw["bootable"] == "true",
        encrypted=raw["encrypted"],
        server_ids=tuple(a["server_id"] for a in raw["attachments"]),
        created_at=raw["created_at"],
    )


def parse_snapshot(raw: Raw) -> Snapshot:
    """Read a volume's snapshot."""
    project = raw["os-extended-snapshot-attributes:project_id"]
    name = raw.get("name") or ""
    return Snapshot(raw["id"], name, project, raw["volume_id"], raw["status"], raw["size"], raw["created_at"])


def parse_storage_pool(raw: Raw) -> StoragePool:
    """Read a back end; a driver says "unknown" or "infinite" where it has no number."""
    said = raw["capabilities"]

    def number(key: str) -> float | None:
        value = said.get(key)
        return float(value) if isinstance(value, int | float) else None

    total, free = number("total_capacity_gb"), number("free_capacity_gb")
    provisioned = number("provisioned_capacity_gb")
    return StoragePool(
        name=raw["name"],
        total_gib=total,
        free_gib=free,
        provisioned_gib=number("allocated_capacity_gb") if provisioned is None else provisioned,  # as Cinder itself does
        thin=said.get("thin_provisioning_support") in (True, "True"),
        over_subscription=_ratio(said.get("max_over_subscription_ratio")),
    )


def _ratio(said: Any) -> float | None:
    """Read a ratio that drivers give as a number or as text; ``auto`` says nothing."""
    try:
        return float(said)
    except (TypeError, ValueError):
        return None


def parse_network(raw: Raw) -> Network:
    """Read a network."""
    external, subnets = raw.get("router:external", False), tuple(sorted(raw["subnets"]))
    return Network(raw["id"], raw["name"], raw["project_id"], raw["status"], external, raw["shared"], raw["mtu"], subnets)


def parse_address_use(raw: Raw) -> AddressUse:
    """Read how many addresses of a network are given."""
    return AddressUse(raw["network_id"], raw["project_id"], raw["total_ips"], raw["used_ips"])


def parse_subnet(raw: Raw) -> Subnet:
    """Read a subnet."""
    gateway, dhcp = raw["gateway_ip"], raw["enable_dhcp"]
    return Subnet(raw["id"], raw["name"], raw["project_id"], raw["network_id"], raw["cidr"], gateway, dhcp)


def parse_router(raw: Raw) -> Router:
    """Read a router."""
    gateway = raw.get("external_gateway_info") or {}
    outside = tuple(a["ip_address"] for a in gateway.get("external_fixed_ips", ()))
    return Router(raw["id"], raw["name"], raw["project_id"], raw["status"], gateway.get("network_id"), outside)


def parse_port(raw: Raw) -> Port:
    """Read a port."""
    return Port(
        id=raw["id"],
        project_id=raw["project_id"],
        network_id=raw["network_id"],
        status=raw["status"],
        device_owner=raw["device_owner"],
        device_id=raw["device_id"],
        addresses=tuple(a["ip_address"] for a in raw["fixed_ips"]),
        security_group_ids=tuple(sorted(raw.get("security_groups", ()))),
    )


def parse_floating_address(raw: Raw) -> FloatingAddress:
    """Read a floating IP."""
    address, fixed = raw["floating_ip_address"], raw["fixed_ip_address"]
    return FloatingAddress(raw["id"], raw["project_id"], address, fixed, raw["port_id"], raw["status"])


def parse_security_group(raw: Raw) -> SecurityGroup:
    """Read a security group; its rules in a fixed order."""
    rules = [
        SecurityRule(
            direction=r["direction"],
            ether_type=r["ethertype"],
            protocol=r["protocol"],
            port_range_min=r["port_range_min"],
            port_range_max=r["port_range_max"],
            remote_ip_prefix=r["remote_ip_prefix"],
            remote_group_id=r["remote_group_id"],
        )
        for r in raw["security_group_rules"]
    ]
    return SecurityGroup(raw["id"], raw["name"], raw["project_id"], tuple(sorted(rules, key=repr)))


def parse_network_quota(raw: Raw) -> NetworkQuota:
    """Read a project's own network limits."""
    return NetworkQuota(raw["project_id"], {k: v for k, v in sorted(raw.items()) if isinstance(v, int)})


def parse_rbac_policy(raw: Raw) -> RbacPolicy:
    """Read a policy that shares something of Neutron's."""
    what = raw["object_type"], raw["object_id"], raw["action"]
    return RbacPolicy(raw["id"], raw["project_id"], *what, raw["target_tenant"])


def parse_image(raw: Raw) -> Image:
    """Read an image."""
    return Image(
        id=raw["id"],
        name=raw.get("name") or "",
        project_id=raw["owner"],
        status=raw["status"],
        visibility=raw["visibility"],
        size_bytes=raw.get("size"),
        disk_format=raw.get("disk_format"),
        created_at=raw["created_at"],
    )


SOURCES: tuple[Source, ...] = (
    # without a limit Keystone cuts its lists at 1,000 and names no next page
    Source("domains", "identity", "/domains?limit=1000", "domains", parse_domain),
    Source("projects", "identity", "/projects?limit=1000", "projects", parse_project),
    Source("users", "identity", "/users?limit=1000", "users", parse_principal),
    Source("groups", "identity", "/groups?limit=1000", "groups", parse_principal),
    Source("role_assignments", "identity", "/role_assignments?include_names", "role_assignments", parse_role_assignment),
    Source("flavors", "compute", "/flavors/detail?is_public=None", "flavors", parse_flavor, "2.61"),
    Source("servers", "compute", "/servers/detail?all_tenants=True", "servers", parse_server, "2.61"),
    # from 2.88 on the totals are gone from the list, and Placement has no bulk form of them
    Source("hypervisors", "compute", "/os-hypervisors/detail", "hypervisors", parse_hypervisor, "2.61"),
    Source("compute_services", "compute", "/os-services", "services", parse_service, "2.61"),
    Source("volumes", "block_storage", "/volumes/detail?all_tenants=True", "volumes", parse_volume),
    Source("snapshots", "block_storage", "/snapshots/detail?all_tenants=True", "snapshots", parse_snapshot),
    Source("storage_pools", "block_storage", "/scheduler-stats/get_pools?detail=True", "pools", parse_storage_pool),
    Source("block_storage_services", "block_storage", "/os-services", "services", parse_service),
    Source("networks", "network", "/networks", "networks", parse_network),
    Source("address_use", "network", "/network-ip-availabilities", "network_ip_availabilities", parse_address_use),
    Source("subnets", "network", "/subnets", "subnets", parse_subnet),
    Source("routers", "network", "/routers", "routers", parse_router),
    Source("ports", "network", "/ports", "ports", parse_port),
    Source("floating_addresses", "network", "/floatingips", "floatingips", parse_floating_address),
    Source("security_groups", "network", "/security-groups", "security_groups", parse_security_group),
    Source("network_quotas", "network", "/quotas", "quotas", parse_network_quota),
    Source("rbac_policies", "network", "/rbac-policies", "rbac_policies", parse_rbac_policy),
    Source("network_agents", "network", "/agents", "agents", parse_network_agent),
    Source("images", "image", "/images?visibility=all&limit=1000", "images", parse_image),
)

NOT_MEASURED: tuple[NotMeasured, ...] = (
    NotMeasured("object store accounts", "Swift's API tells of one account at a time, to that account"),
    NotMeasured("compute and block storage quotas", "Nova and Cinder tell the limits of one project at a time"),
    NotMeasured("members of groups", "Keystone tells the members of one group at a time"),
)
