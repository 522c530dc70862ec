"""Several servers written as one: each becomes a server of its own."""

from __future__ import annotations

from tenants.declaration.model import Department, Project, Server
from tenants.declaration.origin import Origin
from tenants.declaration.source import Place
from tenants.declaration.spread import copy_name


def expand_copies(department: Department) -> tuple[Department, dict[Place, Origin]]:
    """Give the department with ``count`` servers in place of each, and where the further ones come from.

    The first keeps its place in the list and the others come last, so that places of the file stay what they were.
    """
    origins: dict[Place, Origin] = {}
    projects = tuple(_expand(("projects", at), project, origins) for at, project in enumerate(department.projects))
    return department.model_copy(update={"projects": projects}), origins


def _expand(place: Place, project: Project, origins: dict[Place, Origin]) -> Project:
    first: list[Server] = []
    further: list[Server] = []
    for at, server in enumerate(project.servers):
        first.append(server if server.count == 1 else _copy(server, 1))
        for number in range(2, server.count + 1):
            origins[*place, "servers", len(project.servers) + len(further)] = Origin((*place, "servers", at))
            further.append(_copy(server, number))
    return project.model_copy(update={"servers": (*first, *further)})


def _copy(server: Server, number: int) -> Server:
    return server.model_copy(update={"name": copy_name(server.name, number), "count": 1})
