"""Whether the measuring itself works: success, duration and time of the last reading of each source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from monitoring.collector import Reading

_LABELS = ("site", "source")


def build_source_metrics(
    site: str,
    readings: Iterable[Reading[Any]],
    parts: Mapping[str, bool],
    seconds: Mapping[str, float],
    parts_read_at: Mapping[str, float],
) -> Iterator[Metric]:
    """Give the state of every source that was read at least once.

    ``parts`` are those of the source cloud; ``seconds`` is how long each took, ``parts_read_at`` when it last succeeded.
    """
    success = GaugeMetricFamily("oneroof_source_success", "Whether the last reading succeeded.", labels=_LABELS)
    duration = GaugeMetricFamily("oneroof_source_duration_seconds", "Time the last reading took.", labels=_LABELS)
    read_at = GaugeMetricFamily(
        "oneroof_source_read_timestamp_seconds", "When the last successful reading ended.", labels=_LABELS
    )
    for reading in readings:
        if reading.duration is None:
            continue
        success.add_metric((site, reading.name), float(reading.success))
        duration.add_metric((site, reading.name), reading.duration)
        if reading.read_at is not None:
            read_at.add_metric((site, reading.name), reading.read_at)
    for part, good in sorted(parts.items()):
        success.add_metric((site, f"cloud/{part}"), float(good))
        if part in seconds:
            duration.add_metric((site, f"cloud/{part}"), seconds[part])
        if part in parts_read_at:
            read_at.add_metric((site, f"cloud/{part}"), parts_read_at[part])
    yield from (success, duration, read_at)


def build_call_metrics(site: str, calls: int, last: int | None) -> Iterator[Metric]:
    """Give how many calls to the cloud's API the exporter has made since it started, and in its last turn."""
    total = CounterMetricFamily("oneroof_api_calls", "Calls that this exporter made to the cloud's API.", labels=("site",))
    total.add_metric((site,), calls)
    yield total
    if last is not None:
        turn = GaugeMetricFamily(
            "oneroof_api_calls_of_turn",
            "Calls to the cloud's API in the last turn; 0 where another exporter's was taken.",
            labels=("site",),
        )
        turn.add_metric((site,), last)
        yield turn
