"""How much of what the cloud holds is backed up, left out with a reason, or a gap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from backup.coverage.judgement import Judged, count_states


def build_coverage_metrics(site: str, judged: Iterable[Judged]) -> Iterator[Metric]:
    """Give how many things of each department are in each state; states without any are told as 0."""
    things = GaugeMetricFamily(
        "oneroof_backup_coverage_things",
        "Things that hold data, by how it stands with their backup.",
        labels=("department", "state", "site"),
    )
    for (department, state), count in sorted(count_states(judged).items()):
        things.add_metric((department, state, site), count)
    yield things
