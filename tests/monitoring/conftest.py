"""One small cloud as values: what every test here speaks of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from exposing import LISTED, STATS

from backup.coverage.holdings import Holding
from backup.coverage.judgement import Judged, State
from backup.evidence import Examined
from backup.records import BackupRecord, CheckRecord, DrillRecord, Outcome, RepositoryRecord, Source
from backup.vault.records import FreezeRecord, ProbeRecord, RetentionRecord
from monitoring.breakdown import (
    PARTS,
    AgentUse,
    Breakdown,
    ContainerUse,
    HostUse,
    NamedVolume,
    ProjectTold,
    Unused,
    VolumeUse,
)
from monitoring.exporters.vault import VaultProof
from monitoring.guests import parse_guests
from monitoring.machines import Machine
from monitoring.objectives import Objective
from monitoring.overview import Measured, Overview
from monitoring.probe import Answer, Probe
from monitoring.rights import ROLLING
from monitoring.savings.model import CloudUse, build_savings
from monitoring.savings.survey import load_baseline
from monitoring.usage import Amounts, CloudUsage, ProjectUse, ServerUse, department_shares
from tenants.assumptions.model import load_assumptions

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
GIB = 1024**3


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def usage() -> CloudUsage:
    def project(department: str, name: str, cores: int, memory: int, storage: int) -> ProjectUse:
        return ProjectUse(
            department,
            name,
            Amounts(4, 8, 16 * GIB, 10, 100 * GIB, 2),
            Amounts(1, cores, memory * GIB, 2, storage * GIB, 1),
        )

    return CloudUsage(
        read_at=NOW.timestamp(),
        hosts=1,
        capacity=Amounts(cores=32, memory_bytes=20 * GIB, storage_bytes=30 * GIB, floating_addresses=190),
        stored_bytes=1.5 * GIB,
        projects=(
            project("health", "prod", 2, 1, 3),
            project("transport", "prod", 1, 1, 1),
        ),
        servers=(
            ServerUse("11", "web", "health", "prod", "ACTIVE", 2, GIB, "site-a", ("10.88.8.10",), "small"),
            ServerUse("22", "portal", "transport", "prod", "ACTIVE", 1, GIB, "site-a", ("10.88.8.11",), "tiny"),
        ),
        parts=dict.fromkeys((*PARTS, *ROLLING), True),
        missing={},
        untold={"members of groups": "one group at a time"},
        calls=14,
        breakdown=Breakdown(
            hosts=(HostUse("site-a", True, True, 4, 24 * GIB, 32, 20 * GIB, 3, 6 * GIB, 2),),
            volumes=(
                VolumeUse("health", "prod", "standard", 2, 3 * GIB),
                VolumeUse("transport", "prod", "standard", 2, GIB),
            ),
            agents=(AgentUse("compute", "nova-compute", 1, 0, 0), AgentUse("network", "ovn-controller", 0, 1, 0)),
            shared_networks={"health": 1, "transport": 0},
            told=(ProjectTold("health", "prod", NOW.timestamp() - 90, {"cores": 8.0}, 5 * GIB, 70),),
            containers=(
                ContainerUse("health", "prod", "scans", 4 * GIB, 30),
                ContainerUse("health", "prod", "(others)", GIB, 40),
            ),
            unused=(Unused("health", "prod", 1, GIB, 1), Unused("transport", "prod", 0, 0, 0)),
            named_volumes=(
                NamedVolume("aa11", "data", "health", "prod", 2 * GIB),
                NamedVolume("aa22", "files", "health", "prod", GIB),
                NamedVolume("bb11bb11bb", "data", "transport", "prod", GIB),
                NamedVolume("bb22bb22bb", "data", "transport", "prod", GIB),
            ),
        ),
        seconds={"servers": 0.25, "volumes": 0.125},
    )


@pytest.fixture
def answers() -> tuple[Answer, ...]:
    return (
        Answer(Probe("health", "prod", "web", "10.88.8.10", 80, "/", "Immunisation"), True, 200, 0.031, NOW, ""),
        Answer(
            Probe("transport", "prod", "portal", "10.88.8.11", 80, "/", "Permits"),
            False,
            None,
            5.0,
            NOW,
            "[Errno 113] No route to host",
        ),
    )


@pytest.fixture
def backups() -> tuple[BackupRecord, ...]:
    def record(department: str, source: Source, name: str, hours: int, outcome: Outcome, snapshot: str) -> BackupRecord:
        at = NOW - timedelta(hours=hours)
        return BackupRecord(department, source, name, at, at + timedelta(seconds=9), snapshot, 2 * GIB, "ab" * 32, outcome)

    return (
        record("health", Source.VOLUME, "prod/data", 40, Outcome.VERIFIED, "a1"),
        record("health", Source.VOLUME, "prod/data", 4, Outcome.GOOD, "a2"),
        record("health", Source.VOLUME, "prod/data", 2, Outcome.FAILED, ""),
        record("health", Source.CONTAINER, "prod/files", 4, Outcome.GOOD, "b1"),
        record("control-plane", Source.CONTROL_PLANE, "control-plane", 3, Outcome.VERIFIED, "c1"),
        record("transport", Source.VOLUME, "prod/data", 1, Outcome.PENDING, "d1"),
    )


@pytest.fixture
def drills() -> tuple[DrillRecord, ...]:
    def drill(hours: int, identical: bool, restored: str) -> DrillRecord:
        at = NOW - timedelta(hours=hours)
        return DrillRecord(
            department="health",
            source=Source.VOLUME,
            name="prod/data",
            started_at=at,
            ended_at=at + timedelta(seconds=20),
            snapshot_id="a1",
            outcome=Outcome.VERIFIED if identical else Outcome.FAILED,
            recovery_point_at=NOW - timedelta(hours=40),
            restored_bytes=2 * GIB,
            sha256_expected="ab" * 32,
            sha256_restored=restored,
            recovery_seconds=12.5,
            identical=identical,
            reason="" if identical else "sha256 differs",
        )

    return drill(30, False, "cd" * 32), drill(2, True, "ab" * 32)


@pytest.fixture
def objectives() -> tuple[Objective, ...]:
    hours, days = timedelta(hours=1), timedelta(days=1)
    return (
        Objective("control-plane", "control-plane", "control-plane", "gold", 6 * hours, 4 * hours, 7 * days, 14 * days),
        Objective("health", "volume", "prod/data", "gold", 6 * hours, 4 * hours, 7 * days, 14 * days),
        Objective("health", "container", "prod/files", "gold", 6 * hours, 4 * hours, 7 * days, 14 * days),
        Objective("transport", "volume", "prod/data", "bronze", 30 * hours, 72 * hours, 90 * days, 60 * days),
    )


@pytest.fixture
def proof() -> VaultProof:
    def probe(hours: int, outcome: Outcome, department: str = "health") -> ProbeRecord:
        at = NOW - timedelta(hours=hours)
        status = {Outcome.VERIFIED: 403, Outcome.FAILED: 200, Outcome.PENDING: 0}[outcome]
        answered = (status, status, status, outcome is Outcome.VERIFIED, 1.5)
        return ProbeRecord(department, at, at + timedelta(seconds=1), "health/data/ab", *answered, outcome)

    def check(part: int, hours: int, department: str = "health") -> CheckRecord:
        at = NOW - timedelta(hours=hours)
        return CheckRecord(department, department[0] * 64, at, at, part, 2, Outcome.GOOD, 0)

    def retention(department: str, hours: int, outcome: Outcome) -> RetentionRecord:
        at = NOW - timedelta(hours=hours)
        return RetentionRecord(department, department[0] * 64, at, at, "operator@here", 9, 1, 4096, outcome)

    born = NOW - timedelta(days=30)
    return VaultProof(
        repositories=tuple(RepositoryRecord(d, d[0] * 64, born) for d in ("control-plane", "health", "transport")),
        checks=(check(1, 50), check(2, 26), check(0, 2), check(1, 4, "transport")),
        probes=(probe(30, Outcome.VERIFIED), probe(6, Outcome.PENDING), probe(5, Outcome.FAILED, "transport")),
        freezes=(
            FreezeRecord("health", NOW - timedelta(hours=9), True, "oneroof", "80 % of the data is new"),
            FreezeRecord("transport", NOW - timedelta(hours=9), True, "oneroof", "4 % of the data is left"),
            FreezeRecord("transport", NOW - timedelta(hours=8), False, "operator@here", "An archive moved away."),
        ),
        retentions=(
            retention("health", 50, Outcome.VERIFIED),
            retention("health", 26, Outcome.FAILED),
            retention("transport", 3, Outcome.VERIFIED),
        ),
    )


@pytest.fixture
def overview(
    usage: CloudUsage,
    answers: tuple[Answer, ...],
    backups: tuple[BackupRecord, ...],
    drills: tuple[DrillRecord, ...],
    objectives: tuple[Objective, ...],
) -> Overview:
    from backup.records import newest_restorable

    baseline, assumptions = load_baseline(), load_assumptions()
    return Overview(
        at=NOW,
        home=Path("/var/lib/oneroof/labs/oneroof"),
        clouds=Path("/var/lib/oneroof/labs/oneroof/clouds.yaml"),
        cloud="oneroof",
        endpoints={"identity": "https://10.88.0.21:5000/v3", "compute": "https://10.88.0.21:8774/v2.1"},
        machines=(
            Machine("site-a", "controllers, computes, storage, operations", "10.88.0.21", "running"),
            Machine("site-b", "vaults", "10.88.0.22", "off"),
        ),
        usage=usage,
        answers=answers,
        prometheus="https://10.88.0.21:9090",
        host_utilisation=Measured(0.183, "1 - avg(idle)", NOW),
        department_utilisation={"health": Measured(0.042, "rate(cpu)", NOW)},
        baseline=baseline,
        assumptions=assumptions,
        savings=build_savings(baseline, assumptions, CloudUse(1, department_shares(usage), 0.183), NOW.date()),
        backups={(d, str(s), n): r for (d, s, n), r in newest_restorable(backups).items()},
        drills={(d.department, str(d.source), d.name): d for d in drills},
        objectives=objectives,
        missing={"utilisation of departments": "Prometheus has no sample yet"},
    )


@pytest.fixture
def sources(
    usage: CloudUsage,
    answers: tuple[Answer, ...],
    backups: tuple[BackupRecord, ...],
    drills: tuple[DrillRecord, ...],
    objectives: tuple[Objective, ...],
    overview: Overview,
    proof: VaultProof,
) -> dict[str, Any]:
    return {
        "cloud": usage,
        "guests": parse_guests(LISTED, STATS),
        "written": {"aa11": GIB // 4, "bb11bb11bb": 0, "bb22bb22bb": GIB, "unknown": 1},
        "probes": answers,
        "records": (backups, drills),
        "evidence": (Examined("0123456789abcdef", "site-a", (), ("entry 2 is missing at the end: entry 2 was told",)),),
        "vault": proof,
        "coverage": (
            Judged(Holding("health", "volume", "prod/data", "v1"), State.COVERED, "gold", "good"),
            Judged(Holding("health", "volume", "prod/by-hand", "v2"), State.UNDECLARED, "", "in no declaration"),
            Judged(Holding("", "image", "admin/tiny", "i1"), State.WAITING, "bronze", "made a short while ago"),
        ),
        "declarations": objectives,
        "savings": overview.savings,
    }
