"""One department sees its own domain only: tried on every service, as a user of the department, against another's things."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from openstack.connection import Connection

pytestmark = pytest.mark.system
HIDDEN = {403, 404}


@dataclass(frozen=True)
class Pair:
    """A user of one department, and another department whose things it must not see."""

    slug: str
    user: Connection
    made: dict[str, Any]
    other: dict[str, Any]
    other_user: Connection

    @property
    def own_projects(self) -> set[str]:
        return {project["id"] for project in self.made["projects"]}

    def others(self, kind: str) -> list[dict[str, Any]]:
        return [thing for project in self.other["projects"] for thing in project[kind]]


@pytest.fixture
def pairs(users: dict[str, Connection], departments: dict[str, dict[str, Any]]) -> list[Pair]:
    slugs = sorted(users)
    assert len(slugs) >= 2, f"two departments with local users are needed, got {slugs}"
    return [
        Pair(slug, users[slug], departments[slug], departments[other], users[other])
        for slug, other in zip(slugs, slugs[1:] + slugs[:1], strict=True)
    ]


def seen(pairs: list[Pair], look: Callable[[Pair], dict[str, int]]) -> dict[str, int]:
    """Give what was answered with anything but "forbidden" or "not found", by department and request."""
    return {f"{p.slug}: {request}": status for p in pairs for request, status in look(p).items() if status not in HIDDEN}


def foreign(pairs: list[Pair], list_: Callable[[Pair], list[Any]], owner: str = "project_id") -> dict[str, list[str]]:
    """Give, by department, the things in its lists that belong to a project of somebody else."""
    found = {p.slug: [t.id for t in list_(p) if getattr(t, owner) not in p.own_projects] for p in pairs}
    return {slug: things for slug, things in found.items() if things}


def ask(proxy: Any, *paths: str, **options: Any) -> dict[str, int]:
    return {f"GET {path}": proxy.get(path, **options).status_code for path in paths}


def test_identity(pairs: list[Pair]) -> None:
    def look(p: Pair) -> dict[str, int]:
        project = p.other["projects"][0]["id"]
        domain = p.other["domain_id"]
        return ask(
            p.user.identity,
            "/domains",
            f"/domains/{domain}",
            f"/projects/{project}",
            f"/users?domain_id={domain}",
            f"/groups?domain_id={domain}",
            f"/role_assignments?scope.project.id={project}",
        )

    assert seen(pairs, look) == {}
    for p in pairs:
        projects = p.user.identity.get("/auth/projects").json()["projects"]
        assert {project["domain_id"] for project in projects} == {p.made["domain_id"]}
        listed = p.user.identity.get("/projects")
        assert listed.status_code in HIDDEN or {x["domain_id"] for x in listed.json()["projects"]} <= {p.made["domain_id"]}


def test_compute(pairs: list[Pair]) -> None:
    def look(p: Pair) -> dict[str, int]:
        servers = p.others("servers")
        assert servers
        console = f"/servers/{servers[0]['id']}/action"
        body = {"os-getConsoleOutput": {"length": 1}}
        tried = {"POST getConsoleOutput": p.user.compute.post(console, json=body).status_code}
        paths = [f"/servers/{server['id']}" for server in servers]
        project = p.other["projects"][0]["id"]
        other_paths = ("/servers/detail?all_tenants=True", "/os-hypervisors", f"/os-quota-sets/{project}")
        return {**tried, **ask(p.user.compute, *paths, *other_paths)}

    assert seen(pairs, look) == {}
    assert foreign(pairs, lambda p: list(p.user.compute.servers())) == {}


def test_placement(pairs: list[Pair]) -> None:
    paths = ("/resource_providers", "/resource_classes")
    options = {"microversion": "1.36"}
    assert seen(pairs, lambda p: ask(p.user.placement, *paths, **options)) == {}


def test_network(pairs: list[Pair], cloud: Connection) -> None:
    ports = {p.slug: [f"/ports/{x.id}" for x in cloud.network.ports(project_id=p.other["projects"][0]["id"])] for p in pairs}
    assert all(ports.values())

    def look(p: Pair) -> dict[str, int]:
        project = p.other["projects"][0]["id"]
        networks = [f"/networks/{network['id']}" for network in p.others("networks")]
        return ask(p.user.network, *networks, *ports[p.slug], f"/quotas/{project}", "/agents/" + str(uuid.uuid4()))

    assert seen(pairs, look) == {}
    external = list(cloud.network.networks(is_router_external=True))
    shared = {network.id for network in external} | {subnet for network in external for subnet in network.subnet_ids}
    for kind in ("networks", "subnets", "routers", "ports", "ips", "security_groups"):
        found = foreign(pairs, lambda p, kind=kind: list(getattr(p.user.network, kind)()))
        assert {slug: set(ids) - shared for slug, ids in found.items() if set(ids) - shared} == {}, kind


def test_block_storage(pairs: list[Pair]) -> None:
    def look(p: Pair) -> dict[str, int]:
        volumes = p.others("volumes")
        assert volumes
        project = p.other["projects"][0]["id"]
        return ask(p.user.block_storage, *(f"/volumes/{v['id']}" for v in volumes), f"/os-quota-sets/{project}")

    assert seen(pairs, look) == {}
    # Cinder takes all_tenants from anybody and leaves it out of account for all but its administrators
    assert foreign(pairs, lambda p: list(p.user.block_storage.volumes(all_projects=True))) == {}
    assert foreign(pairs, lambda p: list(p.user.block_storage.snapshots(all_projects=True))) == {}


def test_image(pairs: list[Pair]) -> None:
    for p in pairs:
        with private_image(p.other_user) as image:
            paths = (f"/images/{image}", f"/images/{image}/file", f"/images/{image}/members")
            assert seen([p], lambda p, paths=paths: ask(p.user.image, *paths)) == {}
            listed = list(p.user.image.images(visibility="all"))
            assert image not in {one.id for one in listed}
            assert {one.owner for one in listed if one.visibility != "public"} <= p.own_projects


def test_object_store(pairs: list[Pair]) -> None:
    for p in pairs:
        with private_object(p.other_user) as (account, container, name):
            session, base = p.user.session, f"{account}/{container}"
            tried = {
                "list account": session.get(account, raise_exc=False),
                "list container": session.get(base, raise_exc=False),
                "read": session.get(f"{base}/{name}", raise_exc=False),
                "write": session.put(f"{base}/mine", data=b"x", raise_exc=False),
                "delete": session.delete(f"{base}/{name}", raise_exc=False),
                "open": session.post(base, headers={"X-Container-Read": ".r:*"}, raise_exc=False),
            }
            assert {what: answer.status_code for what, answer in tried.items()} == dict.fromkeys(tried, 403), p.slug
            assert p.other_user.object_store.download_object(name, container) == b"not yours"


@contextmanager
def private_image(owner: Connection) -> Iterator[str]:
    name = f"system-test-{uuid.uuid4().hex[:8]}"
    made = owner.image.create_image(
        name=name, data=b"not yours", disk_format="raw", container_format="bare", visibility="private", wait=True
    )
    try:
        yield made.id
    finally:
        owner.image.delete_image(made.id)


@contextmanager
def private_object(owner: Connection) -> Iterator[tuple[str, str, str]]:
    container, name = f"system-test-{uuid.uuid4().hex[:8]}", "report.txt"
    store = owner.object_store
    store.create_container(container)
    store.upload_object(container, name, data=b"not yours")
    try:
        yield store.get_endpoint(), container, name
    finally:
        for left in list(store.objects(container)):
            store.delete_object(left, container=container)
        store.delete_container(container)
