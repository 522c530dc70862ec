"""Whether the departments' servers answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from monitoring.probe import Answer

_LABELS = ("department", "project", "site", "server")


def build_probe_metrics(site: str, answers: Iterable[Answer]) -> Iterator[Metric]:
    """Give the last answer of every probed server."""
    success = GaugeMetricFamily(
        "oneroof_probe_success", "Whether the server answered with the expected text.", labels=_LABELS
    )
    duration = GaugeMetricFamily("oneroof_probe_duration_seconds", "Time the answer took.", labels=_LABELS)
    asked = GaugeMetricFamily("oneroof_probe_timestamp_seconds", "When the server was asked.", labels=_LABELS)
    for answer in answers:
        labels = (answer.probe.department, answer.probe.project, site, answer.probe.server)
        success.add_metric(labels, float(answer.good))
        duration.add_metric(labels, answer.seconds)
        asked.add_metric(labels, answer.at.timestamp())
    yield from (success, duration, asked)
