"""What the cloud has open across departments beside the grants in force: what is too much, what is missing. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from infra.desired import cloud_path
from infra.provider.open_access import Open
from infra.sharing.grants import declared_path
from tenants.declaration.model import Department
from tenants.declaration.sharing import Kind, granted

UNDECLARED, MISSING = "undeclared", "missing"


@dataclass(frozen=True)
class Difference:
    """One thing that is open and must not be, or should be and is not."""

    what: str
    open: Open

    def __str__(self) -> str:
        share = self.open
        owner, _, project = declared_path(share.owner).partition("/")
        told = f"{owner}: {share.kind} {project}/{share.item} for {declared_path(share.grantee)}, {share.access}"
        return f"{told}: open without a grant in force" if self.what == UNDECLARED else f"{told}: granted, and not open"


def wanted(departments: Iterable[Department], today: date) -> frozenset[Open]:
    """Give what is to be open on a day."""
    return frozenset(
        Open(
            cloud_path(f"{department.name}/{grant.project}"),
            str(grant.kind),
            grant.item,
            cloud_path(grant.grantee),
            str(grant.access) if grant.kind is Kind.CONTAINER else "use",
        )
        for department in departments
        for grant in granted(department.shares, today)
    )


def compare(found: Collection[Open], grants: Collection[Open]) -> Iterator[Difference]:
    """Give every difference; another access than granted is both."""
    yield from (Difference(UNDECLARED, each) for each in sorted(set(found) - set(grants)))
    yield from (Difference(MISSING, each) for each in sorted(set(grants) - set(found)))
