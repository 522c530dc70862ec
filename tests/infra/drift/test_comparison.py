"""Drift: what is as declared is none, everything else is told with its kind, whose it is, and what mends it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import pytest

from infra.agreement import Cloud
from infra.desired import DesiredNetwork, DesiredProject, DesiredState
from infra.drift.comparison import Drift, build_drift
from infra.drift.operators_own import OperatorsOwn
from infra.drift.text import render_json, render_markdown
from infra.inventory.closer import Closer
from infra.inventory.model import (
    Domain,
    Failure,
    Flavor,
    FloatingAddress,
    Image,
    Inventory,
    Network,
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
    Subnet,
    Volume,
)

OWN = OperatorsOwn("admin", "admin-project", frozenset({"service"}), frozenset({"nova"}), is_built_here=True)
FRONT = DesiredNetwork("front", "10.0.0.0/24", routed=False)
PROJECT = DesiredProject("prod", "parks-prod", "Trees", (), {}, (FRONT,), (), (), (), ())
DECLARED = DesiredState("parks", "Parks", (PROJECT,), (), ())


def server(identifier: str, project: str) -> Server:
    return Server(identifier, identifier, project, "ACTIVE", "tiny", 1, 256, 1, "h", None, (), (), (), "")


def volume(identifier: str, project: str) -> Volume:
    return Volume(identifier, identifier, project, "available", 1, "standard", False, False, (), "")


def built_in(identifier: str, project: str, *more: SecurityRule) -> SecurityGroup:
    rules = [
        SecurityRule(direction, version, None, None, None, None, identifier if direction == "ingress" else None)
        for direction in ("egress", "ingress")
        for version in ("IPv4", "IPv6")
    ]
    return SecurityGroup(identifier, "default", project, (*rules, *more))


SAME: Mapping[str, tuple[Any, ...]] = {
    "domains": (Domain("default", "Default", True, ""), Domain("d", "parks", True, "Parks [oneroof]")),
    "projects": (
        Project("admin-project", "admin", "default", True, "", ()),
        Project("service-project", "service", "default", True, "", ()),
        Project("p", "parks-prod", "d", True, "Trees [oneroof]", ()),
    ),
    "users": (Principal("admin", "admin", "default", True), Principal("nova-id", "nova", "default", True)),
    "groups": (),
    "role_assignments": (
        RoleAssignment("admin", "admin", None, None, None, True, False),
        RoleAssignment("admin", "admin", None, "admin-project", None, False, False),
        RoleAssignment("service", "nova-id", None, "service-project", None, False, False),
        RoleAssignment("member", "admin", None, None, "d", False, True),
    ),
    "networks": (Network("n", "front", "p", "ACTIVE", False, False, 1442, ("sub",)),),
    "subnets": (Subnet("sub", "front", "p", "n", "10.0.0.0/24", "10.0.0.1", True),),
    "routers": (),
    "ports": (Port("dhcp", "p", "n", "DOWN", "network:distributed", "ovnmeta-n", ("10.0.0.2",), ()),),
    "floating_addresses": (),
    "rbac_policies": (),
    "security_groups": (built_in("g", "p"), built_in("ga", "admin-project")),
    "network_quotas": (),
    "servers": (),
    "volumes": (),
    "snapshots": (),
    "images": (),
    "flavors": (),
}
ROLE: Mapping[str, Any] = {
    "role": "member", "group_id": "", "user_id": "", "is_provisioner": True, "project_id": "", "domain_id": "d",
    "is_inherited": True,
}  # fmt: skip


def resource(type_: str, identifier: str, urn: str, /, **outputs: Any) -> dict[str, Any]:
    return {"type": f"oneroof:{type_}", "id": identifier, "urn": f"urn::{urn}", "outputs": outputs}


STACK = (
    resource("identity:Domain", "d", "parks", name="parks", is_enabled=True, description="Parks"),
    resource("identity:RoleAssignment", "/OS-INHERIT/domains/d/users/admin/roles/1", "provisioner", **ROLE),
    resource(
        "identity:Project", "p", "prod",
        name="parks-prod", domain_id="d", is_enabled=True, description="Trees", tags=[],
    ),
    resource("network:Network", "n", "prod/front", name="front", project_id="p", is_shared=False),
    resource(
        "network:Subnet", "sub", "prod/front",
        name="front", network_id="n", cidr="10.0.0.0/24", gateway_ip="10.0.0.1", is_dhcp_enabled=True,
    ),
)  # fmt: skip


NOT_LOOKED = Closer("now", {}, 0, 0.0)
STAFF: Mapping[str, tuple[Any, ...]] = {
    "domains": (Domain("s", "staff", True, ""),),
    "groups": (Principal("gardeners", "Parks and Gardens", "s", True),),
    "users": (Principal("wei", "wei", "s", True),),
}


def drift(
    *,
    failures: tuple[Failure, ...] = (),
    stack: tuple[Any, ...] = STACK,
    own: OperatorsOwn = OWN,
    closer: Closer = NOT_LOOKED,
    **changed: Any,
) -> Drift:
    """Give the drift of one department, with other values for some fields of the inventory; a tuple is added."""
    values = {field.name: None for field in fields(Inventory)} | {"calls": 24, "seconds": 0.5, "collected_at": "now"}
    held = {name: SAME[name] + changed.get(name, ()) if name in SAME else value for name, value in values.items()}
    for failure in failures:
        held[failure.source] = None
    cloud = Cloud(Inventory(**{**held, "failures": failures}))
    return build_drift([DECLARED], {"parks": stack}, cloud, closer, own, "openstack")


def told(found: Drift) -> list[tuple[str, str, str, str]]:
    return [(each.department, each.kind, each.resource, each.name) for each in found.findings]


def test_what_is_as_declared_is_no_drift() -> None:
    assert drift().findings == ()


def test_what_was_never_applied_is_missing() -> None:
    (one,) = drift(stack=(), domains=(), projects=()).findings[:1]
    assert ("parks", "missing", "Department", "parks", "oneroof apply parks") in [
        (f.department, f.kind, f.resource, f.name, f.remedy) for f in (one, *drift(stack=()).findings)
    ]


def test_what_is_declared_and_not_applied_or_applied_and_not_declared_is_told() -> None:
    stack = (*STACK[:-1], resource("block_storage:Volume", "v", "prod/old", name="old", project_id="p", size=1))
    found = drift(stack=stack, volumes=(volume("v", "p"),))
    assert ("parks", "missing", "Subnet", "prod/front") in told(found)
    assert ("parks", "unknown", "Volume", "prod/old") in told(found)


def test_a_stack_without_declaration_is_to_be_withdrawn() -> None:
    read = {"calls": 24, "seconds": 0.5, "collected_at": "now"}
    cloud = Cloud(Inventory(**{f.name: SAME.get(f.name, ()) for f in fields(Inventory)} | read))
    found = build_drift([], {"parks": STACK, "cloud": ()}, cloud, NOT_LOOKED, OWN, "openstack")
    assert [(f.department, f.what, f.remedy) for f in found.findings] == [
        ("parks", "applied, no longer declared", "oneroof withdraw parks")
    ]


def test_what_is_gone_is_missing_and_what_differs_a_mismatch() -> None:
    gone = resource("block_storage:Volume", "v", "prod/data", name="data", project_id="p", size=1)
    other = resource("compute:Flavor", "f", "tiny", name="tiny", vcpus=1, ram=256, disk=1)
    found = drift(stack=(*STACK, gone, other), flavors=(Flavor("f", "tiny", 1, 512, 1, True),))
    assert ("parks", "missing", "Volume", "prod/data") in told(found)
    (mismatch,) = (each for each in found.findings if each.kind == "mismatch")
    assert (mismatch.resource, mismatch.what) == ("Flavor", "ram: declared 256, is 512")


RULE = SecurityRule("ingress", "IPv4", "tcp", 22, 22, "0.0.0.0/0", None)


@pytest.mark.parametrize(("changed", "expected"), [
    ({"servers": (server("web", "p"),)}, ("parks", "unknown", "Server", "web")),
    ({"volumes": (volume("data", "p"),)}, ("parks", "unknown", "Volume", "data")),
    ({"volumes": (volume("left", "no-such-project"),)}, ("", "unknown", "Volume", "left")),
    ({"snapshots": (Snapshot("s", "s", "p", "v", "available", 1, ""),)}, ("parks", "unknown", "Snapshot", "s")),
    ({"networks": (Network("n2", "back", "p", "ACTIVE", False, False, 1442, ()),)}, ("parks", "unknown", "Network", "back")),
    ({"subnets": (Subnet("s2", "more", "p", "n", "10.0.1.0/24", None, True),)}, ("parks", "unknown", "Subnet", "more")),
    ({"routers": (Router("r", "way", "p", "ACTIVE", None, ()),)}, ("parks", "unknown", "Router", "way")),
    ({"ports": (Port("x", "p", "n", "DOWN", "", "", ("10.0.0.9",), ()),)}, ("parks", "unknown", "Port", "10.0.0.9")),
    ({"floating_addresses": (FloatingAddress("f", "p", "192.0.2.9", None, None, "DOWN"),)},
     ("parks", "unknown", "FloatingIp", "192.0.2.9")),
    ({"security_groups": (SecurityGroup("g2", "open", "p", ()),)}, ("parks", "unknown", "SecurityGroup", "open")),
    ({"images": (Image("i", "shot", "p", "active", "private", 1, "raw", ""),)}, ("parks", "unknown", "Image", "shot")),
    ({"rbac_policies": (RbacPolicy("b", "p", "network", "n", "access_as_shared", "admin-project"),)},
     ("parks", "unknown", "RbacPolicy", "network front for admin")),
    ({"rbac_policies": (RbacPolicy("b", "p", "network", "n", "access_as_shared", "gone"),)},
     ("parks", "unknown", "RbacPolicy", "network front for gone")),
    ({"rbac_policies": (RbacPolicy("b", "p", "network", "n", "access_as_external", "*"),)},
     ("parks", "unknown", "RbacPolicy", "network front for everybody")),
    ({"rbac_policies": (RbacPolicy("b", "p", "security_group", "g", "access_as_shared", "*"),)},
     ("parks", "unknown", "RbacPolicy", "security_group default for everybody")),
    ({"flavors": (Flavor("f", "huge", 64, 1, 1, True),)}, ("", "unknown", "Flavor", "huge")),
    ({"users": (Principal("u", "ghost", "d", True),)}, ("parks", "unknown", "User", "ghost")),
    ({"users": (Principal("u", "ghost", "default", True),)}, ("", "unknown", "User", "ghost")),
    ({"groups": (Principal("u", "ghosts", "d", True),)}, ("parks", "unknown", "Group", "ghosts")),
    ({"domains": (Domain("e", "elsewhere", True, ""),)}, ("", "unknown", "Domain", "elsewhere")),
    ({"projects": (Project("q", "demo", "default", True, "", ()),)}, ("", "unknown", "Project", "demo")),
    ({"projects": (Project("q", "demo", "d", True, "", ()),)}, ("parks", "unknown", "Project", "demo")),
    ({"role_assignments": (RoleAssignment("reader", "nova-id", None, "p", None, False, False),)},
     ("parks", "unknown", "RoleAssignment", "reader for user nova on project parks-prod")),
    ({"role_assignments": (RoleAssignment("admin", "admin", None, "p", None, False, False),)},
     ("parks", "unknown", "RoleAssignment", "admin for user admin on project parks-prod")),
])  # fmt: skip
def test_what_nobody_declared_is_unknown(changed: Mapping[str, Any], expected: tuple[str, ...]) -> None:
    assert told(drift(**changed)) == [expected]


def test_a_rule_by_hand_in_the_built_in_group_is_a_mismatch() -> None:
    found = drift(security_groups=(built_in("g3", "p", RULE),))
    assert told(found) == [("parks", "mismatch", "SecurityGroup", "prod/default")]
    assert found.findings[0].what == "rules: ingress IPv4 tcp 22-22 0.0.0.0/0 is there, not built in"


def test_what_an_unknown_project_holds_is_told_with_it() -> None:
    found = drift(projects=(Project("q", "demo", "default", True, "", ()),), servers=(server("web", "q"),))
    assert [(f.name, f.what, f.remedy) for f in found.findings] == [
        ("demo", "in no stack; holds 1 Server", "oneroof adopt q --into DEPARTMENT")
    ]


def test_in_a_cloud_that_others_built_the_operators_people_are_not_judged() -> None:
    theirs = OperatorsOwn("admin", "admin-project", frozenset(), frozenset(), is_built_here=False)
    person = Principal("u", "colleague", "default", True)
    role = RoleAssignment("admin", "u", None, None, None, True, False)
    assert told(drift(own=theirs, users=(person,), role_assignments=(role,))) == []


def test_what_could_not_be_read_is_named_and_nothing_concluded_from_it() -> None:
    stack = (*STACK, resource("block_storage:Volume", "v", "prod/data", name="data", project_id="p", size=1))
    found = drift(stack=stack, failures=(Failure("volumes", "HTTP 503"),), servers=(server("web", "p"),))
    assert ("parks", "missing", "Volume", "prod/data") not in told(found)
    assert ("parks", "unknown", "Server", "web") in told(found)
    assert [(unread.source, unread.left_out) for unread in found.unread] == [
        ("volumes", ("block_storage:Volume", "unknown volumes"))
    ]


def test_it_is_told_to_programs_and_people() -> None:
    found = drift(servers=(server("web", "p"),))
    assert json.loads(render_json(found))["findings"][0]["remedy"] == "openstack server delete web"
    assert "| parks | unknown | Server | web |" in render_markdown(found)
    assert "Everything is as declared." in render_markdown(drift())
    unread = render_markdown(drift(failures=(Failure("images", "HTTP 503"),)))
    assert "Everything is as declared." not in unread
    assert "**Not read: images** (HTTP 503), so not looked at: image:Image, unknown images." in unread


def test_what_a_directory_holds_is_its_own_and_what_else_is_a_domain_is_nobodys() -> None:
    assert told(drift(own=replace(OWN, directories=frozenset({"staff"})), **STAFF)) == []
    assert {(resource, name) for _, _, resource, name in told(drift(**STAFF))} == {
        ("Domain", "staff"), ("Group", "Parks and Gardens"), ("User", "wei"),
    }  # fmt: skip


def test_a_role_that_a_directorys_group_was_given_by_hand_is_told() -> None:
    by_hand = RoleAssignment("reader", None, "gardeners", "p", None, False, False)
    found = drift(own=replace(OWN, directories=frozenset({"staff"})), role_assignments=(by_hand,), **STAFF)
    assert told(found) == [
        ("parks", "unknown", "RoleAssignment", "reader for group Parks and Gardens on project parks-prod")
    ]
