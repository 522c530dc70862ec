"""Which metrics come of which sources: each part is rendered anew only when one of its own sources was read again. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.core import Metric

from backup.records import BackupRecord, DrillRecord
from monitoring.exporters.breakdown import build_api_metrics, build_breakdown_metrics
from monitoring.exporters.cloud import build_capacity_metrics, build_project_metrics
from monitoring.exporters.coverage import build_coverage_metrics
from monitoring.exporters.guests import build_guest_metrics, build_server_metrics
from monitoring.exporters.probes import build_probe_metrics
from monitoring.exporters.recovery import (
    build_backup_metrics,
    build_drill_metrics,
    build_evidence_metrics,
    build_objective_metrics,
)
from monitoring.exporters.savings import build_savings_metrics
from monitoring.exporters.vault import build_reread_objective, build_vault_metrics
from monitoring.exporters.written import build_written_metrics
from monitoring.guests import Guest
from monitoring.objectives import Objective
from monitoring.usage import CloudUsage


@dataclass(frozen=True)
class Part:
    """Families that one or several sources give together; no other part gives one of them."""

    sources: tuple[str, ...]
    build: Callable[..., Iterator[Metric]]
    """From the site and the value of each source, in their order."""


def _cloud(site: str, usage: CloudUsage) -> Iterator[Metric]:
    yield from build_api_metrics(site, usage.parts, usage.seconds)
    if usage.breakdown:
        yield from build_breakdown_metrics(site, usage.breakdown)
    if usage.parts.get("servers"):
        yield from build_server_metrics(site, usage.servers)
    yield from build_capacity_metrics(site, usage)
    yield from build_project_metrics(site, usage)


def _guests(site: str, usage: CloudUsage, guests: tuple[Guest, ...]) -> Iterator[Metric]:
    yield from build_guest_metrics(site, usage.servers, guests)


def _written(site: str, usage: CloudUsage, written: Mapping[str, int]) -> Iterator[Metric]:
    yield from build_written_metrics(site, usage.breakdown.named_volumes if usage.breakdown else (), written)


def _records(site: str, records: tuple[tuple[BackupRecord, ...], tuple[DrillRecord, ...]]) -> Iterator[Metric]:
    backups, drills = records
    yield from build_backup_metrics(site, backups)
    yield from build_drill_metrics(site, drills)


def _declarations(site: str, objectives: tuple[Objective, ...]) -> Iterator[Metric]:
    yield from build_objective_metrics(site, objectives)
    yield from build_reread_objective(site, objectives)


PARTS = (
    Part(("cloud",), _cloud),
    Part(("cloud", "guests"), _guests),
    Part(("cloud", "written"), _written),
    Part(("probes",), build_probe_metrics),
    Part(("records",), _records),
    Part(("coverage",), build_coverage_metrics),
    Part(("evidence",), build_evidence_metrics),
    Part(("vault",), build_vault_metrics),
    Part(("declarations",), _declarations),
    Part(("savings",), build_savings_metrics),
)
