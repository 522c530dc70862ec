"""Capacity of the cloud; quota and usage of each project of each department."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from prometheus_client.core import GaugeMetricFamily, Metric

from monitoring.usage import Amounts, CloudUsage

_PROJECT = ("department", "project", "site")
_WORDS = {
    "servers": "servers",
    "cores": "virtual cores",
    "memory_bytes": "memory",
    "volumes": "volumes",
    "storage_bytes": "volume space",
    "floating_addresses": "floating addresses",
}


def build_capacity_metrics(site: str, usage: CloudUsage) -> Iterator[Metric]:
    """Give what the cloud can give away, after its allocation ratios."""
    if usage.parts.get("hypervisors"):
        hosts = GaugeMetricFamily("oneroof_hosts", "Hosts that run servers.", labels=("site",))
        hosts.add_metric((site,), usage.hosts)
        yield hosts
    for name, value in usage.capacity.known().items():
        family = GaugeMetricFamily(f"oneroof_capacity_{name}", f"What may be given away: {_WORDS[name]}.", labels=("site",))
        family.add_metric((site,), value)
        yield family
    if usage.stored_bytes is not None:
        stored = GaugeMetricFamily("oneroof_stored_bytes", "Bytes written in the storage.", labels=("site",))
        stored.add_metric((site,), usage.stored_bytes)
        yield stored


def build_project_metrics(site: str, usage: CloudUsage) -> Iterator[Metric]:
    """Give quota (a limit that is set) and usage of every project."""
    for field in fields(Amounts):
        quota = GaugeMetricFamily(
            f"oneroof_quota_{field.name}", f"Limit of the project: {_WORDS[field.name]}.", labels=_PROJECT
        )
        used = GaugeMetricFamily(
            f"oneroof_usage_{field.name}", f"Given to the project now: {_WORDS[field.name]}.", labels=_PROJECT
        )
        for project in usage.projects:
            labels = (project.department, project.project, site)
            for family, value in (
                (quota, getattr(project.quota, field.name)),
                (used, getattr(project.usage, field.name)),
            ):
                if value is not None:
                    family.add_metric(labels, value)
        yield from (family for family in (quota, used) if family.samples)
