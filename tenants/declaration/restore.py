"""Restores: what a department asks to have back from the backup, as of when, and where it is put.

What it goes into is declared too, in the same file; what is there is kept, unless an owner approved to replace it.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated

from pydantic import BeforeValidator, Field

from tenants.declaration.words import NAME_PATTERN, PLACE_PATTERN, Day, Declared, Instant, Mailbox, Switch

SOURCES = ("volume", "container", "database")
"""What can be asked back: what the records call its source."""
_EXPECTED = "expected volume, container or database PROJECT/NAME"


def _check_what(value: str) -> str:
    kind, _, path = value.partition(" ")
    names = path.split("/")
    if kind not in SOURCES or len(names) != 2 or not all(re.fullmatch(NAME_PATTERN, name) for name in names):
        raise ValueError(_EXPECTED)
    return value


def _check_prefix(value: str) -> str:
    if value and (not value.endswith("/") or any(part in ("", ".", "..") for part in value[:-1].split("/"))):
        raise ValueError("expected names that end with a slash, such as restored/2026-11-20/")
    return value


What = Annotated[str, BeforeValidator(lambda value: _check_what(value) if isinstance(value, str) else value)]
Prefix = Annotated[str, BeforeValidator(lambda value: _check_prefix(value) if isinstance(value, str) else value)]


class Restore(Declared):
    """A request to have one thing back as it was; done once, by operations, between its first and its last day."""

    what: What = Field(title="What", description="volume prod/data, container prod/papers or database prod/registry.")
    at: Instant | None = Field(
        default=None,
        title="At",
        description="The newest backup that is not younger, UTC: 2026-11-20T10:00; the newest of all where left out.",
    )
    into: str | None = Field(
        default=None,
        pattern=PLACE_PATTERN,
        max_length=65,
        title="Into",
        description="Declared volume, or container, that it goes into: prod/data-back; itself where left out.",
    )
    prefix: Prefix = Field(
        default="",
        max_length=200,
        title="Prefix",
        description="What is put before the names of the objects, such as restored/; of containers and databases.",
    )
    overwrite: Switch = Field(
        default=False, title="Overwrite", description="Whether what is there may be replaced; needs an approval."
    )
    reason: str = Field(min_length=1, max_length=300, title="Reason", description="Why it is needed, in one sentence.")
    approved_by: tuple[Mailbox, ...] = Field(
        default=(), title="Approved by", description="Owners of the department who approve that data is replaced."
    )
    approved_on: Day | None = Field(
        default=None, title="Approved on", description="The day of the approval, such as 2026-11-25."
    )
    not_before: Day = Field(title="Not before", description="First day on which it is done; another day asks once more.")
    expires: Day = Field(title="Expires", description="Last day of the request; after it the entry does nothing.")

    @property
    def source(self) -> str:
        """The kind of what is asked back, one of :data:`SOURCES`."""
        return self.what.partition(" ")[0]

    @property
    def name(self) -> str:
        """What is asked back, ``<project>/<name>``."""
        return self.what.partition(" ")[2]

    @property
    def target(self) -> str:
        """What it goes into, ``<project>/<name>``."""
        return self.into or self.name

    @property
    def destination(self) -> str:
        """The same with what is put before the names of objects, where that is told."""
        return f"{self.target}/{self.prefix}" if self.prefix else self.target

    @property
    def target_kind(self) -> str:
        """The kind of what it goes into: the dump of a database goes into a container."""
        return "volume" if self.source == "volume" else "container"

    @property
    def key(self) -> str:
        """What tells one request of a department from another one: reason, approval and last day may be mended."""
        at = self.at.isoformat() if self.at else "newest"
        over = " over what is there" if self.overwrite else ""
        return f"{self.what} as of {at} into {self.destination}{over}, not before {self.not_before}"

    def is_lapsed(self, today: date) -> bool:
        """Tell whether it no longer counts."""
        return today > self.expires
