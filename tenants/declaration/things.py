"""The things of a department that may be let go, what hangs on each, and what is declared once some are gone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date

from tenants.declaration.erasure import Erasure, Thing, ThingKind
from tenants.declaration.model import Department, Project


def find_things(department: Department) -> Iterator[Thing]:
    """Give everything of a department that may be let go, itself first."""
    yield Thing(ThingKind.DEPARTMENT)
    for project in department.projects:
        yield Thing(ThingKind.PROJECT, project.name)
        for kind, items in (
            (ThingKind.NETWORK, project.networks),
            (ThingKind.SERVER, project.servers),
            (ThingKind.VOLUME, project.volumes),
            (ThingKind.CONTAINER, project.containers),
        ):
            yield from (Thing(kind, f"{project.name}/{item.name}") for item in items)


def find_users(department: Department, thing: Thing) -> tuple[Thing, ...]:
    """Give the servers that need a volume or a network."""
    if thing.kind not in (ThingKind.VOLUME, ThingKind.NETWORK):
        return ()
    return tuple(
        Thing(ThingKind.SERVER, f"{project.name}/{server.name}")
        for project in department.projects
        if project.name == thing.project
        for server in project.servers
        if thing.name in (server.volumes if thing.kind is ThingKind.VOLUME else (server.network,))
    )


def data_inside(department: Department, thing: Thing) -> Mapping[Thing, str]:
    """Give the volumes and containers that go with a thing, each with its recovery tier."""
    return {
        each: item.recovery or department.recovery
        for project in department.projects
        for kind, items in ((ThingKind.VOLUME, project.volumes), (ThingKind.CONTAINER, project.containers))
        for item in items
        if thing.holds(each := Thing(kind, f"{project.name}/{item.name}"))
    }


def standing(department: Department, today: date) -> tuple[Erasure, ...]:
    """Give the erasures whose approval counts today."""
    return tuple(erasure for erasure in department.erasures if not erasure.is_lapsed(today))


def shared_thing(kind: str, project: str, item: str) -> Thing:
    """Give the thing that a grant is of; an image is no thing of its own, and goes with its project."""
    own = kind in (ThingKind.CONTAINER, ThingKind.NETWORK)
    return Thing(ThingKind(kind), f"{project}/{item}") if own else Thing(ThingKind.PROJECT, project)


def without(department: Department, gone: Collection[Thing]) -> Department:
    """Give the department as it is declared once these things are gone; nothing of it where it is gone itself."""
    if not gone:
        return department
    everything = Thing(ThingKind.DEPARTMENT) in gone
    projects = tuple(
        _without(project, gone)
        for project in department.projects
        if not everything and Thing(ThingKind.PROJECT, project.name) not in gone
    )
    left = {project.name for project in projects}
    groups = tuple(
        group.model_copy(update={"roles": {name: role for name, role in group.roles.items() if name in left}})
        for group in department.groups
    )
    shares = tuple(
        grant
        for grant in department.shares
        if grant.project in left and shared_thing(grant.kind, grant.project, grant.item) not in gone
    )
    credentials = tuple(each for each in department.application_credentials if each.project in left)
    people = {} if not everything else {"users": ()}
    update = {"projects": projects, "groups": () if everything else groups, "shares": shares, **people}
    return department.model_copy(update={**update, "application_credentials": credentials})


def _without(project: Project, gone: Collection[Thing]) -> Project:
    def kept(kind: ThingKind, name: str) -> bool:
        return Thing(kind, f"{project.name}/{name}") not in gone

    servers = tuple(
        server.model_copy(update={"volumes": tuple(v for v in server.volumes if kept(ThingKind.VOLUME, v))})
        for server in project.servers
        if kept(ThingKind.SERVER, server.name)
    )
    return project.model_copy(
        update={
            "networks": tuple(n for n in project.networks if kept(ThingKind.NETWORK, n.name)),
            "volumes": tuple(v for v in project.volumes if kept(ThingKind.VOLUME, v.name)),
            "containers": tuple(c for c in project.containers if kept(ThingKind.CONTAINER, c.name)),
            "servers": servers,
        }
    )
