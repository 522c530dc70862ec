"""Which of the things the cloud holds are backed up, which are left out with a reason, and which are gaps. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from backup.coverage.holdings import Holding, Holdings
from backup.due import Key
from backup.plan import CONTROL_PLANE, SHARED_IMAGES, Job
from backup.policy import Policy, render_duration
from backup.records import BackupRecord, Source
from tenants.declaration.data import find_data, find_waiver
from tenants.declaration.erasure import VERSIONS
from tenants.declaration.model import Department
from tenants.declaration.waiver import NO_RECOVERY, Data


class State(StrEnum):
    """How it stands with one thing; the first five are explained, the others are gaps."""

    COVERED = "covered"
    """Its newest good snapshot is as young as its tier promises."""
    WAITING = "waiting"
    """It is so new that its first backup need not be there yet."""
    REBUILT = "rebuilt"
    """It is made again from what is declared and kept: the root disk of a declared server."""
    COPY = "copy"
    """Old versions of objects, of a container that is judged itself."""
    WAIVED = "waived"
    LATE = "late"
    NEVER = "never"
    UNWAIVED = "unwaived"
    """Its recovery is none, and no waiver says why."""
    LAPSED = "lapsed"
    """Its waiver has ended."""
    UNDECLARED = "undeclared"
    """Nobody declared it, so nobody backs it up."""
    DOUBLE = "double"
    """Several are called the same, so that a backup cannot tell which is meant."""


EXPLAINED = frozenset({State.COVERED, State.WAITING, State.REBUILT, State.COPY, State.WAIVED})


@dataclass(frozen=True)
class Judged:
    """One thing and how it stands with it."""

    holding: Holding
    state: State
    tier: str
    why: str
    snapshot_at: datetime | None = None
    """Instant of the data in its newest good snapshot."""
    snapshot_id: str = ""

    @property
    def is_gap(self) -> bool:
        """Tell whether it is neither backed up as promised nor left out with a reason."""
        return self.state not in EXPLAINED


def judge(
    holdings: Holdings,
    departments: Iterable[Department],
    jobs: Iterable[Job],
    policy: Policy,
    newest: Mapping[Key, BackupRecord],
) -> tuple[Judged, ...]:
    """Judge every thing as of the moment at which the cloud was read."""
    known = {department.slug: department for department in departments}
    declared = {(slug, data.kind, data.name): data for slug, each in known.items() for data in find_data(each)}
    by_name = {(job.department, str(job.source), job.name): job for job in jobs}
    counted: dict[tuple[str, str, str], int] = {}
    things = (*holdings.things, *_databases(holdings.things, known.values()))
    for thing in things:
        counted[_key(thing)] = counted.get(_key(thing), 0) + 1
    return tuple(
        _judge(thing, counted[_key(thing)], known.get(thing.department), declared, by_name, policy, newest, holdings.at)
        for thing in things
    )


def _databases(things: Iterable[Holding], departments: Iterable[Department]) -> Iterator[Holding]:
    """Give the declared databases whose server is there: the cloud itself sees none."""
    servers = {(thing.department, thing.name): thing for thing in things if thing.kind == "server"}
    for department in departments:
        for project in department.projects:
            for database in project.databases:
                server = servers.get((department.slug, f"{project.name}/{database.server}"))
                if server is not None:
                    name = f"{project.name}/{database.name}"
                    yield Holding(department.slug, "database", name, "", None, server.created_at)


def _key(thing: Holding) -> tuple[str, str, str]:
    if thing.public:  # what all share is the cloud's own
        return CONTROL_PLANE, thing.kind, SHARED_IMAGES
    return thing.department, thing.kind, thing.name


def _judge(
    thing: Holding,
    count: int,
    department: Department | None,
    declared: Mapping[tuple[str, str, str], Data],
    jobs: Mapping[tuple[str, str, str], Job],
    policy: Policy,
    newest: Mapping[Key, BackupRecord],
    now: datetime,
) -> Judged:
    key = _key(thing)
    job, data = jobs.get(key), declared.get(key)
    if job is None and data is None:
        return _without_job(thing, department, declared)
    if count > 1 and not thing.public:
        return Judged(thing, State.DOUBLE, job.tier if job else NO_RECOVERY, f"{count} of them are called {thing.name}")
    if job is None:
        return _waived(thing, department, data, now)
    tier = policy.tiers[job.tier]
    snapshot = newest.get((job.department, Source(job.source), job.name))
    promise = f"{job.tier} promises one no older than {render_duration(tier.recovery_point)}"
    if snapshot is not None and thing.public and thing.created_at is not None and thing.created_at > snapshot.started_at:
        snapshot = None  # it is of the images that were there before
    if snapshot is None:
        if thing.created_at is not None and now - thing.created_at <= tier.recovery_point:
            due = thing.created_at + tier.recovery_point
            return Judged(thing, State.WAITING, job.tier, f"made a short while ago; due by {_minute(due)}")
        return Judged(thing, State.NEVER, job.tier, f"no good snapshot at all; {promise}")
    late = now - snapshot.started_at > tier.recovery_point
    why = f"newest good snapshot is of {_minute(snapshot.started_at)}; {promise}" if late else str(snapshot.outcome)
    state = State.LATE if late else State.COVERED
    return Judged(thing, state, job.tier, why, snapshot.started_at, snapshot.snapshot_id)


def _waived(thing: Holding, department: Department | None, data: Data | None, now: datetime) -> Judged:
    waiver = find_waiver(department, data) if department and data else None
    if waiver is None:
        return Judged(thing, State.UNWAIVED, NO_RECOVERY, "recovery none, and no waiver says why and until when")
    said = f"{waiver.reason} (until {waiver.expires}, {', '.join(waiver.approved_by)})"
    if waiver.is_lapsed(now.date()):
        return Judged(thing, State.LAPSED, NO_RECOVERY, f"its waiver has ended: {said}")
    return Judged(thing, State.WAIVED, NO_RECOVERY, said)


def _without_job(thing: Holding, department: Department | None, declared: Mapping[tuple[str, str, str], Data]) -> Judged:
    if thing.kind == "server" and department is not None and _is_server(department, thing.name):
        return Judged(thing, State.REBUILT, "", f"root disk, made again from image {thing.of_image} and its user_data")
    versions_of = thing.name.removesuffix(VERSIONS)
    if thing.kind == "container" and (thing.department, "container", versions_of) in declared and versions_of != thing.name:
        return Judged(thing, State.COPY, "", f"old versions of the objects of container {versions_of}")
    if department is None and thing.department:
        why = f"no declaration is called {thing.department}"
    else:
        why = "in no declaration" if thing.department else "the operator's own, and in no declaration"
    return Judged(thing, State.UNDECLARED, "", why)


def _is_server(department: Department, name: str) -> bool:
    return any(f"{project.name}/{server.name}" == name for project in department.projects for server in project.servers)


def _minute(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M}Z"


def count_states(judged: Iterable[Judged]) -> dict[tuple[str, State], int]:
    """Count the things of each department in each state, zeros included for departments that have any thing."""
    items = tuple(judged)
    counts = {(d, s): 0 for d in {owner(j.holding) for j in items} for s in State}
    for each in items:
        counts[owner(each.holding), each.state] += 1
    return counts


def owner(thing: Holding) -> str:
    """Give whose a thing is; what is no department's is the cloud's own."""
    return thing.department or CONTROL_PLANE


def select(judged: Iterable[Judged], departments: Iterable[str]) -> Iterator[Judged]:
    """Give those of the departments; all where none is named."""
    wanted = set(departments)
    return (each for each in judged if not wanted or owner(each.holding) in wanted)
