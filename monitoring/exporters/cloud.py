"""Capacity of the cloud; quota and usage of each project of each department; what its servers really use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from monitoring.guests import Guest
from monitoring.usage import Amounts, CloudUsage, ServerUse

_PROJECT = ("department", "project", "site")
_SERVER = (*_PROJECT, "server")
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


def build_guest_metrics(site: str, servers: Iterable[ServerUse], guests: Iterable[Guest]) -> Iterator[Metric]:
    """Give measured CPU time and cores of every server that runs on this host."""
    cpu = CounterMetricFamily("oneroof_server_cpu_seconds", "CPU time of the server's virtual cores.", labels=_SERVER)
    cores = GaugeMetricFamily("oneroof_server_cores", "Virtual cores of the running server.", labels=_SERVER)
    memory = GaugeMetricFamily("oneroof_server_memory_bytes", "Memory of the running server.", labels=_SERVER)
    known = {server.server_id: server for server in servers}
    for guest in guests:
        if server := known.get(guest.server_id):
            labels = (server.department, server.project, site, server.name)
            cpu.add_metric(labels, guest.cpu_seconds)
            cores.add_metric(labels, guest.cores)
            memory.add_metric(labels, guest.memory_bytes)
    yield from (cpu, cores, memory)
