"""Departments and policy to jobs: what is backed up, when, and what a drill expects to find. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from backup.policy import NO_RECOVERY, Policy, Tier
from backup.records import Source
from tenants.declaration.kept import Database, Engine
from tenants.declaration.model import Department, Project
from tenants.problem import Problem, UserError

CONTROL_PLANE = "control-plane"
"""What the cloud's own job is called where a department's name stands."""


@dataclass(frozen=True)
class Expectation:
    """Text that a file of a restored volume's file system holds: what the department's server shows from it."""

    path: str
    text: str


SHARED_IMAGES = "images/shared"
"""What the job is called that keeps the images all departments may use."""


@dataclass(frozen=True)
class Dump:
    """How a database is dumped: only what the declaration's rules let through, and never a command."""

    engine: Engine
    server: str
    port: int
    schemas: tuple[str, ...]
    user: str
    authority: str


@dataclass(frozen=True)
class Job:
    """One thing to back up."""

    department: str
    source: Source
    name: str
    """``<project>/<volume or container>``; ``control-plane`` for the control plane."""
    tier: str
    every: timedelta
    start: timedelta
    """First run of the day after midnight UTC, the department's own share of the spread included."""
    reread_within: timedelta
    """How often everything in the department's repository is read again: the shortest that one of its jobs asks for."""
    expectation: Expectation | None = None
    dump: Dump | None = None
    """Of a database."""

    @property
    def project(self) -> str:
        """The project's name in the department."""
        return self.name.partition("/")[0]

    @property
    def item(self) -> str:
        """The volume's or container's own name."""
        return self.name.partition("/")[2]

    @property
    def label(self) -> str:
        """How people and progress lines call it."""
        return self.department if self.source is Source.CONTROL_PLANE else f"{self.department} {self.source} {self.name}"


def spread_start(department: str, tier_name: str, tier: Tier) -> timedelta:
    """Give the minute of the day at which a department's jobs of a tier start: the same one every day, on every machine."""
    minutes = int(tier.spread.total_seconds() // 60)
    share = int.from_bytes(hashlib.sha256(f"{department}/{tier_name}".encode()).digest()[:8], "big") % minutes
    return (tier.start + timedelta(minutes=share)) % tier.every


def build_jobs(departments: Iterable[Department], policy: Policy) -> tuple[Job, ...]:
    """Give every job, control plane first; raise :class:`UserError` for a tier the policy does not know."""
    problems: list[Problem] = []

    def job(
        department: str,
        source: Source,
        name: str,
        tier: str,
        expectation: Expectation | None = None,
        dump: Dump | None = None,
    ) -> list[Job]:
        if tier == NO_RECOVERY:
            return []
        if tier not in policy.tiers:
            problems.append(
                Problem(
                    f"{department}: {source} {name}: got recovery {tier}, expected one of {', '.join(policy.tiers)}",
                    "The tiers are those of backup/policy.yaml.",
                )
            )
            return []
        promised = policy.tiers[tier]
        start = spread_start(department, tier, promised)
        return [Job(department, source, name, tier, promised.every, start, promised.reread_within, expectation, dump)]

    jobs = job(CONTROL_PLANE, Source.CONTROL_PLANE, CONTROL_PLANE, policy.control_plane)
    jobs += job(CONTROL_PLANE, Source.IMAGE, SHARED_IMAGES, policy.shared_images or policy.control_plane)
    for department in departments:
        if department.slug == CONTROL_PLANE:
            problems.append(Problem(f"a department cannot be called {CONTROL_PLANE}, the name of the cloud's own backup"))
        for project in department.projects:
            expectations = _expectations(project)
            for volume in project.volumes:
                name, tier = f"{project.name}/{volume.name}", volume.recovery or department.recovery
                jobs += job(department.slug, Source.VOLUME, name, tier, expectations.get(volume.name))
            for container in project.containers:
                name, tier = f"{project.name}/{container.name}", container.recovery or department.recovery
                jobs += job(department.slug, Source.CONTAINER, name, tier)
            for image in project.images:
                name, tier = f"{project.name}/{image.name}", image.recovery or department.recovery
                jobs += job(department.slug, Source.IMAGE, name, tier)
            for database in project.databases:
                name, tier = f"{project.name}/{database.name}", database.recovery or department.recovery
                jobs += job(department.slug, Source.DATABASE, name, tier, dump=_dump(database))
    if problems:
        raise UserError.of(problems)
    shortest: dict[str, timedelta] = {}
    for made in jobs:
        shortest[made.department] = min(made.reread_within, shortest.get(made.department, made.reread_within))
    return tuple(replace(made, reread_within=shortest[made.department]) for made in jobs)


def select_jobs(
    jobs: Iterable[Job], departments: Iterable[str], *, control_plane: bool = False, tier: str = ""
) -> tuple[Job, ...]:
    """Give the jobs that are meant; raise :class:`UserError` for a department without any."""
    everything = tuple(jobs)
    wanted = {*departments, *([CONTROL_PLANE] if control_plane else [])}
    known = sorted({j.department for j in everything})
    if unknown := sorted(wanted - set(known)):
        raise UserError.of(
            Problem(f"{name}: there is nothing to back up under this name", f"One of: {', '.join(known)}.")
            for name in unknown
        )
    return tuple(j for j in everything if (not wanted or j.department in wanted) and tier in ("", j.tier))


def _dump(database: Database) -> Dump:
    one = database
    return Dump(one.engine, one.server, one.port, one.schemas, one.user, one.authority)


def _expectations(project: Project) -> dict[str, Expectation]:
    """Say what the first volume of each probed server shows: the guest image serves its ``/www``."""
    return {
        server.volumes[0]: Expectation(
            "/www" + server.probe.path + ("index.html" if server.probe.path.endswith("/") else ""), server.probe.expect
        )
        for server in project.servers
        if server.probe is not None and server.volumes
    }
