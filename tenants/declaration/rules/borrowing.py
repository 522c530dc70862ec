"""Borrowed networks: a server is on another department's network only by a grant, and as long as that is in force."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator, Sequence

from tenants.declaration.model import Department, Grant
from tenants.declaration.rules.finding import Finding
from tenants.declaration.sentence import listed, nearest
from tenants.declaration.sharing import Kind
from tenants.declaration.source import Place


def check_together(departments: Sequence[Department]) -> Iterator[Finding]:
    """Check each server of the whole government that names another department's network."""
    known = {department.name: department for department in departments}
    for index, department in enumerate(departments):
        for place, project, owner_name, wanted in _borrowed(department):
            owner, got = known.get(owner_name), f"got {owner_name}/{wanted}, expected"
            if owner is department:
                what = f"{got} a network of the project, or one of another department"
                yield Finding(place, what, "Projects of one department do not share networks.", index)
            elif owner is None:
                names = [name for name in known if name != department.name]
                what = (
                    f"{got} a network of a department that is declared: {listed(names)}" if names else f"{got} a department"
                )
                yield Finding(place, what, nearest(owner_name, names), index)
            elif not _grants(owner, wanted, f"{department.name}/{project}"):
                grantee = f"{department.name}/{project}"
                shared = sorted({g.place for g in owner.shares if g.kind is Kind.NETWORK and g.grantee == grantee})
                told = f": {listed(shared)}" if shared else ", which shares none with it"
                what = f"{got} a network that {owner_name} shares with {grantee}{told}"
                hint = f"Ask {owner_name} for it under requests; it stands there once {owner_name} grants it under shares."
                yield Finding(place, what, nearest(wanted, shared) or hint, index)


def check_day(departments: Sequence[Department], today: datetime.date, only: Collection[str]) -> Iterator[Finding]:
    """Check the files of ``only`` for servers on a network that is not shared with them on this day."""
    known = {department.name: department for department in departments}
    for index, department in enumerate(departments):
        for place, project, owner_name, wanted in _borrowed(department) if department.name in only else ():
            grants = _grants(known[owner_name], wanted, f"{department.name}/{project}") if owner_name in known else []
            if grants and not any(grant.in_force(today) for grant in grants):
                first, last = min(g.first_day for g in grants), max(g.last_day for g in grants)
                when = f"ended on {last}" if last < today else f"begins on {first}"
                what = (
                    f"got {owner_name}/{wanted}, whose grant {when}, so the server is on no network, expected one in force"
                )
                yield Finding(place, what, f"Put it on another network, or ask {owner_name} again.", index)


def _borrowed(department: Department) -> Iterator[tuple[Place, str, str, str]]:
    """Give where each is said, the project, the owner, and the network as ``<project>/<network>``."""
    for at, project in enumerate(department.projects):
        for number, server in enumerate(project.servers):
            if server.shared_network is not None:
                yield ("projects", at, "servers", number, "network"), project.name, *server.shared_network


def _grants(owner: Department, place: str, grantee: str) -> list[Grant]:
    return [g for g in owner.shares if g.kind is Kind.NETWORK and (g.place, g.grantee) == (place, grantee)]
