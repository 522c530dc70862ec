"""Names: unique where they stand, unique over the government where the cloud needs it, and not the cloud's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tenants.declaration.model import Department
from tenants.declaration.rules.finding import Finding
from tenants.declaration.source import Place

RESERVED_DEPARTMENTS = frozenset({"default", "service", "admin", "cloud", "oneroof", "catalogue"})
"""Names that the cloud, or this repository, uses itself."""


def check(department: Department, stem: str) -> Iterator[Finding]:
    """Check the names of one department."""
    if department.name != stem:
        yield Finding(("name",), f"got {department.name}, expected {stem}, as the file is called", "Rename one of the two.")
    if department.name in RESERVED_DEPARTMENTS:
        yield Finding(("name",), f"got {department.name}, expected a name that the cloud does not use itself")
    yield from _unique(("projects",), (project.name for project in department.projects))
    yield from _unique(("groups",), (group.name for group in department.groups))
    yield from _unique(("users",), (user.name for user in department.users))
    for at, project in enumerate(department.projects):
        place: Place = ("projects", at)
        yield from _unique((*place, "networks"), (network.name for network in project.networks))
        yield from _unique((*place, "security_groups"), (group.name for group in project.security_groups))
        yield from _unique((*place, "volumes"), (volume.name for volume in project.volumes))
        yield from _unique((*place, "containers"), (container.name for container in project.containers))
        yield from _unique((*place, "images"), (image.name for image in project.images))
        yield from _unique((*place, "databases"), (database.name for database in project.databases))
        yield from _unique((*place, "blueprints"), (use.name for use in project.blueprints))
        yield from _unique((*place, "floating_ips"), (address.name for address in project.floating_ips))
        yield from _unique((*place, "servers"), (server.name for server in project.servers))
        containers = {container.name for container in project.containers}
        for number, container in enumerate(project.containers):
            if container.versioning and container.versions_name in containers:
                what = f"got true, but there is a container {container.versions_name} already, expected that name to be free"
                yield Finding(
                    (*place, "containers", number, "versioning"), what, "Its old versions are kept under that name."
                )
        for number, group in enumerate(project.security_groups):
            if group.name == "default":
                what = "got default, expected another name: each project has a built-in group of this name"
                yield Finding((*place, "security_groups", number, "name"), what)


def check_together(departments: Sequence[Department]) -> Iterator[Finding]:
    """Check that no two departments, and no two projects of the cloud, are called the same."""
    owners: dict[str, str] = {}
    projects: dict[str, str] = {}
    codes: dict[str, str] = {}
    for index, department in enumerate(departments):
        if department.name in owners:
            yield Finding(("name",), f"got {department.name}, which another file declares as well", "", index)
            continue
        owners[department.name] = department.name
        if department.code and (other := codes.setdefault(department.code, department.name)) != department.name:
            what = f"got {department.code}, which is the code of {other} already, expected one of its own"
            yield Finding(("code",), what, "", index)
        # health-care + web and health + care-web would both be health-care-web in the cloud
        for at, project in enumerate(department.projects):
            called = department.cloud_name(project.name)
            other = projects.setdefault(called, department.name)
            if other != department.name:
                what = f"got {project.name}, which makes {called}, as a project of {other} is called already"
                yield Finding(("projects", at, "name"), what, "Choose another name.", index)


def _unique(place: Place, names: Iterable[str]) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for at, name in enumerate(names):
        if name in first:
            what = f"got {name}, expected a name that {place[-1]}[{first[name]}] does not have"
            yield Finding((*place, at, "name"), what)
        first.setdefault(name, at)
