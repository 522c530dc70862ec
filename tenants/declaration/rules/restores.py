"""Restores: each names what is backed up and what it goes into, reaches nobody else, and replaces data by approval alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time

from tenants.declaration.data import find_data
from tenants.declaration.model import Department
from tenants.declaration.restore import SOURCES, Restore
from tenants.declaration.rules.finding import Finding
from tenants.declaration.sentence import listed, nearest
from tenants.declaration.source import Place


def check(department: Department) -> Iterator[Finding]:
    """Check every restore of one department; what depends on the day is in :func:`check_today`."""
    declared = [(each.kind, each.name) for each in find_data(department)]
    known = {kind: [name for other, name in declared if other == kind] for kind in SOURCES}
    seen: set[str] = set()
    for at, restore in enumerate(department.restores):
        place: Place = ("restores", at)
        if restore.name not in known[restore.source]:
            yield _unknown((*place, "what"), restore.what, restore.source, restore.name, known)
        else:
            yield from _target(place, restore, known, department)
        if restore.key in seen:
            yield Finding((*place, "what"), f"got {restore.what} twice alike, expected one request for it")
        seen.add(restore.key)
        yield from _approval(place, restore, department)
        if restore.expires < restore.not_before:
            what = f"got {restore.expires}, expected {restore.not_before} or later, or it could never be done"
            yield Finding((*place, "expires"), what)


def check_today(department: Department, now: date) -> Iterator[Finding]:
    """Check what a new request must keep to on the day it is made: it still counts, and asks for what has been."""
    end_of_day = datetime.combine(now, time.max, UTC)
    for at, restore in enumerate(department.restores):
        if restore.is_lapsed(now):
            what = f"got {restore.expires}, which is past: the request to restore {restore.what} does nothing any more"
            hint = "Take the entry away, or ask once more with new days."
            yield Finding(("restores", at, "expires"), what, hint)
        if restore.at is not None and restore.at > end_of_day:
            yield Finding(("restores", at, "at"), f"got {restore.at:%Y-%m-%dT%H:%MZ}, expected an instant that has been")
        if restore.approved_on is not None and restore.approved_on > now:
            yield Finding(("restores", at, "approved_on"), f"got {restore.approved_on}, expected a day that has come")


def _target(place: Place, restore: Restore, known: Mapping[str, list[str]], department: Department) -> Iterator[Finding]:
    kind, into = restore.target_kind, restore.target
    if restore.source == "database" and not restore.into:
        hint = "Its dump becomes objects there; declare one in the same request, or name one with a prefix."
        yield Finding((*place, "into"), f"got nothing, expected a container for the dump of {restore.what}", hint)
        return
    if into not in known[kind]:
        yield _unknown((*place, "into"), f"{kind} {into}", kind, into, known, new=True)
        return
    if restore.prefix and kind == "volume":
        yield Finding((*place, "prefix"), f"got {restore.prefix} for {restore.what}, expected none: a volume has no objects")
    if kind == "volume" and (small := _too_small(restore, department)):
        yield Finding((*place, "into"), small)
    readers = sorted({g.grantee for g in department.shares if g.kind == "container" and g.place == into})
    if kind == "container" and readers and into != restore.name:
        what = f"got container {into}, which is shared with {listed(readers)}, expected one that no other department reads"
        yield Finding((*place, "into"), what)


def _too_small(restore: Restore, department: Department) -> str:
    sizes = {f"{p.name}/{volume.name}": volume.size_gib for p in department.projects for volume in p.volumes}
    needed, there = sizes[restore.name], sizes[restore.target]
    if there >= needed:
        return ""
    return f"got volume {restore.target} with {there} GiB, expected {needed} GiB or more, as {restore.what} has"


def _approval(place: Place, restore: Restore, department: Department) -> Iterator[Finding]:
    for number, mailbox in enumerate(restore.approved_by):
        if mailbox not in department.owners:
            expected = f"expected an owner of the department: {listed(department.owners)}"
            yield Finding((*place, "approved_by", number), f"got {mailbox}, {expected}")
    if not restore.overwrite:
        return
    for key in ("approved_by", "approved_on"):
        if not getattr(restore, key):
            what = f"got nothing, expected who of the owners approved, and when, that data of {restore.target_kind} "
            yield Finding(
                (*place, key), f"{what}{restore.target} is replaced", "Or leave overwrite out, and name a new one."
            )
    if restore.approved_on is not None and restore.not_before < restore.approved_on:
        what = f"got {restore.not_before}, expected {restore.approved_on}, the day of its approval, or later"
        yield Finding((*place, "not_before"), what)


def _unknown(place: Place, got: str, kind: str, name: str, known: Mapping[str, list[str]], *, new: bool = False) -> Finding:
    expected = f"expected {kind} {listed(known[kind])}" if known[kind] else f"but no {kind} is declared"
    hint = nearest(name, known[kind])
    if not hint:
        hint = "Declare it, empty, in the same request." if new else "What is gone is declared again, empty, to be filled."
    return Finding(place, f"got {got}, {expected}", hint)
