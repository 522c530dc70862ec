"""Waivers: what a department leaves out of the backup on purpose, with a reason, an approval and a last day.

Without one, ``recovery: none`` is a gap and not a decision. Time is an argument everywhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import BeforeValidator, Field

from tenants.declaration.source import Place
from tenants.declaration.words import NAME_PATTERN, Day, Declared, Mailbox

NO_RECOVERY = "none"
"""The tier of what is not backed up at all."""
KINDS = ("volume", "container", "image", "database")
"""What holds data of a department and is backed up by itself."""
_EXPECTED = "expected department, project NAME, or volume, container, image or database PROJECT/NAME"


@dataclass(frozen=True)
class Data:
    """Something declared that holds data."""

    kind: str
    """One of :data:`KINDS`: what the records call its source."""
    name: str
    """``<project>/<name>``."""
    recovery: str
    place: Place
    """Where in the file."""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def _check_what(value: str) -> str:
    kind, _, path = value.partition(" ")
    names = path.split("/") if path else []
    expected = {"department": 0, "project": 1}.get(kind, 2 if kind in KINDS else -1)
    if len(names) != expected or not all(re.fullmatch(NAME_PATTERN, name) for name in names):
        raise ValueError(_EXPECTED)
    return value


What = Annotated[str, BeforeValidator(lambda value: _check_what(value) if isinstance(value, str) else value)]


class Waiver(Declared):
    """A decision to leave something out of the backup for a time."""

    what: What = Field(
        title="What", description="volume test/scratch, container prod/thumbnails, project trial, department."
    )
    reason: str = Field(min_length=1, max_length=300, title="Reason", description="Why it needs no backup, in one sentence.")
    approved_by: tuple[Mailbox, ...] = Field(
        min_length=1, title="Approved by", description="Owners of the department who approve it."
    )
    approved_on: Day = Field(title="Approved on", description="The day of the approval, such as 2026-11-25.")
    expires: Day = Field(title="Expires", description="Last day of the waiver; after it what it names is a gap.")

    def covers(self, data: Data) -> bool:
        """Tell whether it names a thing, or what the thing is in."""
        kind, _, path = self.what.partition(" ")
        if kind in ("department", "project"):
            return kind == "department" or data.name.partition("/")[0] == path
        return (kind, path) == (data.kind, data.name)

    def is_lapsed(self, today: date) -> bool:
        """Tell whether it no longer counts."""
        return today > self.expires
