"""What each server is, and what it really used of processor, memory, disks and network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from monitoring.guests import Guest
from monitoring.usage import ServerUse

_SERVER = ("department", "project", "site", "server")


def build_server_metrics(site: str, servers: Iterable[ServerUse]) -> Iterator[Metric]:
    """Give every server with the host and the flavor that it has now."""
    servers = tuple(servers)
    info = GaugeMetricFamily(
        "oneroof_server_info", "Always 1: the server's host and flavor.", labels=(*_SERVER, "host", "flavor")
    )
    active = GaugeMetricFamily("oneroof_server_active", "Whether Nova says that the server is ACTIVE.", labels=_SERVER)
    for server, labels in _labelled(site, servers):
        info.add_metric((*labels, server.host, server.flavor), 1)
        active.add_metric(labels, float(server.status == "ACTIVE"))
    yield from (info, active)


def build_guest_metrics(site: str, servers: Iterable[ServerUse], guests: Iterable[Guest]) -> Iterator[Metric]:
    """Give what was measured of every server that runs on this host."""

    def counter(name: str, words: str) -> CounterMetricFamily:
        return CounterMetricFamily(f"oneroof_server_{name}", words, labels=_SERVER)

    def gauge(name: str, words: str) -> GaugeMetricFamily:
        return GaugeMetricFamily(f"oneroof_server_{name}", words, labels=_SERVER)

    cpu = counter("cpu_seconds", "CPU time of the server's virtual cores.")
    cores = gauge("cores", "Virtual cores of the running server.")
    memory = gauge("memory_bytes", "Memory of the running server.")
    used = gauge("memory_used_bytes", "Memory in use inside, as its balloon driver reports.")
    held = gauge("host_memory_bytes", "Memory that the server's process holds on its host.")
    read = counter("disk_read_bytes", "Bytes read from the server's disks.")
    written = counter("disk_written_bytes", "Bytes written to the server's disks.")
    received = counter("network_received_bytes", "Bytes that the server's network cards received.")
    sent = counter("network_sent_bytes", "Bytes that the server's network cards sent.")
    known: Mapping[str, tuple[str, ...]] = {server.server_id: labels for server, labels in _labelled(site, tuple(servers))}
    for guest in guests:
        if labels := known.get(guest.server_id):
            cpu.add_metric(labels, guest.cpu_seconds)
            cores.add_metric(labels, guest.cores)
            memory.add_metric(labels, guest.memory_bytes)
            if guest.memory_used_bytes is not None:
                used.add_metric(labels, guest.memory_used_bytes)
            if guest.host_memory_bytes is not None:
                held.add_metric(labels, guest.host_memory_bytes)
            read.add_metric(labels, guest.disk_read_bytes)
            written.add_metric(labels, guest.disk_written_bytes)
            received.add_metric(labels, guest.network_received_bytes)
            sent.add_metric(labels, guest.network_sent_bytes)
    yield from (family for family in (cpu, cores, memory, used, held, read, written, received, sent) if family.samples)


def _labelled(site: str, servers: tuple[ServerUse, ...]) -> Iterator[tuple[ServerUse, tuple[str, str, str, str]]]:
    """Nova lets a project have two servers of one name; two series of one name would be refused."""
    count = Counter((server.department, server.project, server.name) for server in servers)
    for server in servers:
        twice = count[server.department, server.project, server.name] > 1
        name = f"{server.name} {server.server_id[:8]}" if twice else server.name
        yield server, (server.department, server.project, site, name)
