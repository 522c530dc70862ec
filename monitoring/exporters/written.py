"""How big each volume is, and how much of it was ever written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from prometheus_client.core import GaugeMetricFamily, Metric

from monitoring.breakdown import NamedVolume

_VOLUME = ("department", "project", "site", "volume")


def build_written_metrics(site: str, volumes: Iterable[NamedVolume], written: Mapping[str, int]) -> Iterator[Metric]:
    """Give every volume that both the cloud and its storage know."""
    size = GaugeMetricFamily("oneroof_volume_size_bytes", "Size of the volume.", labels=_VOLUME)
    used = GaugeMetricFamily(
        "oneroof_volume_written_bytes", "Most that can be on the volume: what was written and not discarded.", labels=_VOLUME
    )
    volumes = tuple(volumes)
    count = Counter((volume.department, volume.project, volume.name) for volume in volumes)
    for volume in volumes:
        if (told := written.get(volume.volume_id)) is not None:
            twice = count[volume.department, volume.project, volume.name] > 1
            name = f"{volume.name} {volume.volume_id[:8]}" if twice else volume.name
            size.add_metric((volume.department, volume.project, site, name), volume.bytes)
            used.add_metric((volume.department, volume.project, site, name), told)
    yield from (family for family in (size, used) if family.samples)
