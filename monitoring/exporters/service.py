"""The exporter: which sources it reads, which metrics come of them, and the small HTTP server in front."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from backup.coverage.assembly import judge_again
from backup.coverage.holdings import Holdings
from backup.coverage.judgement import Judged
from backup.erased import leave_out, leave_out_runs
from backup.evidence import Examined, verify
from backup.records import BackupRecord, DrillRecord, ErasureRecord, load_backups, load_drills, load_records
from monitoring.collector import Collector, Source
from monitoring.departments import load_probes
from monitoring.exporters.exposition import Exposition, Metrics
from monitoring.exporters.through import take_reading, with_reading
from monitoring.exporters.vault import VaultProof, load_proof
from monitoring.guests import collect_guests, libvirt_here
from monitoring.objectives import Objective, build_objectives, load_policy
from monitoring.probe import Answer, ask_all
from monitoring.prometheus import HOST_UTILISATION, LOCAL, Prometheus
from monitoring.rights import Lack, build_lacks
from monitoring.savings.measured import ask_platform
from monitoring.savings.model import CloudUse, Savings, build_savings
from monitoring.savings.survey import load_baseline
from monitoring.usage import CloudUsage, department_shares, unread_for_shares
from monitoring.written import ceph_here, collect_written
from tenants.assumptions.model import load_assumptions
from tenants.declaration.load import load_departments
from tenants.installation import Installation

if TYPE_CHECKING:
    from monitoring.reading import CloudReader


CLOUD_INTERVAL = 30.0
"""Seconds between two readings of the cloud."""
_LOG = logging.getLogger(__name__)


class NotYetError(Exception):
    """What a source is made of was not read, yet or this time."""


class Exporter:
    """All sources of one installation, read in the background."""

    def __init__(self, installation: Installation, cloud: str, site: str, through: tuple[str, ...] = ()) -> None:
        self._installation = installation
        self._cloud = cloud
        self._through = through
        self._told: tuple[Lack, ...] | None = None
        self._calls = 0
        self._reader: CloudReader | None = None
        self._judge: Callable[[], tuple[Holdings, tuple[Judged, ...]]] | None = None
        sources: list[Source[object]] = [
            Source("cloud", self._read_cloud, CLOUD_INTERVAL),
            Source("probes", self._read_probes, 15.0),
            Source("records", self._read_records, 15.0),
            Source(
                "coverage", self._read_coverage, 900.0
            ),  # without a key that reads all containers, a call for each project: seldom
            Source("evidence", self._read_evidence, 600.0),
            Source("vault", self._read_vault, 60.0),
            Source("declarations", self._read_declarations, 60.0),
            Source("savings", self._read_savings, 60.0),
        ]
        if libvirt_here():
            sources.append(Source("guests", collect_guests, 10.0))
        if ceph_here():
            sources.append(Source("written", collect_written, 900.0))
        self.collector = Collector(sources, after=lambda: self.exposition.renew())
        self.exposition = Exposition(Metrics(self.collector, site, lambda: self._calls))

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

    def _read_coverage(self) -> tuple[Judged, ...]:
        if self._judge is None:
            self._judge = judge_again(self._installation, self._cloud)
        holdings, judged = self._judge()
        if holdings.unread:
            raise NotYetError("; ".join(f"{u.source}: {u.error}" for u in holdings.unread))
        return judged

    def _read_evidence(self) -> tuple[Examined, ...]:
        return verify(self._installation.records)

    def _read_declarations(self) -> tuple[Objective, ...]:
        erased = load_records(ErasureRecord, self._installation.records)
        return build_objectives(leave_out(load_departments(), erased), load_policy())

    def _read_savings(self) -> Savings:
        usage: CloudUsage | None = self.collector.value("cloud")
        if usage is None:
            raise NotYetError("the cloud was not read yet")
        if unread := unread_for_shares(usage):
            raise NotYetError(f"not read: {', '.join(unread)}")
        prometheus = Prometheus(LOCAL)
        samples = prometheus.query(HOST_UTILISATION)
        measured = samples[0].value if samples else None
        use = CloudUse(usage.hosts, department_shares(usage), measured, ask_platform(prometheus))
        return build_savings(load_baseline(), load_assumptions(), use, datetime.now(UTC).date())


def serve(exporter: Exporter, address: str, port: int) -> threading.Thread:
    """Start reading and answering; give the thread that answers."""
    exporter.collector.start()
    application = with_reading(exporter.exposition, lambda: exporter.collector.value("cloud"))
    server = make_server(address, port, application, _Server, handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever, name="answers", daemon=True)
    thread.start()
    return thread


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the name that the library gives it
        """Say nothing of a request that was answered."""
