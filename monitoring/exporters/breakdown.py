"""The cloud by hosts, types of volumes, containers and networks that are shared; whether its services are well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client.core import GaugeMetricFamily, Metric

from monitoring.breakdown import SERVICE_OF, Breakdown, HostUse

_PROJECT = ("department", "project", "site")


def build_breakdown_metrics(site: str, breakdown: Breakdown) -> Iterator[Metric]:
    """Give the parts that could be read."""
    if breakdown.hosts is not None:
        yield from _hosts(site, breakdown.hosts)
    if breakdown.volumes is not None:
        count = GaugeMetricFamily("oneroof_volumes", "Volumes by type.", labels=(*_PROJECT, "volume_type"))
        size = GaugeMetricFamily("oneroof_volume_bytes", "Size of the volumes by type.", labels=(*_PROJECT, "volume_type"))
        for volume in breakdown.volumes:
            labels = (volume.department, volume.project, site, volume.volume_type)
            count.add_metric(labels, volume.volumes)
            size.add_metric(labels, volume.bytes)
        yield from (count, size)
    if breakdown.shared_networks is not None:
        shared = GaugeMetricFamily(
            "oneroof_shared_networks",
            "Networks of the department that projects of others may use.",
            labels=("department", "site"),
        )
        for department, networks in breakdown.shared_networks.items():
            shared.add_metric((department, site), networks)
        yield shared
    yield from _unused(site, breakdown)
    yield from _told(site, breakdown)
    agents = GaugeMetricFamily(
        "oneroof_agents", "Parts of a service by whether they report.", labels=("site", "service", "binary", "state")
    )
    for agent in breakdown.agents:
        for state in ("up", "down", "disabled"):
            agents.add_metric((site, agent.service, agent.binary, state), getattr(agent, state))
    yield agents


def build_api_metrics(site: str, parts: Mapping[str, bool], seconds: Mapping[str, float]) -> Iterator[Metric]:
    """Give whether each API answered every question of the last reading, and how long it took for them."""
    success = GaugeMetricFamily(
        "oneroof_api_success", "Whether the API answered every list of the last reading.", labels=("site", "service")
    )
    duration = GaugeMetricFamily(
        "oneroof_api_answer_seconds", "Time the API took for its lists in the last reading.", labels=("site", "service")
    )
    for service, own in sorted(SERVICE_OF.items()):
        if not any(part in parts for part in own):
            continue
        success.add_metric((site, service), float(all(parts.get(part, False) for part in own)))
        duration.add_metric((site, service), sum(seconds.get(part, 0.0) for part in own))
    yield from (success, duration)


def _hosts(site: str, hosts: tuple[HostUse, ...]) -> Iterator[Metric]:
    def family(name: str, words: str) -> GaugeMetricFamily:
        return GaugeMetricFamily(f"oneroof_host_{name}", words, labels=("site", "host"))

    up = family("up", "Whether the host's compute service reports and is enabled.")
    values = {
        "physical_cores": family("physical_cores", "Processors of the host."),
        "physical_memory_bytes": family("physical_memory_bytes", "Memory of the host."),
        "capacity_cores": family("capacity_cores", "Virtual cores that the host may give, after its allocation ratio."),
        "capacity_memory_bytes": family("capacity_memory_bytes", "Memory that the host may give, after its reserve."),
        "usage_cores": family("usage_cores", "Virtual cores given to servers on the host."),
        "usage_memory_bytes": family("usage_memory_bytes", "Memory given to servers on the host, and its own reserve."),
        "servers": family("servers", "Servers on the host."),
    }
    for host in hosts:
        up.add_metric((site, host.name), float(host.up and host.enabled))
        for name, metric in values.items():
            if (value := getattr(host, name)) is not None:
                metric.add_metric((site, host.name), value)
    yield up
    yield from (metric for metric in values.values() if metric.samples)


def _unused(site: str, breakdown: Breakdown) -> Iterator[Metric]:
    for name, words in (
        ("unattached_volumes", "Volumes of the project that no server has."),
        ("unattached_volume_bytes", "Size of the volumes that no server has."),
        ("unused_floating_addresses", "Floating addresses of the project that lead nowhere."),
    ):
        family = GaugeMetricFamily(f"oneroof_{name}", words, labels=_PROJECT)
        for each in breakdown.unused:
            if (value := getattr(each, name)) is not None:
                family.add_metric((each.department, each.project, site), value)
        if family.samples:
            yield family


def _told(site: str, breakdown: Breakdown) -> Iterator[Metric]:
    at = GaugeMetricFamily(
        "oneroof_quota_read_timestamp_seconds",
        "When limits of servers and volumes, and containers, of the project were read: some projects a turn.",
        labels=_PROJECT,
    )
    size = GaugeMetricFamily("oneroof_object_bytes", "Bytes of the project's objects.", labels=_PROJECT)
    objects = GaugeMetricFamily("oneroof_objects", "Objects of the project.", labels=_PROJECT)
    for told in breakdown.told:
        labels = (told.department, told.project, site)
        at.add_metric(labels, told.read_at)
        if told.object_bytes is not None and told.objects is not None:
            size.add_metric(labels, told.object_bytes)
            objects.add_metric(labels, told.objects)
    own = (*_PROJECT, "container")
    container_bytes = GaugeMetricFamily(
        "oneroof_container_bytes", "Bytes by container; all but a project's 20 largest as (others).", labels=own
    )
    container_objects = GaugeMetricFamily("oneroof_container_objects", "Objects by container, likewise.", labels=own)
    for container in breakdown.containers:
        key = (container.department, container.project, site, container.container)
        container_bytes.add_metric(key, container.bytes)
        container_objects.add_metric(key, container.objects)
    yield from (f for f in (at, size, objects, container_bytes, container_objects) if f.samples)
