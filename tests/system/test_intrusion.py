"""A department's user tries to read, change, attach, copy and delete another's things: all is refused, and nothing changed.

Both are departments of the lab; what could be harmed is made for the test and taken away after it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from intrusion import Attempt, fill
from intrusions_of_data import BLOCK_STORAGE, IMAGE, OBJECT_STORE
from intrusions_of_services import COMPUTE, IDENTITY, NETWORK, PLACEMENT
from openstack.connection import Connection

pytestmark = pytest.mark.system
SECRET = b"not yours"
ATTEMPTS = (*IDENTITY, *COMPUTE, *BLOCK_STORAGE, *NETWORK, *IMAGE, *OBJECT_STORE, *PLACEMENT)


class Field:
    """The intruder, the victim, the things of both, and how all of it was before."""

    def __init__(self, intruder: Connection, victim: Connection, admin: Connection, things: dict[str, str]) -> None:
        self.intruder, self.victim, self.admin, self.things = intruder, victim, admin, things
        self.before = self.look()

    def ask(self, attempt: Attempt) -> int:
        things = self.things
        body = attempt.body if attempt.body is None else fill(attempt.body, things)
        path, headers = fill(attempt.path, things), fill(attempt.headers, things)
        proxy = getattr(self.intruder, attempt.service)
        answer = proxy.request(path, attempt.method, json=body, headers=headers, raise_exc=False)
        return int(answer.status_code)

    def look(self) -> dict[str, Any]:
        """Give everything that an attempt could have changed, at the victim's side and at the intruder's."""
        v, admin, things = self.victim, self.admin, self.things
        server, store = v.compute.get_server(things["server"]), v.object_store
        container = store.head(things["container"])
        return {
            "server": [server.name, server.status, server.metadata, server.attached_volumes],
            "volumes": sorted((x.id, x.name, x.size, x.status, str(x.metadata)) for x in v.block_storage.volumes()),
            "snapshots": sorted((x.id, x.status) for x in v.block_storage.snapshots()),
            "networks": sorted((x.id, x.name, str(x.subnet_ids)) for x in v.network.networks()),
            "ports": sorted((x.id, x.name, str(x.security_group_ids)) for x in v.network.ports()),
            "rules": sorted((x.id, x.name, str(sorted(r["id"] for r in x.security_group_rules))) for x in groups(v)),
            "addresses": sorted((x.id, x.port_id) for x in v.network.ips()),
            "images": sorted((x.id, x.visibility, str(x.tags)) for x in v.image.images(owner=things["project"])),
            "members": [x.member_id for x in v.image.members(things["image"])],
            "containers": sorted((x.name, x.count, x.bytes) for x in store.containers() if x.name != things["planted"]),
            "read by": container.headers.get("X-Container-Read"),
            "object": store.download_object("report.txt", things["container"]),
            "people": sorted(str(x.to_dict()) for x in admin.identity.users(domain_id=things["domain"])),
            "groups": sorted(x.name for x in admin.identity.groups(domain_id=things["domain"])),
            "projects": sorted((x.name, x.description) for x in admin.identity.projects(domain_id=things["domain"])),
            "domain": admin.identity.get_domain(things["domain"]).description,
            "roles": sorted(str(x.to_dict()) for x in admin.identity.role_assignments(scope_project_id=things["spare"])),
            "quotas": [
                admin.get_compute_quotas(things["project"]).cores,
                admin.get_volume_quotas(things["project"]).volumes,
            ],
            **{f"intruder's {kind}": found for kind, found in self.hoard().items()},
        }

    def hoard(self) -> dict[str, list[str]]:
        """Name what the intruder has: something new would be something it got."""
        i = self.intruder
        return {
            "servers": sorted(x.id for x in i.compute.servers()),
            "volumes": sorted(x.id for x in i.block_storage.volumes()),
            "ports": sorted(x.id for x in i.network.ports()),
            "networks": sorted(x.id for x in i.network.networks()),
            "addresses": sorted(x.id for x in i.network.ips()),
            "images": sorted(x.id for x in i.image.images(owner=i.current_project_id)),
            "objects": sorted(x.name for x in i.object_store.objects(self.things["own_container"])),
        }


def groups(connection: Connection) -> list[Any]:
    return list(connection.network.security_groups(project_id=connection.current_project_id))


@pytest.fixture(scope="module")
def field(users: dict[str, Connection], departments: dict[str, dict[str, Any]], cloud: Connection) -> Iterator[Field]:
    able = [slug for slug in sorted(users) if departments[slug]["projects"][0]["servers"]]
    assert len(able) >= 2, f"two departments with local users and servers are needed, got {able}"
    victim, intruder = able[0], able[1]
    with ExitStack() as after:
        yield Field(users[intruder], users[victim], cloud, prepare(users, departments, cloud, victim, intruder, after))


def prepare(
    users: dict[str, Connection],
    departments: dict[str, dict[str, Any]],
    admin: Connection,
    victim: str,
    intruder: str,
    after: ExitStack,
) -> dict[str, str]:
    """Make what could be harmed; give the ids of all that is named in the attempts."""
    v, i, name = users[victim], users[intruder], f"system-test-{uuid.uuid4().hex[:8]}"
    made, own = departments[victim], departments[intruder]
    project, own_project = made["projects"][0], own["projects"][0]
    network, own_network = project["networks"][0]["id"], own_project["networks"][0]["id"]
    flavor, tiny = (next(x.id for x in found if x.name == "tiny") for found in (v.compute.flavors(), v.image.images()))
    outside = next(iter(admin.network.networks(is_router_external=True))).id

    group = v.network.create_security_group(name=name)
    after.callback(v.network.delete_security_group, group)
    rule = v.network.create_security_group_rule(security_group_id=group.id, direction="ingress", protocol="icmp")
    server = v.compute.create_server(name=name, flavor_id=flavor, image_id=tiny, networks=[{"uuid": network}])
    after.callback(v.delete_server, server.id, wait=True)
    volumes = [v.block_storage.create_volume(name=f"{name}-{n}", size=1) for n in (1, 2)]
    for volume in volumes:
        after.callback(v.delete_volume, volume.id, wait=True)
        v.block_storage.wait_for_status(volume, "available", interval=1, wait=60)
    snapshot = v.block_storage.create_snapshot(volume_id=volumes[0].id, name=name)
    after.callback(v.delete_volume_snapshot, snapshot.id, wait=True)
    v.block_storage.wait_for_status(snapshot, "available", interval=1, wait=60)
    transfer = v.block_storage.create_transfer(volume_id=volumes[1].id, name=name)
    after.callback(v.block_storage.delete_transfer, transfer)
    port = v.network.create_port(network_id=network, name=name)
    after.callback(v.network.delete_port, port)
    address = v.network.create_ip(floating_network_id=outside)
    after.callback(v.network.delete_ip, address)
    image = v.image.create_image(name=name, data=SECRET, disk_format="raw", container_format="bare", visibility="shared")
    after.callback(v.image.delete_image, image.id)
    store(v, name, {"report.txt": SECRET}, after)
    for planted in ("intruder", "spy"):
        after.callback(v.delete_container, f"{name}-{planted}")  # where an attempt succeeded
    store(i, f"{name}-own", {"mine.txt": b"mine"}, after)
    person = admin.identity.create_user(name=name, domain_id=made["domain_id"])
    after.callback(admin.identity.delete_user, person)
    spare = admin.identity.create_project(name=name, domain_id=made["domain_id"])
    after.callback(admin.identity.delete_project, spare)
    v.compute.wait_for_server(server, interval=1, wait=120)

    def router(connection: Connection) -> str:
        return next(x.id for x in connection.network.routers() if x.project_id == connection.current_project_id)

    own_server = own_project["servers"][0]["id"]
    return {
        "project": project["id"],
        "own_project": own_project["id"],
        "domain": made["domain_id"],
        "user": person.id,
        "own_user": i.current_user_id,
        "own_token": i.auth_token,
        "spare": spare.id,
        "role": next(x.id for x in admin.identity.roles() if x.name == "member"),
        "server": server.id,
        "own_server": own_server,
        "volume": volumes[0].id,
        "own_volume": own_project["volumes"][0]["id"],
        "snapshot": snapshot.id,
        "transfer": transfer.id,
        "network": network,
        "own_network": own_network,
        "subnet": v.network.get_network(network).subnet_ids[0],
        "own_subnet": i.network.get_network(own_network).subnet_ids[0],
        "router": router(v),
        "own_router": router(i),
        "port": port.id,
        "own_port": next(x.id for x in i.network.ports(device_id=own_server)),
        "group": group.id,
        "own_group": groups(i)[0].id,
        "rule": rule.id,
        "address": address.id,
        "outside": outside,
        "image": image.id,
        "flavor": flavor,
        "tiny_image": tiny,
        "account": v.object_store.get_endpoint(),
        "own_account": i.object_store.get_endpoint(),
        "container": name,
        "own_container": f"{name}-own",
        "planted": f"{name}-intruder",
    }


def store(owner: Connection, container: str, objects: dict[str, bytes], after: ExitStack) -> None:
    owner.object_store.create_container(container)
    after.callback(owner.delete_container, container)
    for name, data in objects.items():
        owner.object_store.upload_object(container, name, data=data)
    after.callback(
        lambda: [owner.object_store.delete_object(x, container=container) for x in owner.object_store.objects(container)]
    )


def row(attempt: Attempt) -> Any:
    marks = [pytest.mark.xfail(reason=attempt.known, strict=True)] if attempt.known else []
    return pytest.param(attempt, id=attempt.name, marks=marks)


@pytest.mark.parametrize("attempt", [row(attempt) for attempt in ATTEMPTS])
def test_it_is_refused(field: Field, attempt: Attempt) -> None:
    status = field.ask(attempt)
    assert status in attempt.refused, f"{attempt.method} {fill(attempt.path, field.things)}: got {status}"


def test_nothing_changed_and_nothing_was_got(field: Field) -> None:
    after = field.look()
    changed = {
        what: {"before": field.before[what], "after": after[what]} for what in after if after[what] != field.before[what]
    }
    assert changed == {}, json.dumps(changed, indent=1, default=str)
