"""Erasures: each names something declared, is approved by an owner, and leaves time to change one's mind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from tenants.declaration.catalogue import Catalogue
from tenants.declaration.erasure import Erasure, Thing, ThingKind
from tenants.declaration.model import Department
from tenants.declaration.rules.finding import Finding
from tenants.declaration.sentence import listed, nearest
from tenants.declaration.source import Place
from tenants.declaration.things import data_inside, find_things, find_users

NO_RECOVERY = "none"
"""The tier of what is not backed up at all."""


def check(department: Department, catalogue: Catalogue) -> Iterator[Finding]:
    """Check every erasure of one department; what depends on the day is in :func:`check_today`."""
    known = list(find_things(department))
    first: dict[Thing, Erasure] = {}
    for at, erasure in enumerate(department.erasures):
        place: Place = ("erasures", at)
        thing = erasure.thing
        if thing not in known:
            same = [other.path for other in known if other.kind is thing.kind]
            expected = f"expected {thing.kind} {listed(same)}" if same else f"but no {thing.kind} is declared"
            hint = nearest(thing.path, same) or "What is gone needs no entry any more: take it away."
            yield Finding((*place, "what"), f"got {thing}, {expected}", hint)
            continue
        if thing in first:
            yield Finding((*place, "what"), f"got {thing} twice, expected one approval for it")
        first.setdefault(thing, erasure)
        yield from _approval(place, erasure, department, catalogue)
        yield from _copies(place, erasure, department)
    for at, erasure in enumerate(department.erasures):
        if erasure.thing in known:
            yield from _users(("erasures", at, "what"), erasure, department, first)


def check_today(department: Department, today: date) -> Iterator[Finding]:
    """Check what a new request must keep to on the day it is made: the approval still counts, and was given already."""
    for at, erasure in enumerate(department.erasures):
        if erasure.is_lapsed(today):
            what = f"got {erasure.expires}, which is past: the approval to erase {erasure.thing} does nothing any more"
            hint = "Take the entry away, or have it approved again with new days."
            yield Finding(("erasures", at, "expires"), what, hint)
        if erasure.approved_on > today:
            what = f"got {erasure.approved_on}, expected a day that has come"
            yield Finding(("erasures", at, "approved_on"), what)


def _approval(place: Place, erasure: Erasure, department: Department, catalogue: Catalogue) -> Iterator[Finding]:
    for number, mailbox in enumerate(erasure.approved_by):
        if mailbox not in department.owners:
            expected = f"expected an owner of the department: {listed(department.owners)}"
            yield Finding((*place, "approved_by", number), f"got {mailbox}, {expected}")
    earliest = erasure.approved_on + timedelta(days=catalogue.quarantine_days)
    if erasure.not_before < earliest:
        what = f"got {erasure.not_before}, expected {earliest} or later: {catalogue.quarantine_days} days of quarantine"
        yield Finding((*place, "not_before"), f"{what} after the approval")
    if erasure.expires < erasure.not_before:
        what = f"got {erasure.expires}, expected {erasure.not_before} or later, or it could never be erased"
        yield Finding((*place, "expires"), what)


def _copies(place: Place, erasure: Erasure, department: Department) -> Iterator[Finding]:
    bare = [str(thing) for thing, tier in data_inside(department, erasure.thing).items() if tier == NO_RECOVERY]
    if bare and not erasure.without_backup:
        what = f"got nothing, expected why {listed(bare)} may go without any copy: its recovery is none"
        yield Finding((*place, "without_backup"), what, "Or give it a recovery tier, and a backup before it goes.")
    if erasure.without_backup and not bare and erasure.thing.name:  # a whole project may hold what was made by hand
        yield Finding((*place, "without_backup"), f"got a reason, expected none: {erasure.thing} goes after a backup")


def _users(place: Place, erasure: Erasure, department: Department, all_: Mapping[Thing, Erasure]) -> Iterator[Finding]:
    thing = erasure.thing
    for user in find_users(department, thing):
        own = [other for other in all_.values() if other.thing.holds(user)]
        if not own:
            free = "Take it from its volumes" if thing.kind is ThingKind.VOLUME else "Put it on another network"
            hint = f"{free} in the same request, or let {user} go as well."
            yield Finding(place, f"got {thing}, which {user} uses, expected what nothing uses that stays", hint)
        elif all(other.not_before > erasure.not_before or other.expires < erasure.expires for other in own):
            what = f"got {thing}, which {user} uses longer, expected days of the server that are not after its own"
            yield Finding(place, what, f"Let {user} go with the same days.")
