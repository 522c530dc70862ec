"""Erases what is approved and due: what hangs on it, then itself in the stack's order; then looks for what is left.

Whether it is due is judged here as far as the cloud and the file tell; whether its data is in a verified backup, the caller
tells. Exactly the named things go: the provider is given their ids and refuses every other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from infra.apply import Applied, OnStep, Site, converge, lost_data, withdraw
from infra.erasure.retirement import TYPES, Current, build_current, find_recorded
from infra.gateway import remove_accounts
from infra.outcome import Outcome, load_outcome
from infra.programs import stacks
from infra.provider.cloud import Cloud
from infra.provider.failure import CloudError, as_cloud_error
from infra.provider.leftovers import (
    Leftover,
    delete_leftovers,
    find_key_pairs,
    find_leftovers,
    find_snapshots,
    last_written,
)
from infra.provider.registry import KINDS
from infra.provider.serving import cloud_of
from infra.provider.side_by_side import ask_all
from infra.provider.traces import find_traces
from tenants.declaration.catalogue import Catalogue
from tenants.declaration.erasure import Erasure, Thing, ThingKind
from tenants.declaration.model import Department
from tenants.declaration.things import data_inside, find_users

_USER = "oneroof:identity:User"


@dataclass(frozen=True)
class Candidate:
    """An erasure whose quarantine is in force, and what the cloud tells of it."""

    erasure: Erasure
    identifier: str
    """Id in the cloud."""
    since: datetime
    """Since when nobody reaches it."""
    data: Mapping[Thing, datetime]
    """Volumes and containers that go, each with the instant after which it was not written any more."""
    undeclared: tuple[str, ...]
    """What holds data in it, was made by hand, and so is in no backup."""


def waits_for(erasure: Erasure, current: Current, outcome: Outcome | None, catalogue: Catalogue, today: date) -> str:
    """Give why an erasure is not due by its days, as a sentence; nothing where it is. Pure."""
    thing = str(erasure.thing)
    if erasure in current.gone:
        return "is gone"
    if erasure.is_lapsed(today):
        return f"the approval ended on {erasure.expires} and does nothing"
    since = outcome.quarantine.get(thing) if outcome is not None else None
    if since is None:
        return "its quarantine has not begun: `oneroof apply` begins it"
    first = max(erasure.not_before, datetime.fromisoformat(since).date() + timedelta(days=catalogue.quarantine_days))
    if today < first:
        return f"in quarantine until {first}"
    kept = [user for user in find_users(current.department, erasure.thing) if not _goes(user, current, today)]
    return f"{kept[0]} still uses it" if kept else ""


def _goes(user: Thing, current: Current, today: date) -> bool:
    return any(other.thing.holds(user) and other.not_before <= today for other in current.quarantined)


def look_closer(site: Site, department: Department, erasure: Erasure, outcome: Outcome) -> Candidate:
    """Ask the cloud what an erasure that is due by its days would take; reads only."""
    cloud = cloud_of(site.engine.provider_environment())
    there = find_recorded(department.slug, stacks.read_resources(site.engine, department.slug))
    since = datetime.fromisoformat(outcome.quarantine[str(erasure.thing)])
    data: dict[Thing, datetime] = {}
    for thing in data_inside(department, erasure.thing):
        if thing in there:
            written = last_written(cloud, there[thing]) if thing.kind is ThingKind.CONTAINER else None
            data[thing] = max(since, written or since)
    volumes = {there[thing] for thing in data if thing.kind is ThingKind.VOLUME}
    own = find_snapshots(cloud, volumes)  # earlier states of what is in the backup
    undeclared = [e for e in _undeclared(site, cloud, department, (erasure.thing,)) if e.holds_data and e not in own]
    return Candidate(erasure, there[erasure.thing], since, data, tuple(map(str, undeclared)))


def _undeclared(site: Site, cloud: Cloud, department: Department, things: Collection[Thing]) -> tuple[Leftover, ...]:
    """Give what is in these things and in no stack, in the order to delete it."""
    resources = stacks.read_resources(site.engine, department.slug)
    there, recorded = find_recorded(department.slug, resources), {str(each.get("id")) for each in resources}
    projects = {
        identifier for thing, identifier in there.items() if thing.kind is ThingKind.PROJECT and _inside(thing, things)
    }
    volumes = {
        identifier for thing, identifier in there.items() if thing.kind is ThingKind.VOLUME and _inside(thing, things)
    }
    hanging = find_snapshots(cloud, volumes)
    people = find_people(resources)
    found = find_leftovers(cloud, projects, people) if projects else ()
    if Thing(ThingKind.DEPARTMENT) in things:
        found = (*find_key_pairs(cloud, people), *found)
    return tuple(dict.fromkeys(each for each in (*hanging, *found) if each.identifier not in recorded))


def _inside(thing: Thing, things: Collection[Thing]) -> bool:
    return any(other.holds(thing) for other in things)


def find_going(site: Site, slug: str, things: Collection[Thing]) -> dict[Thing, str]:
    """Give everything that goes with these things as the stack records it, each with its id."""
    there = find_recorded(slug, stacks.read_resources(site.engine, slug))
    return {thing: identifier for thing, identifier in sorted(there.items()) if _inside(thing, things)}


def erase(
    site: Site, department: Department, catalogue: Catalogue, going: Mapping[Thing, str], *, on_step: OnStep
) -> tuple[Applied, tuple[str, ...]]:
    """Erase things of one department that are due, all at once; tells what became of it, and what is still found.

    What is in them and was made by hand goes with them. What went in an earlier run that was interrupted is looked for
    again.
    """
    slug = department.slug
    before = load_outcome(site.installation, slug, site.engine.cloud)
    try:
        with as_cloud_error():
            return _erase(site, department, catalogue, going, before, on_step)
    except CloudError as error:
        return _failed(slug, before, str(error)), ()


def _erase(
    site: Site,
    department: Department,
    catalogue: Catalogue,
    going: Mapping[Thing, str],
    before: Outcome | None,
    on_step: OnStep,
) -> tuple[Applied, tuple[str, ...]]:
    slug, engine = department.slug, site.engine
    projects = _projects(going)
    everything = replace(engine, may_erase=True)
    cloud = cloud_of(everything.provider_environment())
    resources = stacks.read_resources(engine, slug)
    people = find_people(resources)
    left = [each for each in resources if str(each.get("id")) not in going.values()]
    done = Applied(slug, "unchanged", 0.0, outcome=before)
    if len(left) < len(resources):
        # a group of rules may still be on a server that goes with the stack
        first = [each for each in _undeclared(site, cloud, department, going) if each.noun != "security group"]
        _sweep(cloud, slug, first, on_step)
        if Thing(ThingKind.DEPARTMENT) in going:
            (done,) = withdraw(replace(site, engine=everything), [slug], on_step=on_step)
        else:
            current = build_current(department, catalogue, left, site.today)
            if lost := lost_data(left, current.desired.data_holders):
                return _failed(slug, before, f"{', '.join(lost)}: no longer declared, holds data, is not approved"), ()
            named = replace(site, engine=replace(engine, erasable=frozenset(going.values())))
            done = converge(named, current, before, refresh=False, on_step=on_step)
    if done.state == "failed":
        return done, ()
    _sweep(cloud, slug, find_leftovers(cloud, projects, people) if projects else (), on_step)
    remove_accounts(site.installation, projects)
    return done, find_left(cloud, {slug: Gone(going, people)})[slug]


def _sweep(cloud: Cloud, slug: str, found: Collection[Leftover], on_step: OnStep) -> None:
    leftovers = [each for each in found if not each.goes_along]
    for each in leftovers:
        why = "which another department gave" if each.given_by else "which no declaration names"
        on_step(slug, stacks.Step("delete", each.noun, f"{each.name or each.identifier}, {why}"))
    delete_leftovers(cloud, leftovers)


def _failed(slug: str, outcome: Outcome | None, reason: str) -> Applied:
    return Applied(slug, "failed", 0.0, reasons=(reason,), outcome=outcome)


def find_people(resources: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    """Give the ids of a department's local users, as its stack records them."""
    return frozenset(str(each["id"]) for each in resources if each["type"] == _USER and each.get("id"))


@dataclass(frozen=True)
class Gone:
    """What went of one department."""

    things: Mapping[Thing, str]
    """Each with its id."""
    people: frozenset[str]
    """Ids of its local users."""
    owned_pairs: frozenset[str] | None = None
    """Ids of those who had key pairs once they were gone; nothing where that was not asked."""


def find_left(cloud: Cloud, gone: Mapping[str, Gone]) -> dict[str, tuple[str, ...]]:
    """Give what is still found of what went, by department, in any service: nothing, if all is well."""
    there = ask_all(partial(_still_there, cloud, each.things) for each in gone.values())
    left: dict[str, list[str]] = dict(zip(gone, there, strict=True))
    projects = {project: slug for slug, each in gone.items() for project in _projects(each.things)}
    others = {id_: slug for slug, each in gone.items() for thing, id_ in each.things.items() if id_ not in projects}
    for snapshot in find_snapshots(cloud, others):
        left[others[snapshot.of]].append(str(snapshot))
    for port in cloud.admin.network.ports():
        if owner := others.get(port.device_id) or others.get(port.network_id):
            left[owner].append(f"port {port.id}")
    whole = {
        user: slug
        for slug, each in gone.items()
        if Thing(ThingKind.DEPARTMENT) in each.things
        for user in (each.people if each.owned_pairs is None else each.people & each.owned_pairs)
    }
    for pair in find_key_pairs(cloud, whole):
        left[whole[pair.user_id]].append(str(pair))
    if projects:
        people = frozenset[str]().union(*(each.people for each in gone.values()))
        for thing in find_leftovers(cloud, projects, people):
            left[projects[thing.project_id]].append(str(thing))
        for trace in find_traces(cloud, projects):
            left[projects[trace.project_id]].append(str(trace))
    return {slug: tuple(dict.fromkeys(found)) for slug, found in left.items()}


def _still_there(cloud: Cloud, things: Mapping[Thing, str]) -> list[str]:
    found = list[str]()
    whole = {thing.path for thing in things if thing.kind is ThingKind.PROJECT}
    for thing, identifier in things.items():
        # what was in a project that went is looked for with the project: nobody can enter it any more
        inside = thing.name and thing.project in whole
        if not inside and KINDS[TYPES[thing.kind]].get(cloud, identifier, {"name": thing.name}) is not None:
            found.append(f"{thing} ({identifier})")
    return found


def _projects(things: Mapping[Thing, str]) -> frozenset[str]:
    return frozenset(identifier for thing, identifier in things.items() if thing.kind is ThingKind.PROJECT)
