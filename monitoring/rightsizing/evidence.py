"""What Prometheus stored of servers and projects over a period, each figure with the question that gave it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta

from monitoring.prometheus import Prometheus

_POINTS = 720
_LEAST_STEP = 60

Place = tuple[str, str, str]
"""Department, project, and server; or the name of a volume or a limit instead of a server."""


@dataclass(frozen=True)
class Evidence:
    """Figures of one period; a place that is not there was not measured."""

    period: timedelta
    peak_cores: Mapping[Place, float]
    """Most cores' worth of processor time that a server took over five minutes."""
    mean_cores: Mapping[Place, float]
    peak_memory_bytes: Mapping[Place, float]
    """Only of servers whose balloon driver reports."""
    measured: Mapping[Place, float]
    """Share of the period in which the server was measured, 0..1."""
    peak_usage: Mapping[Place, float]
    """Most of a limit that was in use."""
    limits: Mapping[Place, float]
    usage_measured: Mapping[Place, float]
    unused: Mapping[Place, float]
    """Volumes without a server and addresses without a port that there were at every moment of the period."""
    written_bytes: Mapping[Place, float]
    """Most of a volume that was ever written, by its name; only where the storage tells."""
    volume_bytes: Mapping[Place, float]
    """Its size, the last that was told."""
    volume_measured: Mapping[Place, float]
    queries: Mapping[str, str]
    """Name of a figure to the question."""


LIMITS = ("servers", "cores", "memory_bytes", "volumes", "storage_bytes", "floating_addresses")
UNUSED = ("unattached_volumes", "unused_floating_addresses")


def build_queries(period: timedelta) -> dict[str, str]:
    """Give every question for a period, at most 720 points each."""
    seconds = int(period.total_seconds())
    step = max(_LEAST_STEP, seconds // _POINTS)
    over = f"[{seconds}s:{step}s]"
    by = "max by (department, project, server)"
    rate = "rate(oneroof_server_cpu_seconds_total[5m])"
    queries = {
        "peak_cores": f"{by} (max_over_time({rate}{over}))",
        "mean_cores": f"{by} (avg_over_time({rate}{over}))",
        "peak_memory_bytes": f"{by} (max_over_time(oneroof_server_memory_used_bytes[{seconds}s]))",
        "measured": f"{by} (count_over_time(oneroof_server_cores{over})) / {seconds // step}",
    }
    whole = "max by (department, project)"
    for limit in LIMITS:
        queries[f"peak_usage {limit}"] = f"{whole} (max_over_time(oneroof_usage_{limit}[{seconds}s]))"
        queries[f"limits {limit}"] = f"{whole} (oneroof_quota_{limit})"
        queries[f"usage_measured {limit}"] = f"{whole} (count_over_time(oneroof_usage_{limit}{over})) / {seconds // step}"
    by_volume = "max by (department, project, volume)"
    queries["written_bytes"] = f"{by_volume} (max_over_time(oneroof_volume_written_bytes[{seconds}s]))"
    queries["volume_bytes"] = f"{by_volume} (oneroof_volume_size_bytes)"
    queries["volume_measured"] = f"{by_volume} (count_over_time(oneroof_volume_written_bytes{over})) / {seconds // step}"
    for what in UNUSED:
        measured = f"count_over_time(oneroof_{what}{over}) / {seconds // step} >= 0.9"
        queries[f"unused {what}"] = f"{whole} (min_over_time(oneroof_{what}[{seconds}s]) and ({measured}))"
    return queries


def collect_evidence(prometheus: Prometheus, period: timedelta) -> Evidence:
    """Ask every question; raise PrometheusError where one is not answered."""
    queries = build_queries(period)
    figures: dict[str, dict[Place, float]] = {}
    for name, query in queries.items():
        kind, _, what = name.partition(" ")
        for sample in prometheus.query(query, timeout=60):
            thing = what or sample.labels.get("server") or sample.labels["volume"]
            figures.setdefault(kind, {})[sample.labels["department"], sample.labels["project"], thing] = sample.value
    kinds = (field.name for field in fields(Evidence) if field.name not in ("period", "queries"))
    return Evidence(period=period, queries=queries, **{kind: figures.get(kind, {}) for kind in kinds})
