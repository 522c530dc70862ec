"""Sharing between departments: what one gives another for a time, what one asks of another, and how far each has come.

A grant stands in the file of the department whose thing it is; a request in the file of the department that asks. Days
are UTC's, the last one included. Pools of subnets are not shared: every range is declared by whom it belongs to, from one
plan, and what somebody took from another's pool would be in no declaration.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from tenants.declaration.words import PLACE_PATTERN, Declared, Mailbox, Name


class Kind(StrEnum):
    """What can be shared."""

    CONTAINER = "container"
    NETWORK = "network"
    IMAGE = "image"


class Access(StrEnum):
    """What the other project may do with a container."""

    READ = "read"
    WRITE = "write"


def _day(value: object) -> object:
    if isinstance(value, str):
        try:
            return datetime.date.fromisoformat(value)
        except ValueError:
            pass
    if isinstance(value, datetime.date):
        return value
    raise ValueError("expected a day such as 2027-03-31")


Day = Annotated[datetime.date, BeforeValidator(_day)]
Place = Annotated[str, Field(pattern=PLACE_PATTERN, max_length=65)]
"""A project and a thing in it, or a department and its project: ``prod/bulletins``."""
Sentence = Annotated[str, Field(min_length=1, max_length=200)]


class _Thing(Declared):
    """One thing of one project: exactly one of the keys says which."""

    container: Place | None = Field(default=None, title="Container", description="Project and container: prod/bulletins.")
    network: Place | None = Field(default=None, title="Network", description="Project and network: prod/front.")
    image: str | None = Field(
        default=None,
        pattern=r"^[a-z][a-z0-9-]*/\S.*$",
        max_length=200,
        title="Image",
        description="Project and name of an image that was uploaded to it: prod/registry-2027.",
    )

    @model_validator(mode="after")
    def _one_thing(self) -> _Thing:
        told = [kind.value for kind in Kind if getattr(self, kind) is not None]
        if len(told) != 1:
            expected = ", ".join(Kind)
            raise ValueError(f"got {' and '.join(told) or 'nothing'} to share, expected one of: {expected}")
        return self

    @property
    def kind(self) -> Kind:
        """What it is."""
        return next(kind for kind in Kind if getattr(self, kind) is not None)

    @property
    def place(self) -> str:
        """``<project>/<name>`` in the owner's department."""
        return str(getattr(self, self.kind))

    @property
    def project(self) -> str:
        """The owner's project."""
        return self.place.partition("/")[0]

    @property
    def item(self) -> str:
        """Its name in the project."""
        return self.place.partition("/")[2]


class _Terms(_Thing):
    """Why, how far, and from when to when."""

    access: Access = Field(
        default=Access.READ, title="Access", description="read, or write (which reads too); of containers alone."
    )
    purpose: Sentence = Field(title="Purpose", description="What it is used for, in one sentence.")
    legal_basis: str = Field(
        default="",
        max_length=200,
        title="Legal basis",
        description="The law, order or agreement that allows it; must be told where the owner's data is confidential.",
    )
    data_items: tuple[Sentence, ...] = Field(
        default=(), title="Data items", description="Which data it is about; must be told for a container."
    )
    first_day: Day = Field(
        validation_alias="from", serialization_alias="from", title="From", description="First day, such as 2027-01-01."
    )
    last_day: Day = Field(
        validation_alias="to", serialization_alias="to", title="To", description="Last day; on the next it is withdrawn."
    )

    def in_force(self, today: datetime.date) -> bool:
        """Tell whether it is between its first and its last day."""
        return self.first_day <= today <= self.last_day


class Grant(_Terms):
    """Something of this department that a project of another may use for a time."""

    grantee: Place = Field(
        validation_alias="with",
        serialization_alias="with",
        title="With",
        description="Department and project that get it: civil-affairs/prod.",
    )
    approved_by: tuple[Mailbox, ...] = Field(
        default=(), title="Approved by", description="Owners who approved: at least one of each of the two departments."
    )

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells two of one owner apart: kind, place, grantee."""
        return str(self.kind), self.place, self.grantee


class Request(_Terms):
    """Something of another department that a project of this one asks for; open until its owner grants or refuses it."""

    owner: Name = Field(
        validation_alias="of", serialization_alias="of", title="Of", description="Department that is asked: transport."
    )
    asking: Name = Field(
        validation_alias="for", serialization_alias="for", title="For", description="Own project that needs it: prod."
    )
    asked_on: Day = Field(title="Asked on", description="Day of the request; it is open since then.")


class Refusal(_Thing):
    """A request of another department that this one does not grant."""

    grantee: Place = Field(
        validation_alias="with",
        serialization_alias="with",
        title="With",
        description="Department and project that asked: civil-affairs/prod.",
    )
    reason: Sentence = Field(title="Reason", description="Why not, in one sentence.")
    refused_on: Day = Field(title="Refused on", description="Day of the answer.")


def answers(answer: Grant | Refusal, grantee: str, request: Request) -> bool:
    """Tell whether a grant or refusal of the asked department answers a request of ``grantee``."""
    same = (answer.kind, answer.place, answer.grantee) == (request.kind, request.place, grantee)
    if not same or not isinstance(answer, Grant):
        return same
    # reading alone does not answer who must write
    return answer.access is Access.WRITE or request.access is Access.READ


def granted(grants: Iterable[Grant], today: datetime.date) -> Iterator[Grant]:
    """Give the grants in force on a day."""
    return (grant for grant in grants if grant.in_force(today))
