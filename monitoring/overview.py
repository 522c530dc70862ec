"""Everything known about one installation at one moment: what ``oneroof status`` says and the report shows.

Each part is read by itself; a part that cannot be read is a sentence in ``missing``, never a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from backup.erased import leave_out
from backup.records import (
    BackupRecord,
    DrillRecord,
    ErasureRecord,
    RepositoryRecord,
    load_backups,
    load_drills,
    load_records,
    newest_restorable,
)
from monitoring.departments import load_made, load_probes
from monitoring.machines import Machine, collect_machines
from monitoring.objectives import Objective, build_objectives, load_policy
from monitoring.probe import Answer, ask_all
from monitoring.prometheus import DEPARTMENT_UTILISATION, HOST_UTILISATION, Prometheus, PrometheusError, Sample
from monitoring.savings.measured import ask_platform
from monitoring.savings.model import CloudUse, Platform, Savings, build_savings
from monitoring.savings.survey import Baseline, load_baseline
from monitoring.usage import CloudUsage, ProjectUse, ServerUse, department_shares, unread_for_shares
from tenants.assumptions.model import Assumptions, load_assumptions
from tenants.declaration.load import load_departments
from tenants.declaration.model import Department
from tenants.installation import Installation
from tenants.machines import load_machines

Value = TypeVar("Value")
NO_BACKUP, NO_DRILL = "no good snapshot is on record", "no drill is on record"
Item = tuple[str, str, str]
"""Department, source, name: what the records speak of."""


@dataclass(frozen=True)
class Measured:
    """A value out of Prometheus with the query that gave it."""

    value: float
    query: str
    at: datetime


@dataclass(frozen=True)
class Overview:
    """One installation at one moment; None and empty where ``missing`` says why."""

    at: datetime
    home: Path
    clouds: Path
    cloud: str
    endpoints: Mapping[str, str] = field(default_factory=dict)
    """Service type to public URL."""
    machines: tuple[Machine, ...] = ()
    declared: tuple[Department, ...] = ()
    usage: CloudUsage | None = None
    answers: tuple[Answer, ...] = ()
    prometheus: str | None = None
    host_utilisation: Measured | None = None
    platform: Platform | None = None
    """Machines that run the cloud itself."""
    department_utilisation: Mapping[str, Measured] = field(default_factory=dict)
    alerts: tuple[Mapping[str, str], ...] = ()
    """Labels of the alerts that fire, the heartbeat left out."""
    baseline: Baseline | None = None
    assumptions: Assumptions | None = None
    savings: Savings | None = None
    backups: Mapping[Item, BackupRecord] = field(default_factory=dict)
    """Newest restorable snapshot."""
    drills: Mapping[Item, DrillRecord] = field(default_factory=dict)
    """Last drill."""
    objectives: tuple[Objective, ...] = ()
    repositories: Mapping[str, str] = field(default_factory=dict)
    """Department to restic's id of its repository."""
    vaults: tuple[str, ...] = ()
    """Names of the machines that hold the repositories."""
    made: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Department to what its last apply made."""
    missing: Mapping[str, str] = field(default_factory=dict)
    """What could not be measured, and why."""

    def department_names(self) -> tuple[str, ...]:
        """Name every department that is declared, on the cloud or in the records."""
        from_cloud = {project.department for project in self.usage.projects} if self.usage else set()
        return tuple(sorted({department.slug for department in self.declared} | from_cloud))

    def published(self) -> tuple[str, ...]:
        """Name the departments that have a page of their own: those that are declared or were applied."""
        return tuple(sorted({department.slug for department in self.declared} | set(self.made)))

    def local_name(self, department: str) -> str:
        """Give what people call a department."""
        return next((known.local_name for known in self.declared if known.slug == department), department)

    def projects(self, department: str) -> tuple[ProjectUse, ...]:
        """Give a department's projects on the cloud."""
        return tuple(p for p in self.usage.projects if p.department == department) if self.usage else ()

    def servers(self, department: str, project: str | None = None) -> tuple[ServerUse, ...]:
        """Give a department's servers on the cloud, of one project where it is told."""
        servers = self.usage.servers if self.usage else ()
        return tuple(s for s in servers if s.department == department and project in (None, s.project))

    def answer(self, department: str, project: str, server: str) -> Answer | None:
        """Give what a server answered, or None where nobody asks it."""
        wanted = (department, project, server)
        return next((a for a in self.answers if (a.probe.department, a.probe.project, a.probe.server) == wanted), None)

    def last_backup(self, department: str) -> BackupRecord | None:
        """Give the oldest among the newest snapshots of a department's items: what it surely could go back to."""
        own = [record for (name, _, _), record in self.backups.items() if name == department]
        return min(own, key=lambda record: record.started_at, default=None)

    def last_drill(self, department: str) -> DrillRecord | None:
        """Give a department's last drill."""
        own = [record for (name, _, _), record in self.drills.items() if name == department]
        return max(own, key=lambda record: record.ended_at, default=None)


def collect_overview(installation: Installation, cloud: str) -> Overview:
    """Read everything, the slow parts side by side."""
    missing: dict[str, str] = {}

    def attempt(what: str, read: Callable[[], Value]) -> Value | None:
        try:
            return read()
        except Exception as error:  # noqa: BLE001 — whatever fails, its reason belongs on the page and the rest is still shown
            missing[what] = " ".join(str(error).split()) or type(error).__name__
            return None

    with ThreadPoolExecutor(max_workers=4, thread_name_prefix="overview") as pool:
        reading = pool.submit(attempt, "the cloud", lambda: _read_cloud(installation, cloud))
        asking = pool.submit(attempt, "answers of servers", lambda: ask_all(load_probes(installation, cloud)))
        measuring = pool.submit(attempt, "Prometheus", lambda: _measure(installation, missing))
        looking = pool.submit(attempt, "machines", lambda: collect_machines(installation))
        declared = attempt("declarations", load_departments) or ()
        backups = attempt("backups", lambda: newest_restorable(load_backups(installation.records))) or {}
        drills = attempt("drills", lambda: load_drills(installation.records)) or ()
        erased = attempt("erasures", lambda: load_records(ErasureRecord, installation.records)) or ()
        repositories = attempt("repositories", lambda: load_records(RepositoryRecord, installation.records)) or ()
        vaults = attempt("vaults", lambda: load_machines(installation, "vaults")) or ()
        made = attempt("what was applied", lambda: load_made(installation, cloud)) or {}
        kept = leave_out(declared, erased)
        objectives = attempt("recovery objectives", lambda: build_objectives(kept, load_policy())) or ()
        baseline = attempt("baseline", load_baseline)
        assumptions = attempt("assumptions", load_assumptions)
        usage, endpoints = reading.result() or (None, {})
        prometheus, hosts, platform, departments, alerts = measuring.result() or (None, None, None, {}, ())
        answers, machines = asking.result() or (), looking.result() or ()
    now = datetime.now(UTC)
    savings = None
    if usage and (unread := unread_for_shares(usage)):
        missing["savings"] = f"they need what could not be read: {', '.join(unread)}"
    elif usage and baseline and assumptions:
        use = CloudUse(usage.hosts, department_shares(usage), hosts.value if hosts else None, platform)
        savings = build_savings(baseline, assumptions, use, now.date())
    elif "the cloud" in missing:
        missing["savings"] = "they need the cloud, which could not be read"
    if usage:
        missing |= usage.missing
    if not backups:
        missing.setdefault("backups", NO_BACKUP)
    if not drills:
        missing.setdefault("drills", NO_DRILL)
    return Overview(
        at=now,
        home=installation.home,
        clouds=installation.clouds,
        cloud=cloud,
        endpoints=endpoints,
        machines=machines,
        declared=declared,
        usage=usage,
        answers=answers,
        prometheus=prometheus,
        host_utilisation=hosts,
        platform=platform,
        department_utilisation=departments,
        alerts=alerts,
        baseline=baseline,
        assumptions=assumptions,
        savings=savings,
        backups={(d, str(s), n): record for (d, s, n), record in backups.items()},
        drills={(d.department, str(d.source), d.name): d for d in sorted(drills, key=lambda d: d.ended_at)},
        objectives=objectives,
        repositories={record.department: record.repository_id for record in repositories},
        vaults=tuple(machine.name for machine in vaults),
        made=made,
        missing=missing,
    )


def _read_cloud(installation: Installation, cloud: str) -> tuple[CloudUsage, Mapping[str, str]]:
    from monitoring.reading import CloudReader  # imports the OpenStack SDK

    reader = CloudReader(installation, cloud)
    return reader.usage(), reader.endpoints()


def _measure(
    installation: Installation, missing: dict[str, str]
) -> tuple[str, Measured | None, Platform | None, dict[str, Measured], tuple[Mapping[str, str], ...]]:
    prometheus = Prometheus.of(installation)
    if prometheus is None:
        raise PrometheusError("prometheus.yaml is not in the installation's home: role prometheus has not run")
    hosts = prometheus.query(HOST_UTILISATION)
    if not hosts:
        missing["utilisation of hosts"] = f"Prometheus has no sample yet for {HOST_UTILISATION}"
    departments = {
        sample.labels["department"]: _measured(sample, DEPARTMENT_UTILISATION)
        for sample in prometheus.query(DEPARTMENT_UTILISATION)
    }
    if not departments:
        missing["utilisation of departments"] = f"Prometheus has no sample yet for {DEPARTMENT_UTILISATION}"
    alerts: tuple[Mapping[str, Any], ...] = tuple(
        sample.labels for sample in prometheus.query('ALERTS{alertstate="firing",severity!="heartbeat"}')
    )
    first = _measured(hosts[0], HOST_UTILISATION) if hosts else None
    return prometheus.url, first, ask_platform(prometheus), departments, alerts


def _measured(sample: Sample, query: str) -> Measured:
    return Measured(sample.value, query, datetime.fromtimestamp(sample.at, UTC))
