"""What the ledger proves of the vault: that it refuses, what was read again, and whose history may not be shortened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily, Metric

from backup.records import CheckRecord, Outcome, RepositoryRecord, load_records
from backup.reread import last_read_since
from backup.vault.records import FreezeRecord, ProbeRecord, RetentionRecord, frozen_departments, last_retentions
from monitoring.objectives import Objective


@dataclass(frozen=True)
class VaultProof:
    """Everything on record of the vault's repositories."""

    repositories: tuple[RepositoryRecord, ...]
    checks: tuple[CheckRecord, ...]
    probes: tuple[ProbeRecord, ...]
    freezes: tuple[FreezeRecord, ...]
    retentions: tuple[RetentionRecord, ...]


def load_proof(records: Path) -> VaultProof:
    """Read it from every ledger under ``records/``."""
    return VaultProof(
        load_records(RepositoryRecord, records),
        load_records(CheckRecord, records),
        load_records(ProbeRecord, records),
        load_records(FreezeRecord, records),
        load_records(RetentionRecord, records),
    )


def build_vault_metrics(site: str, proof: VaultProof) -> Iterator[Metric]:
    """Give for each department with a repository what is proven of it."""
    labels = ("department", "site")
    at = GaugeMetricFamily(
        "oneroof_vault_probe_timestamp_seconds",
        "When the vault last refused all that it must; when the repository was made where it never did.",
        labels=labels,
    )
    refused = GaugeMetricFamily(
        "oneroof_vault_probe_refused", "Whether the vault refused all that the last probe tried.", labels=labels
    )
    offset = GaugeMetricFamily(
        "oneroof_vault_clock_offset_seconds",
        "By how much the vault's clock is ahead of the operations host's.",
        labels=labels,
    )
    frozen = GaugeMetricFamily("oneroof_vault_frozen", "Whether nothing may be removed, by an unusual run.", labels=labels)
    reread = GaugeMetricFamily(
        "oneroof_backup_reread_timestamp_seconds", "Since when everything in the repository was read again.", labels=labels
    )
    retained = GaugeMetricFamily(
        "oneroof_vault_retention_timestamp_seconds",
        "When all that need no longer be kept was last removed; when the repository was made where it never was.",
        labels=labels,
    )
    looked = last_retentions(proof.retentions)
    stopped = frozen_departments(proof.freezes)
    for department, repository in sorted({r.department: r for r in proof.repositories}.items()):
        own = (department, site)
        tried = sorted((p for p in proof.probes if p.department == department), key=lambda p: p.started_at)
        proven = [p.ended_at for p in tried if p.outcome is Outcome.VERIFIED]
        at.add_metric(own, (proven[-1] if proven else repository.recorded_at).timestamp())
        told = [p for p in tried if p.outcome is not Outcome.PENDING]  # without an answer nothing was refused or done
        if told:
            refused.add_metric(own, float(told[-1].outcome is Outcome.VERIFIED))
            offset.add_metric(own, told[-1].clock_offset_seconds)
        frozen.add_metric(own, float(department in stopped))
        ended = looked[department].ended_at if department in looked else repository.recorded_at
        retained.add_metric(own, ended.timestamp())
        checks = [c for c in proof.checks if c.repository_id == repository.repository_id]
        reread.add_metric(own, last_read_since(checks, repository.recorded_at).timestamp())
    yield from (at, refused, offset, frozen, retained, reread)


def build_reread_objective(site: str, objectives: Iterable[Objective]) -> Iterator[Metric]:
    """Give how long ago everything in a department's repository may have been read: the shortest of its tiers."""
    promised = GaugeMetricFamily(
        "oneroof_backup_reread_objective_seconds",
        "How long ago everything in the repository may have been read.",
        labels=("department", "site"),
    )
    shortest: dict[str, float] = {}
    for objective in objectives:
        seconds = objective.reread_within.total_seconds()
        shortest[objective.department] = min(seconds, shortest.get(objective.department, seconds))
    for department, seconds in sorted(shortest.items()):
        promised.add_metric((department, site), seconds)
    yield promised
