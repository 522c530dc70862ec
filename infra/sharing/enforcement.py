"""Takes back what has ended and gives what begins, straight in the cloud and without a stack: a daily work.

The next apply finds it so and records the same. What an apply gave, or should have given, is not given here: who closed it
since had a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import Literal

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
class Enforced:
    """One grant that was taken back or given, or would be."""

    done: Literal["taken back", "given"]
    what: str
    failure: str = ""

    def __str__(self) -> str:
        return f"{self.what}: not {self.done}: {self.failure}" if self.failure else f"{self.done}: {self.what}"


@dataclass(frozen=True)
class _Work:
    """One grant to take back or to give, and how that is recorded."""

    done: Literal["taken back", "given"]
    what: str
    act: Callable[..., bool]
    """Takes the cloud and ``dry_run``; tells whether it changed anything."""
    build: Callable[..., Iterator[Entry]]
    """Takes the lines that are there and ``now``."""
    is_on_record: bool = False
    """Whether the record says it is open: then that it is closed is recorded, whoever closed it."""


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
    of_it = [entry for entry in known if (entry.owner, entry.key) == (owner, grant.key)]
    return bool(of_it) and of_it[-1].event != WITHDRAWN and of_it[-1].terms.get("from") == grant.first_day.isoformat()


def ended(departments: Iterable[Department], today: date) -> tuple[tuple[str, Grant], ...]:
    """Give, by owner, the grants that are over and that no later one carries on."""
    return tuple(
        (department.name, grant)
        for department in departments
        for grant in department.shares
        if grant.last_day < today and not any(grant.key == each.key and each.in_force(today) for each in department.shares)
    )


def enforce(
    installation: Installation, cloud_name: str, departments: Sequence[Department], today: date, *, dry_run: bool
) -> tuple[Enforced, ...]:
    """Take back what ended or is declared no more, give what begins; tell what was done. One that fails stops no other."""
    file = record_file(installation)
    known = [entry for entry in load_readable(file) if entry.cloud == cloud_name]
    made = {each.name: load_outcome(installation, each.name, cloud_name) for each in departments}
    applied = {name: datetime.fromisoformat(outcome.applied_at).date() for name, outcome in made.items() if outcome}
    works = [*_closing(departments, known, cloud_name, today), *_opening(departments, applied, known, cloud_name, today)]
    if not works:
        return ()
    cloud = Cloud({"OS_CLIENT_CONFIG_FILE": str(installation.clouds), CLOUD_VARIABLE: cloud_name})
    done: list[Enforced] = []
    for work in works:
        try:
            changed = work.act(cloud, dry_run=dry_run)
        except CloudError as error:
            done.append(Enforced(work.done, work.what, str(error)))
            continue
        if changed:
            done.append(Enforced(work.done, work.what))
        if (changed or work.is_on_record) and not dry_run:
            append_entries(file, partial(work.build, now=datetime.now(UTC)))
    return tuple(done)


def _closing(departments: Sequence[Department], known: Sequence[Entry], cloud: str, today: date) -> Iterator[_Work]:
    over = ended(departments, today)
    for owner, grant in over:
        what = f"{owner}: {grant.kind} {grant.place} for {grant.grantee}, ended on {grant.last_day}"
        build = partial(build_ended, grant=grant, cloud=cloud, owner=owner)
        yield _Work("taken back", what, partial(_take, owner=owner, grant=grant), build)
    told = {(owner, grant.key) for owner, grant in over}
    for department in departments:
        for entry in find_stray(known, (), department.shares, cloud=cloud, owner=department.name, today=today):
            if (entry.owner, entry.key) not in told:
                what, build = f"{entry.owner}: {describe_stray(entry)}", partial(build_undeclared, entry=entry)
                yield _Work("taken back", what, partial(take_stray_back, entry=entry), build, is_on_record=True)


def _opening(
    departments: Sequence[Department], applied: Mapping[str, date], known: Sequence[Entry], cloud: str, today: date
) -> Iterator[_Work]:
    for owner, grant in beginning(departments, applied, known, today):
        what = f"{owner}: {grant.kind} {grant.place} for {grant.grantee}, from {grant.first_day}"
        build = partial(build_begun, grant=grant, cloud=cloud, owner=owner)
        yield _Work("given", what, partial(_give, owner=owner, grant=grant), build)


def _take(cloud: Cloud, *, owner: str, grant: Grant, dry_run: bool) -> bool:
    return take_back(cloud, str(grant.kind), *_places(owner, grant), dry_run=dry_run)


def _give(cloud: Cloud, *, owner: str, grant: Grant, dry_run: bool) -> bool:
    return give(cloud, str(grant.kind), *_places(owner, grant), str(grant.access), dry_run=dry_run)


def _places(owner: str, grant: Grant) -> tuple[str, str, str]:
    """Give the project it is of, its name there, and the project that uses it."""
    return cloud_path(f"{owner}/{grant.project}"), grant.item, cloud_path(grant.grantee)
