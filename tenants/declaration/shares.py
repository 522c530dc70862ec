"""The catalogue of what departments share: every grant and request of the government, and how far each has come."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tenants.declaration.model import Department
from tenants.declaration.sharing import Grant, Kind, Request, answers

ENDING_SOON = datetime.timedelta(days=30)


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


def _days(span: datetime.timedelta) -> str:
    return f"{span.days} day" + ("" if span.days == 1 else "s")
