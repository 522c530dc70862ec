"""What can be declared of a project that was there before, and what is told by name because it cannot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import pytest

from infra.adopt.adoption import Adoption, build_adoption
from infra.adopt.holdings import ContainerDetail, Holdings, ServerDetail
from infra.agreement import Cloud
from infra.inventory.model import (
    FloatingAddress,
    Image,
    Inventory,
    Network,
    Port,
    Project,
    Router,
    SecurityGroup,
    SecurityRule,
    Server,
    Snapshot,
    Subnet,
    Volume,
)
from tenants.declaration.load import load_catalogue

CATALOGUE = load_catalogue()
OUT = tuple(SecurityRule("egress", version, None, None, None, None, None) for version in ("IPv4", "IPv6"))
HTTP = SecurityRule("ingress", "IPv4", "tcp", 80, 80, None, None)
SERVER = Server("s", "WEB01", "p", "ACTIVE", "tiny", 1, 256, 1, "h", "i", ("v",), ("10.20.9.5",), (), "")
FOUND: Mapping[str, tuple[Any, ...]] = {
    "projects": (Project("p", "Old Web", "default", True, "Pages", ()),),
    "networks": (
        Network("n", "Old Net", "p", "ACTIVE", False, False, 1442, ("sub",)),
        Network("x", "public", "", "ACTIVE", True, False, 1500, ()),
    ),
    "subnets": (Subnet("sub", "", "p", "n", "10.20.9.0/24", "10.20.9.1", True),),
    "routers": (Router("r", "router1", "p", "ACTIVE", "x", ()),),
    "ports": (
        Port("pr", "p", "n", "ACTIVE", "network:router_interface", "r", ("10.20.9.1",), ()),
        Port("ps", "p", "n", "ACTIVE", "compute:nova", "s", ("10.20.9.5",), ("g",)),
    ),
    "security_groups": (SecurityGroup("g", "www", "p", (*OUT, HTTP)),),
    "floating_addresses": (FloatingAddress("f", "p", "192.0.2.9", "10.20.9.5", "ps", "ACTIVE"),),
    "servers": (SERVER,),
    "volumes": (Volume("v", "pages", "p", "in-use", 3, "standard", False, False, ("s",), ""),),
    "images": (Image("i", "tiny", "admin", "active", "public", 1, "raw", ""),),
}
LIMITS = {**CATALOGUE.quota_classes["small"].model_dump(), "containers_gib": 50 * 1024**3}
HELD = Holdings("p", LIMITS, (ContainerDetail("papers", "", ""),), {"s": ServerDetail(("v",), "#!/bin/sh\n", "")})


def adoption(held: Holdings = HELD, **changed: tuple[Any, ...]) -> Adoption:
    """Give what becomes of the project, with other values for some fields of the inventory."""
    values: dict[str, Any] = {field.name: () for field in fields(Inventory)} | dict(FOUND) | changed
    return build_adoption(Cloud(Inventory(**values)), held, "web", CATALOGUE, "public")


def left(made: Adoption) -> list[str]:
    return [f"{each.kind} {each.name}" for each in made.left]


def test_everything_of_a_usual_project_is_declared_under_names_of_declarations() -> None:
    made = adoption()
    assert (made.left, made.notes) == ([], [])
    assert made.project == {
        "name": "web",
        "purpose": "Pages",
        "quota": {"class": "small"},
        "networks": [{"name": "old-net", "cidr": "10.20.9.0/24"}],
        "security_groups": [{"name": "www", "rules": [{"protocol": "tcp", "ports": 80}]}],
        "volumes": [{"name": "pages", "size_gib": 3}],
        "containers": [{"name": "papers"}],
        "servers": [{
            "name": "web01", "flavor": "tiny", "image": "tiny", "network": "old-net", "security_groups": ["www"],
            "volumes": ["pages"], "floating_ip": True, "user_data": "#!/bin/sh\n",
        }],
    }  # fmt: skip
    ids = {f"{type_.removeprefix('oneroof:')} {name}": each for (type_, name), each in made.ids.items()}
    assert {name: each for name, each in ids.items() if "Quota" not in name} == {
        "identity:Project web": "p",
        "network:Network web/old-net": "n",
        "network:Subnet web/old-net": "sub",
        "network:Router web": "r",
        "network:SecurityGroup web/www": "g",
        "network:FloatingIp web/web01": "f",
        "block_storage:Volume web/pages": "v",
        "object_store:Container web/papers": "p/papers",
        "compute:Server web/web01": "s",
    }


@pytest.mark.parametrize(("changed", "told"), [
    ({"servers": (replace(SERVER, flavor="huge"),)}, "server WEB01"),
    ({"servers": (replace(SERVER, image_id=None),)}, "server WEB01"),
    ({"servers": (replace(SERVER, status="ERROR"),)}, "server WEB01"),
    ({"volumes": (replace(FOUND["volumes"][0], name="Odd Name"),)}, "volume Odd Name"),
    ({"volumes": (replace(FOUND["volumes"][0], volume_type="fast"),)}, "volume pages"),
    ({"networks": (replace(FOUND["networks"][0], shared=True), FOUND["networks"][1])}, "network Old Net"),
    ({"subnets": (replace(FOUND["subnets"][0], cidr="192.168.0.0/24"),)}, "network Old Net"),
    ({"subnets": ()}, "network Old Net"),
    ({"routers": (replace(FOUND["routers"][0], external_network_id=None),)}, "router router1"),
    ({"routers": (*FOUND["routers"], Router("r2", "router2", "p", "ACTIVE", "x", ()))}, "router router2"),
    ({"security_groups": (SecurityGroup("g", "www", "p", (*OUT, replace(HTTP, protocol="112"))),)}, "security group www"),
    ({"security_groups": (SecurityGroup("g", "www", "p", (HTTP,)),)}, "security group www"),
    ({"security_groups": (SecurityGroup("g", "My Group", "p", OUT),)}, "security group My Group"),
    ({"security_groups": (SecurityGroup("g", "www", "p", (*OUT, replace(HTTP, remote_group_id="q"))),)},
     "security group www"),
    ({"snapshots": (Snapshot("sn", "friday", "p", "v", "available", 3, ""),)}, "volume snapshot friday"),
    ({"ports": (*FOUND["ports"], Port("po", "p", "n", "DOWN", "", "", ("10.20.9.8",), ()))}, "port 10.20.9.8"),
    ({"floating_addresses": (replace(FOUND["floating_addresses"][0], port_id=None),)}, "floating address 192.0.2.9"),
])  # fmt: skip
def test_what_cannot_be_declared_is_told_by_name(changed: Mapping[str, tuple[Any, ...]], told: str) -> None:
    assert told in left(adoption(**changed))


def test_a_server_on_what_cannot_be_declared_is_left_with_it() -> None:
    made = adoption(subnets=(replace(FOUND["subnets"][0], cidr="192.168.0.0/24"),))
    assert {"network Old Net", "server WEB01", "router router1", "floating address 192.0.2.9"} <= set(left(made))
    assert (made.project["networks"], made.project["servers"]) == ([], [])


def test_a_shared_container_is_left() -> None:
    assert left(adoption(replace(HELD, containers=(ContainerDetail("papers", ".r:*", ""),)))) == ["container papers"]


def test_limits_are_declared_where_they_differ_and_none_is_said_as_such() -> None:
    made = adoption(replace(HELD, limits={**LIMITS, "cores": 17, "volumes": -1}))
    assert made.project["quota"] == {"class": "small", "cores": 17, "volumes": 1_000_000_000}
    assert [note.name for note in made.notes] == ["volumes"]


def test_what_a_server_made_anew_would_lack_is_noted() -> None:
    detail = ServerDetail(("v",), "#cloud-config\n", "my-key")
    assert len(adoption(replace(HELD, servers={"s": detail})).notes) == 2
