"""Erasures: what a department lets go, approved with a first and a last day; until the first it is in quarantine.

The thing itself stays declared: taking the entry away again brings it back as it was. Time is an argument everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from pydantic import BeforeValidator, Field

from tenants.declaration.words import NAME_PATTERN, Declared, Mailbox

if TYPE_CHECKING:
    from tenants.declaration.model import Department, Project


class ThingKind(StrEnum):
    """What may be let go."""

    DEPARTMENT = "department"
    PROJECT = "project"
    NETWORK = "network"
    SERVER = "server"
    VOLUME = "volume"
    CONTAINER = "container"


VERSIONS = "-versions"
"""Ends the name of the container that old versions of another one's objects go to."""


@dataclass(frozen=True, order=True)
class Thing:
    """One thing of a department, as its file names it."""

    kind: ThingKind
    path: str = ""
    """``<project>`` or ``<project>/<name>``; empty for the whole department."""

    def __str__(self) -> str:
        return f"{self.kind} {self.path}".rstrip()

    @property
    def project(self) -> str:
        """The project it is in, or is; empty for the whole department."""
        return self.path.partition("/")[0]

    @property
    def name(self) -> str:
        """Its own name in the project; empty for a project and a department."""
        return self.path.partition("/")[2]

    def holds(self, other: Thing) -> bool:
        """Tell whether another thing is inside this one, or is this one."""
        if self.kind is ThingKind.DEPARTMENT:
            return True
        if self.kind is ThingKind.CONTAINER and other == Thing(self.kind, f"{self.path}{VERSIONS}"):
            return True  # what was overwritten in it
        return self == other or (self.kind is ThingKind.PROJECT and other.project == self.path)


_SHAPES: Mapping[ThingKind, int] = {ThingKind.DEPARTMENT: 0, ThingKind.PROJECT: 1}
"""Names behind the kind; two where it is not told."""
_EXPECTED_THING = "expected department, project NAME, or network, server, volume or container PROJECT/NAME"


def parse_thing(text: str) -> Thing:
    """Read ``volume prod/data``, ``project prod`` or ``department``; raise ``ValueError`` for anything else."""
    word, _, path = text.partition(" ")
    kind = next((kind for kind in ThingKind if kind == word), None)
    names = path.split("/") if path else []
    if kind is None or len(names) != _SHAPES.get(kind, 2) or not all(re.fullmatch(NAME_PATTERN, name) for name in names):
        raise ValueError(_EXPECTED_THING)
    return Thing(kind, path)


def _parse_day(value: object) -> object:
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError("expected a day such as 2026-12-31")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("expected a day of the calendar, such as 2026-12-31") from None


def _check_thing(value: str) -> str:
    parse_thing(value)
    return value


Day = Annotated[date, BeforeValidator(_parse_day, json_schema_input_type=str)]
What = Annotated[str, BeforeValidator(lambda value: _check_thing(value) if isinstance(value, str) else value)]


class Erasure(Declared):
    """An approval to erase one thing, with all that is in it, after a quarantine."""

    what: What = Field(title="What", description="volume prod/data, server prod/web, project trial, department …")
    reason: str = Field(min_length=1, max_length=300, title="Reason", description="Why it may go, in one sentence.")
    approved_by: tuple[Mailbox, ...] = Field(
        min_length=1, title="Approved by", description="Owners of the department who approve it."
    )
    approved_on: Day = Field(title="Approved on", description="The day of the approval, such as 2026-11-25.")
    not_before: Day = Field(title="Not before", description="First day on which it may be erased; quarantine until then.")
    expires: Day = Field(title="Expires", description="Last day of the approval; after it the entry does nothing.")
    without_backup: str = Field(
        default="",
        max_length=300,
        title="Without backup",
        description="Why data that is not backed up (recovery none) may go without any copy; left out for all other.",
    )

    @property
    def thing(self) -> Thing:
        """What is let go, as a value."""
        return parse_thing(self.what)

    def is_lapsed(self, today: date) -> bool:
        """Tell whether the approval no longer counts."""
        return today > self.expires


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
