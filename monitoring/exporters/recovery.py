"""What the records prove: the newest restorable backup, the last run and the last drill of everything backed up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from backup.evidence import Examined
from backup.records import BackupRecord, DrillRecord, Outcome, latest_states, newest_restorable
from monitoring.objectives import Objective

_LABELS = ("department", "source", "name", "site")
_PROVEN = (Outcome.GOOD, Outcome.VERIFIED)


def build_backup_metrics(site: str, records: Iterable[BackupRecord]) -> Iterator[Metric]:
    """Give the newest good snapshot and the last ended run of everything that was ever backed up."""
    records = tuple(records)
    restorable = GaugeMetricFamily(
        "oneroof_backup_restorable_timestamp_seconds", "Instant of the data in the newest good snapshot.", labels=_LABELS
    )
    size = GaugeMetricFamily("oneroof_backup_restorable_bytes", "Data in the newest good snapshot.", labels=_LABELS)
    ended = GaugeMetricFamily("oneroof_backup_timestamp_seconds", "When the last run ended.", labels=_LABELS)
    success = GaugeMetricFamily("oneroof_backup_success", "Whether the last run's snapshot is good.", labels=_LABELS)
    for (department, source, name), record in sorted(newest_restorable(records).items()):
        restorable.add_metric((department, source, name, site), record.started_at.timestamp())
        size.add_metric((department, source, name, site), record.bytes)
    last = {
        (record.department, record.source, record.name): record
        for record in latest_states(records)
        if record.outcome is not Outcome.PENDING
    }
    for (department, source, name), record in sorted(last.items()):
        ended.add_metric((department, source, name, site), record.ended_at.timestamp())
        success.add_metric((department, source, name, site), float(record.outcome in _PROVEN))
    yield from (restorable, size, ended, success)


def build_drill_metrics(site: str, drills: Iterable[DrillRecord]) -> Iterator[Metric]:
    """Give the last drill of everything that was ever restored."""
    at = GaugeMetricFamily("oneroof_drill_timestamp_seconds", "When the last drill ended.", labels=_LABELS)
    success = GaugeMetricFamily(
        "oneroof_drill_success", "Whether the last drill restored every byte identically.", labels=_LABELS
    )
    seconds = GaugeMetricFamily("oneroof_drill_recovery_seconds", "Time until the data was there again.", labels=_LABELS)
    size = GaugeMetricFamily("oneroof_drill_restored_bytes", "Data that the last drill restored.", labels=_LABELS)
    last = {(drill.department, drill.source, drill.name): drill for drill in sorted(drills, key=lambda d: d.ended_at)}
    for (department, source, name), drill in sorted(last.items()):
        labels = (department, source, name, site)
        at.add_metric(labels, drill.ended_at.timestamp())
        success.add_metric(labels, float(drill.identical and drill.outcome is not Outcome.FAILED))
        seconds.add_metric(labels, drill.recovery_seconds)
        size.add_metric(labels, drill.restored_bytes)
    yield from (at, success, seconds, size)


def build_objective_metrics(site: str, objectives: Iterable[Objective]) -> Iterator[Metric]:
    """Give what the recovery tiers promise for everything that is declared."""
    point = GaugeMetricFamily(
        "oneroof_backup_objective_seconds", "How old the newest good snapshot may be (RPO).", labels=_LABELS
    )
    time = GaugeMetricFamily(
        "oneroof_recovery_objective_seconds", "How long bringing the data back may take (RTO).", labels=_LABELS
    )
    drill = GaugeMetricFamily("oneroof_drill_objective_seconds", "How long ago the last drill may be.", labels=_LABELS)
    for objective in objectives:
        labels = (objective.department, objective.source, objective.name, site)
        point.add_metric(labels, objective.recovery_point.total_seconds())
        time.add_metric(labels, objective.recovery_time.total_seconds())
        drill.add_metric(labels, objective.drill_every.total_seconds())
    yield from (point, time, drill)


def build_evidence_metrics(site: str, examined: Iterable[Examined]) -> Iterator[Metric]:
    """Give how long each ledger is, and what was changed in it since it was written."""
    labels = ("ledger", "machine", "site")
    entries = GaugeMetricFamily("oneroof_evidence_entries", "Entries of a ledger.", labels=labels)
    findings = GaugeMetricFamily(
        "oneroof_evidence_findings", "What `oneroof evidence verify` finds changed in a ledger.", labels=labels
    )
    for ledger in examined:
        entries.add_metric((ledger.ledger, ledger.machine, site), len(ledger.entries))
        findings.add_metric((ledger.ledger, ledger.machine, site), len(ledger.problems))
    yield from (entries, findings)
