"""Sharing between departments: what one gives another for a time, what one asks of another, and how far each has come.

A grant stands in the file of the department whose thing it is; a request in the file of the department that asks. Days
are UTC's, the last one included. Pools of subnets are not shared: every range is declared by whom it belongs to, from one
plan, and what somebody took from another's pool would be in no declaration.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from tenants.declaration.words import PLACE_PATTERN, Declared, Mailbox, Name

if TYPE_CHECKING:
    from tenants.declaration.model import Department

ENDING_SOON = datetime.timedelta(days=30)


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


class State(StrEnum):
    """How far a grant or request has come."""

    PENDING = "pending"
    ACTIVE = "active"
    EXPIRED = "expired"
    OPEN = "open"
    GRANTED = "granted"
    REFUSED = "refused"


@dataclass(frozen=True)
class Share:
    """One line of the catalogue of what is shared: a grant or a request, as of one day."""

    owner: str
    kind: Kind
    place: str
    grantee: str
    """``<department>/<project>``."""
    state: State
    detail: str
    """The state as people say it: ``ends in 12 days``."""
    terms: Grant | Request

    @property
    def departments(self) -> tuple[str, str]:
        """Whose it is, and who gets it or asks for it."""
        return self.owner, self.grantee.partition("/")[0]

    @property
    def access(self) -> str:
        """What may be done: read or write of a container, use of everything else."""
        return str(self.terms.access) if self.kind is Kind.CONTAINER else "use"

    def as_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        told = self.terms.model_dump(mode="json", by_alias=True, include={"purpose", "legal_basis", "data_items"})
        days = {"from": self.terms.first_day.isoformat(), "to": self.terms.last_day.isoformat()}
        where = {"owner": self.owner, "kind": str(self.kind), "place": self.place, "grantee": self.grantee}
        state = {"access": self.access, "state": str(self.state), "detail": self.detail}
        approved = list(self.terms.approved_by) if isinstance(self.terms, Grant) else []
        return {**where, **state, **told, **days, "approved_by": approved, "is_request": isinstance(self.terms, Request)}


def build_shares(departments: Sequence[Department], today: datetime.date) -> tuple[Share, ...]:
    """Give every grant and every request of the government as of a day: grants first, each by owner and thing."""
    grants = [_grant(owner.name, grant, today) for owner in departments for grant in owner.shares]
    requests = [_request(departments, asker.name, request) for asker in departments for request in asker.requests]
    return (*sorted(grants, key=_order), *sorted(requests, key=_order))


def _order(share: Share) -> tuple[str, str, str, datetime.date]:
    return share.owner, share.place, share.grantee, share.terms.first_day


def _grant(owner: str, grant: Grant, today: datetime.date) -> Share:
    left = grant.last_day - today
    if today < grant.first_day:
        state, detail = State.PENDING, f"begins in {_days(grant.first_day - today)}"
    elif grant.in_force(today):
        state, detail = State.ACTIVE, "active"
        if left <= ENDING_SOON:
            detail = f"ends in {_days(left)}" if left else "ends today"
    else:
        state, detail = State.EXPIRED, f"expired {_days(-left)} ago"
    return Share(owner, grant.kind, grant.place, grant.grantee, state, detail, grant)


def _request(departments: Sequence[Department], asker: str, request: Request) -> Share:
    grantee = f"{asker}/{request.asking}"
    owner = next((each for each in departments if each.name == request.owner), None)
    state, detail = State.OPEN, f"request open since {request.asked_on}"
    if owner is not None and any(answers(grant, grantee, request) for grant in owner.shares):
        state, detail = State.GRANTED, "request granted"
    elif owner is not None and (refused := [r for r in owner.refusals if answers(r, grantee, request)]):
        state, detail = State.REFUSED, f"request refused on {refused[0].refused_on}: {refused[0].reason}"
    return Share(request.owner, request.kind, request.place, grantee, state, detail, request)


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


def _days(span: datetime.timedelta) -> str:
    return f"{span.days} day" + ("" if span.days == 1 else "s")
