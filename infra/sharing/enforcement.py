"""Takes back what has ended and gives what begins, straight in the cloud and without a stack: a daily work.

The next apply finds it so and records the same. What an apply gave, or should have given, is not given here: who closed it
since had a reason.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial

from infra.desired import cloud_path
from infra.outcome import load_outcome
from infra.provider.cloud import CLOUD_VARIABLE, Cloud
from infra.provider.failure import CloudError
from infra.provider.giving import give
from infra.provider.taking_back import take_back
from infra.sharing.record import (
    WITHDRAWN,
    Entry,
    append_entries,
    build_begun,
    build_ended,
    build_undeclared,
    load_readable,
    record_file,
)
from infra.sharing.stray import describe_stray, find_stray, take_stray_back
from tenants.declaration.model import Department, Grant
from tenants.declaration.things import shared_thing, standing
from tenants.installation import Installation


@dataclass(frozen=True)
class Taken:
    """One grant that had ended, or is not declared any more, and was still in the cloud."""

    what: str
    failure: str = ""

    def __str__(self) -> str:
        return f"{self.what}: not taken back: {self.failure}" if self.failure else self.what


@dataclass(frozen=True)
class Given:
    """One grant that begins and was not open yet."""

    owner: str
    grant: Grant
    failure: str = ""

    def __str__(self) -> str:
        what = f"{self.owner}: {self.grant.kind} {self.grant.place} for {self.grant.grantee}, from {self.grant.first_day}"
        return f"{what}: not given: {self.failure}" if self.failure else what


def beginning(
    departments: Iterable[Department],
    applied: Mapping[str, date],
    known: Collection[Entry],
    today: date,
) -> Iterator[tuple[str, Grant]]:
    """Give, by owner, the grants in force that no apply could give yet and that were not given here before. Pure.

    ``applied`` tells on which day each department was last applied: one that never was gives and gets nothing.
    """
    for department in departments:
        withheld = [erasure.thing for erasure in standing(department, today)]
        for grant in department.shares:
            parties = {department.name, grant.grantee.partition("/")[0]}
            held = any(thing.holds(shared_thing(grant.kind, grant.project, grant.item)) for thing in withheld)
            if not grant.in_force(today) or held or not parties <= applied.keys():
                continue
            if applied[department.name] < grant.first_day and not _was_given(department.name, grant, known):
                yield department.name, grant


def _was_given(owner: str, grant: Grant, known: Iterable[Entry]) -> bool:
    """Tell whether it was given and, as far as is on record, not taken back since."""
    key, first = (str(grant.kind), grant.place, grant.grantee), grant.first_day.isoformat()
    of_it = [entry for entry in known if (entry.owner, entry.key) == (owner, key)]
    return bool(of_it) and of_it[-1].event != WITHDRAWN and of_it[-1].terms.get("from") == first


def ended(departments: Iterable[Department], today: date) -> tuple[tuple[str, Grant], ...]:
    """Give, by owner, the grants that are over and that no later one carries on."""
    return tuple(
        (department.name, grant)
        for department in departments
        for grant in department.shares
        if grant.last_day < today and not any(_same(grant, each) and each.in_force(today) for each in department.shares)
    )


def _same(one: Grant, other: Grant) -> bool:
    return _key(one) == _key(other)


def _key(grant: Grant) -> tuple[str, str, str]:
    return str(grant.kind), grant.place, grant.grantee


def enforce(
    installation: Installation, cloud_name: str, departments: Sequence[Department], today: date, *, dry_run: bool
) -> tuple[Taken | Given, ...]:
    """Take back what ended or is declared no more, give what begins; tell what was done. One that fails stops no other."""
    over, file = ended(departments, today), record_file(installation)
    known = [entry for entry in load_readable(file) if entry.cloud == cloud_name]
    made = {each.name: load_outcome(installation, each.name, cloud_name) for each in departments}
    applied = {name: datetime.fromisoformat(outcome.applied_at).date() for name, outcome in made.items() if outcome}
    due = tuple(beginning(departments, applied, known, today))
    by_owner = {each.name: each.shares for each in departments}
    gone = [
        entry
        for owner, shares in by_owner.items()
        for entry in find_stray(known, (), shares, cloud=cloud_name, owner=owner, today=today)
        if not any((owner, entry.key) == (of, _key(grant)) for of, grant in over)
    ]
    if not over and not due and not gone:
        return ()
    cloud = Cloud({"OS_CLIENT_CONFIG_FILE": str(installation.clouds), CLOUD_VARIABLE: cloud_name})
    done: list[Taken | Given] = []
    for owner, grant in over:
        what = f"{owner}: {grant.kind} {grant.place} for {grant.grantee}, ended on {grant.last_day}"
        build = partial(build_ended, grant=grant, cloud=cloud_name, owner=owner, now=datetime.now(UTC))
        try:
            was_there = take_back(cloud, str(grant.kind), *_places(owner, grant), dry_run=dry_run)
        except CloudError as error:
            done.append(Taken(what, str(error)))
            continue
        if was_there:
            done.append(Taken(what))
            if not dry_run:
                append_entries(file, build)
    for entry in gone:
        what, now = f"{entry.owner}: {describe_stray(entry)}", datetime.now(UTC)
        try:
            was_there = take_stray_back(cloud, entry, dry_run=dry_run)
        except CloudError as error:
            done.append(Taken(what, str(error)))
            continue
        if was_there:
            done.append(Taken(what))
        if not dry_run:  # what somebody else took back is on record as gone as well
            append_entries(file, partial(build_undeclared, entry=entry, now=now))
    for owner, grant in due:
        begun = partial(build_begun, grant=grant, cloud=cloud_name, owner=owner, now=datetime.now(UTC))
        try:
            was_closed = give(cloud, str(grant.kind), *_places(owner, grant), str(grant.access), dry_run=dry_run)
        except CloudError as error:
            done.append(Given(owner, grant, str(error)))
            continue
        if was_closed:
            done.append(Given(owner, grant))
            if not dry_run:
                append_entries(file, begun)
    return tuple(done)


def _places(owner: str, grant: Grant) -> tuple[str, str, str]:
    """Give the project it is of, its name there, and the project that uses it."""
    return cloud_path(f"{owner}/{grant.project}"), grant.item, cloud_path(grant.grantee)
