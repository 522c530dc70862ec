"""Erasures: what a department lets go, approved with a first and a last day; until the first it is in quarantine.

The thing itself stays declared: taking the entry away again brings it back as it was. Time is an argument everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field

from tenants.declaration.words import NAME_PATTERN, Day, Declared, Mailbox


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


def _check_thing(value: str) -> str:
    parse_thing(value)
    return value


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
