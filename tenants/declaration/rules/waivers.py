"""Waivers: each names what is not backed up, is approved by an owner, and ends; what is not backed up has one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from tenants.declaration.catalogue import Catalogue
from tenants.declaration.data import find_data, find_waiver
from tenants.declaration.model import Department
from tenants.declaration.rules.finding import Finding
from tenants.declaration.sentence import listed, nearest
from tenants.declaration.source import Place
from tenants.declaration.waiver import NO_RECOVERY, Waiver


def check(department: Department, catalogue: Catalogue) -> Iterator[Finding]:
    """Check every waiver of one department; what depends on the day is in :func:`check_today`."""
    data = list(find_data(department))
    bare = [each for each in data if each.recovery == NO_RECOVERY]
    seen: set[str] = set()
    for at, waiver in enumerate(department.waivers):
        place: Place = ("waivers", at)
        if not any(waiver.covers(each) for each in bare):
            yield _pointless(place, waiver, [str(each) for each in data], [str(each) for each in bare])
        if waiver.what in seen:
            yield Finding((*place, "what"), f"got {waiver.what} twice, expected one waiver for it")
        seen.add(waiver.what)
        for number, mailbox in enumerate(waiver.approved_by):
            if mailbox not in department.owners:
                expected = f"expected an owner of the department: {listed(department.owners)}"
                yield Finding((*place, "approved_by", number), f"got {mailbox}, {expected}")
        latest = waiver.approved_on + timedelta(days=catalogue.longest_waiver_days)
        if waiver.expires < waiver.approved_on:
            what = f"got {waiver.expires}, expected {waiver.approved_on}, the day of its approval, or later"
            yield Finding((*place, "expires"), what)
        elif waiver.expires > latest:
            longest = f"{catalogue.longest_waiver_days} days after the approval"
            what = f"got {waiver.expires}, expected {latest} or earlier: {longest}"
            yield Finding((*place, "expires"), what, "It is looked at again then, and approved again if it still holds.")


def check_today(department: Department, today: date) -> Iterator[Finding]:
    """Check what a new request must keep to: what is not backed up has a waiver, which was given and has not ended."""
    for at, waiver in enumerate(department.waivers):
        if waiver.is_lapsed(today):
            what = f"got {waiver.expires}, which is past: {waiver.what} is left out of the backup without a waiver"
            hint = "Give it a recovery tier, or have the waiver approved again with new days."
            yield Finding(("waivers", at, "expires"), what, hint)
        if waiver.approved_on > today:
            yield Finding(("waivers", at, "approved_on"), f"got {waiver.approved_on}, expected a day that has come")
    for data in find_data(department):
        if data.recovery == NO_RECOVERY and find_waiver(department, data) is None:
            what = f"got recovery none for {data} without a waiver, expected one with reason, approval and end"
            entry = f"what: {data}, reason: …, approved_by: [{department.owners[0]}], approved_on: {today}, expires: …"
            hint = f"Give it a recovery tier, or add to waivers: {{{entry}}}"
            yield Finding(data.place, what, hint)


def _pointless(place: Place, waiver: Waiver, data: list[str], bare: list[str]) -> Finding:
    if waiver.what in data:
        what = f"got {waiver.what}, which is backed up, expected what has recovery none"
        return Finding((*place, "what"), what, "Take the waiver away.")
    expected = f"expected {listed(bare)}" if bare else "but everything is backed up"
    return Finding((*place, "what"), f"got {waiver.what}, {expected}", nearest(waiver.what, bare) or "Take the waiver away.")
