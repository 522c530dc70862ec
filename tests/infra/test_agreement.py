"""The cloud beside what was recorded: the same is no difference, everything else is told by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import pytest

from infra.agreement import SOURCES_NEEDED, Cloud, find_moved
from infra.inventory.model import (
    Domain,
    FloatingAddress,
    Inventory,
    Network,
    NetworkQuota,
    Port,
    Project,
    RbacPolicy,
    RoleAssignment,
    Router,
    SecurityGroup,
    SecurityRule,
    Server,
    Subnet,
    Volume,
)

RULE: Mapping[str, Any] = {
    "direction": "ingress",
    "ether_type": "IPv4",
    "protocol": "tcp",
    "port_range_min": 80,
    "port_range_max": 80,
    "remote_ip_prefix": None,
}
SERVER = Server("s", "web", "p", "ACTIVE", "tiny", 1, 256, 1, "h", None, ("v2", "v1"), ("10.0.0.5",), ("192.0.2.9",), "")
SAME: Mapping[str, tuple[Any, ...]] = {
    "domains": (Domain("d", "parks", True, "Parks [oneroof]"),),
    "projects": (Project("p", "parks-prod", "d", True, "Trees [oneroof]", ("a", "b")),),
    "role_assignments": (RoleAssignment("member", "u", None, None, "d", False, True),),
    "networks": (
        Network("n", "front", "p", "ACTIVE", False, False, 1442, ("sub",)),
        Network("x", "public", "", "ACTIVE", True, False, 1500, ()),
    ),
    "subnets": (Subnet("sub", "front", "p", "n", "10.0.0.0/24", "10.0.0.1", True),),
    "routers": (Router("r", "prod", "p", "ACTIVE", "x", ("192.0.2.1",)),),
    "ports": (
        Port("pr", "p", "n", "ACTIVE", "network:router_interface", "r", ("10.0.0.1",), ()),
        Port("ps", "p", "n", "ACTIVE", "compute:nova", "s", ("10.0.0.5",), ("g",)),
    ),
    "security_groups": (
        SecurityGroup(
            "g", "web", "p", (SecurityRule(**RULE, remote_group_id="g"), SecurityRule(**RULE, remote_group_id="o"))
        ),
        SecurityGroup("o", "other", "p", ()),
    ),
    "floating_addresses": (FloatingAddress("f", "p", "192.0.2.9", "10.0.0.5", "ps", "ACTIVE"),),
    "network_quotas": (NetworkQuota("p", {"network": 2, "floatingip": 3, "rbac_policy": 10}),),
    "rbac_policies": (RbacPolicy("b", "p", "network", "n", "access_as_shared", "q"),),
    "servers": (SERVER,),
    "volumes": (Volume("v1", "data", "p", "in-use", 1, "standard", False, False, ("s",), ""),),
}


def reading(**changed: Any) -> Cloud:
    """Give an inventory of one department, with other values for some of its fields."""
    empty: dict[str, Any] = {field.name: None for field in fields(Inventory)}
    return Cloud(Inventory(**{**empty, **SAME, **changed}))


def resource(type_: str, identifier: str, **outputs: Any) -> dict[str, Any]:
    return {
        "type": f"oneroof:{type_}",
        "id": identifier,
        "urn": f"urn::{outputs.get('name', identifier)}",
        "outputs": outputs,
    }


RECORDED = (
    {"type": "pulumi:pulumi:Stack", "urn": "urn::stack"},
    resource("identity:Domain", "d", name="parks", is_enabled=True, description="Parks"),
    resource(
        "identity:Project", "p", name="parks-prod", domain_id="d", is_enabled=True, description="Trees", tags=["b", "a"],
    ),
    resource(
        "identity:RoleAssignment", "/OS-INHERIT/domains/d/users/u/roles/1/inherited_to_projects",
        role="member", group_id="", user_id="", is_provisioner=True, project_id="", domain_id="d", is_inherited=True,
    ),
    resource("network:Network", "n", name="front", project_id="p", is_shared=False),
    resource(
        "network:Subnet", "sub",
        name="front", network_id="n", cidr="10.0.0.0/24", gateway_ip="10.0.0.1", is_dhcp_enabled=True,
    ),
    resource("network:Router", "r", name="prod", external_network="public", subnet_ids=["sub"]),
    resource(
        "network:SecurityGroup", "g", name="web", rules=[{**RULE, "remote_group": "other"}, {**RULE, "remote_group": "self"}]
    ),
    resource("network:FloatingIp", "f", name="web", port_id="ps", floating_ip_address="192.0.2.9", project_id="p"),
    resource(
        "network:RbacPolicy", "b",
        object_type="network", object_id="n", project_id="p", grantee="parks/parks-prod", target_project_id="q",
    ),
    resource("network:Quota", "p", limits={"networks": 2, "floating_ips": 3}),
    resource(
        "compute:Server", "s",
        name="web", project_id="p", flavor="tiny", volume_ids=["v1", "v2"], security_group_ids=["g"], port_id="ps",
    ),
    resource("block_storage:Volume", "v1", name="data", project_id="p", size=1, volume_type="standard"),
    resource("compute:Quota", "p", limits={"cores": 4}),
)  # fmt: skip


def test_what_is_needed_is_in_every_inventory() -> None:
    assert {field.name for field in fields(Inventory)} >= SOURCES_NEEDED >= SAME.keys()


def test_what_is_as_it_was_recorded_has_not_moved() -> None:
    assert list(find_moved(RECORDED, reading())) == []


@pytest.mark.parametrize(("field", "told"), [
    ("domains", "identity:Domain parks: gone"),
    ("projects", "identity:Project parks-prod: gone"),
    ("role_assignments", "identity:RoleAssignment /OS-INHERIT/domains/d/users/u/roles/1/inherited_to_projects: gone"),
    ("routers", "network:Router prod: gone"),
    ("floating_addresses", "network:FloatingIp web: gone"),
    ("network_quotas", "network:Quota p: gone"),
    ("rbac_policies", "network:RbacPolicy b: gone"),
    ("servers", "compute:Server web: gone"),
    ("volumes", "block_storage:Volume data: gone"),
])  # fmt: skip
def test_what_is_gone_is_told(field: str, told: str) -> None:
    assert [str(moved) for moved in find_moved(RECORDED, reading(**{field: ()}))] == [told]


@pytest.mark.parametrize(("changed", "told"), [
    ({"domains": (Domain("d", "parks", False, "Parks [oneroof]"),)}, "identity:Domain parks: is_enabled"),
    ({"network_quotas": (NetworkQuota("p", {"network": 9, "floatingip": 3}),)}, "network:Quota p: limits"),
    ({"servers": (replace(SERVER, volume_ids=("v1",)),)}, "compute:Server web: volume_ids"),
    (
        {"rbac_policies": (RbacPolicy("b", "p", "network", "n", "access_as_shared", "z"),)},
        "network:RbacPolicy b: target_project_id",
    ),
    ({"servers": (replace(SERVER, flavor="large"),)}, "compute:Server web: flavor"),
    ({"ports": SAME["ports"][1:]}, "network:Router prod: subnet_ids"),
    ({"ports": SAME["ports"][:1]}, "compute:Server web: security_group_ids"),
    ({"routers": (Router("r", "prod", "p", "ACTIVE", None, ()),)}, "network:Router prod: external_network"),
    ({"security_groups": (SecurityGroup("g", "web", "p", ()),)}, "network:SecurityGroup web: rules"),
    ({"volumes": (replace(SAME["volumes"][0], size_gib=2),)}, "block_storage:Volume data: size"),
])  # fmt: skip
def test_what_differs_is_told(changed: Mapping[str, Any], told: str) -> None:
    assert [str(moved) for moved in find_moved(RECORDED, reading(**changed))] == [told]
