"""The exporter: which sources it reads, which metrics come of them, and the small HTTP server in front."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.core import Metric
from prometheus_client.registry import Collector as MetricCollector

from backup.erased import leave_out, leave_out_runs
from backup.evidence import Examined, verify
from backup.records import BackupRecord, DrillRecord, ErasureRecord, load_backups, load_drills, load_records
from monitoring.collector import Collector, Source
from monitoring.departments import load_probes
from monitoring.exporters.breakdown import build_api_metrics, build_breakdown_metrics
from monitoring.exporters.cloud import build_capacity_metrics, build_project_metrics
from monitoring.exporters.guests import build_guest_metrics, build_server_metrics
from monitoring.exporters.probes import build_probe_metrics
from monitoring.exporters.recovery import (
    build_backup_metrics,
    build_drill_metrics,
    build_evidence_metrics,
    build_objective_metrics,
)
from monitoring.exporters.savings import build_savings_metrics
from monitoring.exporters.sources import build_call_metrics, build_source_metrics
from monitoring.exporters.through import take_reading, with_reading
from monitoring.exporters.vault import VaultProof, build_reread_objective, build_vault_metrics, load_proof
from monitoring.guests import collect_guests, libvirt_here
from monitoring.objectives import Objective, build_objectives, load_policy
from monitoring.probe import Answer, ask_all
from monitoring.prometheus import HOST_UTILISATION, LOCAL, Prometheus
from monitoring.rights import Lack, build_lacks
from monitoring.savings.model import CloudUse, Savings, build_savings
from monitoring.savings.survey import load_baseline
from monitoring.usage import CloudUsage, department_shares
from tenants.assumptions.model import load_assumptions
from tenants.declaration.load import load_departments
from tenants.installation import Installation

if TYPE_CHECKING:
    from monitoring.reading import CloudReader


CLOUD_INTERVAL = 30.0
"""Seconds between two readings of the cloud."""
_LOG = logging.getLogger(__name__)


class NotYetError(Exception):
    """What a source is made of was not read yet."""


class Metrics(MetricCollector):
    """Gives Prometheus the last readings; nothing is read while it asks."""

    def __init__(self, collector: Collector, site: str, calls: Callable[[], int]) -> None:
        self._collector = collector
        self._site = site
        self._calls = calls
        self._parts_read_at: dict[str, float] = {}

    def describe(self) -> list[Metric]:
        """Name nothing beforehand: what is there depends on what could be read."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Give every family whose source has a fresh value."""
        site, readings = self._site, {reading.name: reading for reading in self._collector.readings()}
        values = {name: reading.value for name, reading in readings.items() if reading.value is not None}
        usage: CloudUsage | None = values.get("cloud")
        if usage:
            self._parts_read_at |= {part: usage.read_at for part, good in usage.parts.items() if good}
        yield from build_source_metrics(
            site, readings.values(), usage.parts if usage else {}, usage.seconds if usage else {}, self._parts_read_at
        )
        yield from build_call_metrics(site, self._calls(), usage.calls if usage else None)
        if usage:
            yield from build_api_metrics(site, usage.parts, usage.seconds)
            if usage.breakdown:
                yield from build_breakdown_metrics(site, usage.breakdown)
            if usage.parts.get("servers"):
                yield from build_server_metrics(site, usage.servers)
            yield from build_capacity_metrics(site, usage)
            yield from build_project_metrics(site, usage)
            if "guests" in values:
                yield from build_guest_metrics(site, usage.servers, values["guests"])
        if "probes" in values:
            yield from build_probe_metrics(site, values["probes"])
        if "records" in values:
            backups, drills = values["records"]
            yield from build_backup_metrics(site, backups)
            yield from build_drill_metrics(site, drills)
        if "evidence" in values:
            yield from build_evidence_metrics(site, values["evidence"])
        if "vault" in values:
            yield from build_vault_metrics(site, values["vault"])
        if "declarations" in values:
            yield from build_objective_metrics(site, values["declarations"])
            yield from build_reread_objective(site, values["declarations"])
        if "savings" in values:
            yield from build_savings_metrics(site, values["savings"])


class Exporter:
    """All sources of one installation, read in the background."""

    def __init__(self, installation: Installation, cloud: str, site: str, through: tuple[str, ...] = ()) -> None:
        self._installation = installation
        self._cloud = cloud
        self._through = through
        self._told: tuple[Lack, ...] | None = None
        self._calls = 0
        self._reader: CloudReader | None = None
        sources: list[Source[object]] = [
            Source("cloud", self._read_cloud, CLOUD_INTERVAL),
            Source("probes", self._read_probes, 15.0),
            Source("records", self._read_records, 15.0),
            Source("evidence", self._read_evidence, 600.0),
            Source("vault", self._read_vault, 60.0),
            Source("declarations", self._read_declarations, 60.0),
            Source("savings", self._read_savings, 60.0),
        ]
        if libvirt_here():
            sources.append(Source("guests", collect_guests, 10.0))
        self.collector = Collector(sources)
        self.metrics = Metrics(self.collector, site, lambda: self._calls)

    def _read_cloud(self) -> CloudUsage:
        from monitoring.reading import CloudReader  # imports the OpenStack SDK

        if taken := take_reading(self._through, time.time(), 2 * CLOUD_INTERVAL):
            return taken
        if self._reader is None:
            self._reader = CloudReader(self._installation, self._cloud)
        usage = self._reader.turn()
        self._calls += usage.calls
        lacks = build_lacks(usage.missing)
        if lacks != self._told:  # at the start, and when rights change
            self._told = lacks
            for lack in lacks:
                _LOG.warning("%s", lack.sentence())
        return usage

    def _read_probes(self) -> tuple[Answer, ...]:
        return ask_all(load_probes(self._installation, self._cloud))

    def _read_records(self) -> tuple[tuple[BackupRecord, ...], tuple[DrillRecord, ...]]:
        records = self._installation.records
        erased = load_records(ErasureRecord, records)
        return leave_out_runs(load_backups(records), erased), leave_out_runs(load_drills(records), erased)

    def _read_vault(self) -> VaultProof:
        return load_proof(self._installation.records)

    def _read_evidence(self) -> tuple[Examined, ...]:
        return verify(self._installation.records)

    def _read_declarations(self) -> tuple[Objective, ...]:
        erased = load_records(ErasureRecord, self._installation.records)
        return build_objectives(leave_out(load_departments(), erased), load_policy())

    def _read_savings(self) -> Savings:
        usage: CloudUsage | None = self.collector.value("cloud")
        if usage is None:
            raise NotYetError("the cloud was not read yet")
        samples = Prometheus(LOCAL).query(HOST_UTILISATION)
        use = CloudUse(usage.hosts, department_shares(usage), samples[0].value if samples else None)
        return build_savings(load_baseline(), load_assumptions(), use, datetime.now(UTC).date())


def serve(exporter: Exporter, address: str, port: int) -> threading.Thread:
    """Start reading and answering; give the thread that answers."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(exporter.metrics)
    exporter.collector.start()
    application = with_reading(make_wsgi_app(registry), lambda: exporter.collector.value("cloud"))
    server = make_server(address, port, application, _Server, handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever, name="answers", daemon=True)
    thread.start()
    return thread


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the name that the library gives it
        """Say nothing of a request that was answered."""
