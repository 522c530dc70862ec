"""What a report asks of the stored series; it keeps each answer with its question, so that anybody can ask again.

``[Ns:Ss]`` reads every S seconds: each reading stands for S seconds, and a moment of which
nothing is stored counts for nothing.
Gauges are read at the begin of each step, rates and means of a past time at its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from monitoring.periods.period import Period

OWNED = "department, project, site"
GIVEN = {
    "cores": "oneroof_usage_cores",
    "memory_bytes": "oneroof_usage_memory_bytes",
    "storage_bytes": "oneroof_usage_storage_bytes",
    "object_bytes": "oneroof_object_bytes",
    "floating_addresses": "oneroof_usage_floating_addresses",
}
"""What a department is given, and its metric."""
LIMITED = {
    "cores": "oneroof_quota_cores",
    "memory_bytes": "oneroof_quota_memory_bytes",
    "storage_bytes": "oneroof_quota_storage_bytes",
    "floating_addresses": "oneroof_quota_floating_addresses",
}
CAPACITY = {
    "cores": "oneroof_capacity_cores",
    "memory_bytes": "oneroof_capacity_memory_bytes",
    "storage_bytes": "oneroof_capacity_storage_bytes",
    "floating_addresses": "oneroof_capacity_floating_addresses",
}
RECORDED = {
    "worked": ("department:oneroof_server_cpu:rate2m", "department:oneroof_server_cpu:avg1h"),
    "running": ("department:oneroof_server_cores:sum", "department:oneroof_server_cores:avg1h"),
}
"""Processors that servers kept busy, and cores that ran: of a moment, and of the hour before it."""
SITE = {
    "processor": ("avg(site:node_cpu:utilisation2m)", "avg(site:node_cpu:utilisation1h)"),
    "memory": ("avg(site:node_memory:utilisation)", "avg(site:node_memory:utilisation1h)"),
    "storage": (
        "sum(max by (site) (oneroof_stored_bytes)) / sum(max by (site) (oneroof_capacity_storage_bytes))",
        "avg(site:oneroof_storage:utilisation1h)",
    ),
}
"""Utilisation of the hosts that run servers, and of the storage, 0..1: of a moment, and of the hour before it."""


@dataclass(frozen=True)
class Question:
    """One question. ``first`` and ``step`` are those of a plot's points, else it asks of one moment."""

    key: str
    query: str
    at: float
    """Unix time; the last point of a plot."""
    first: float | None = None
    step: float | None = None


def usage_questions(period: Period, department: str = "") -> Iterator[Question]:
    """Ask what each department, or one, was given, might have taken and really worked with: sums of readings."""
    of = f'{{department="{department}"}}' if department else ""
    for name, metric in GIVEN.items():
        yield Question(f"given/{name}", f"sum by (department) ({_summed(_own(metric + of), period)})", _begins(period))
    for name, metric in LIMITED.items():
        yield Question(f"quota/{name}", f"sum by (department) ({_summed(_own(metric + of), period)})", _begins(period))
    for key, (fine, coarse) in RECORDED.items():
        series = (coarse if period.step == 3600 else fine) + of
        summed = _summed(f"max by (department, site) ({series})", period)
        yield Question(key, f"sum by (department) ({summed})", _ends(period))
    for key, expression in (
        ("given/plot", f"sum({_own(GIVEN['cores'] + of)})"),
        ("worked/plot", f"sum(max by (department, site) ({RECORDED['worked'][period.step == 3600]}{of}))"),
    ):
        yield _plotted(key, expression, period)
    yield Question("measured/cloud", _counted("max(oneroof_hosts)", period), _begins(period))


def cloud_questions(period: Period) -> Iterator[Question]:
    """Ask what the cloud had, and how much of it worked."""
    for name, metric in CAPACITY.items():
        yield Question(f"capacity/{name}", f"sum({_summed(f'max by (site) ({metric})', period)})", _begins(period))
    yield _plotted("capacity/plot", f"sum(max by (site) ({CAPACITY['cores']}))", period)
    yield Question("hosts", f"sum({_summed('max by (site) (oneroof_hosts)', period)})", _begins(period))
    succeeded = _summed("max by (source, site) (oneroof_source_success)", period)
    yield Question("sources", f"max by (source) ({succeeded})", _begins(period))
    for name, pair in SITE.items():
        of_step = pair[period.step == 3600]
        reading = f"({of_step})[{period.seconds}s:{period.step}s]"
        for figure, function in (
            ("mean", "avg_over_time("),
            ("most", "max_over_time("),
            ("p95", "quantile_over_time(0.95, "),
        ):
            yield Question(f"{name}/{figure}", f"{function}{reading})", _ends(period))
        yield Question(f"{name}/measured", f"count_over_time({reading})", _ends(period))
        yield _plotted(f"{name}/plot", of_step, period)


def price_questions(
    period: Period, spans: Iterable[tuple[str, datetime, datetime]], department: str = ""
) -> Iterator[Question]:
    """Ask what each department had of an item between two moments, in the metric's unit and readings, for one price each."""
    of = f'{{department="{department}"}}' if department else ""
    for number, (item, first, end) in enumerate(spans):
        part = Period(first, end)
        reading = f"{_own(GIVEN[item] + of)}[{part.seconds}s:{period.step}s]"
        yield Question(f"priced/{number}", f"sum by (department) (sum_over_time({reading}))", _begins(part))


def platform_questions(period: Period) -> Iterator[Question]:
    """Ask for the machines that run the cloud itself."""
    used = "platform:node_cpu:utilisation1h" if period.step == 3600 else "platform:node_cpu:utilisation2m"
    for key, series in (("platform/hosts", "platform:node_hosts:count"), ("platform/processor", used)):
        yield Question(key, f"avg_over_time(max({series})[{period.seconds}s:{period.step}s])", _ends(period))


def kinds_questions(period: Period) -> Iterator[Question]:
    """Ask by host and by flavor."""
    of_hour = period.step == 3600
    for kind, key, fine, coarse in (
        ("host", "worked", "host:oneroof_server_cpu:rate2m", "host:oneroof_server_cpu:avg1h"),
        ("flavor", "worked", "flavor:oneroof_server_cpu:rate2m", "flavor:oneroof_server_cpu:avg1h"),
        ("flavor", "running", "flavor:oneroof_server_cores:sum", "flavor:oneroof_server_cores:avg1h"),
    ):
        summed = _summed(f"max by ({kind}, site) ({coarse if of_hour else fine})", period)
        yield Question(f"{kind}/{key}", f"sum by ({kind}) ({summed})", _ends(period))
    for key, metric in (("cores", "oneroof_host_physical_cores"), ("given", "oneroof_host_usage_cores")):
        yield Question(
            f"host/{key}", f"sum by (host) ({_summed(f'max by (host, site) ({metric})', period)})", _begins(period)
        )


def _plotted(key: str, expression: str, period: Period) -> Question:
    step = period.plot_step.total_seconds()
    mean = expression if step == period.step else f"avg_over_time(({expression})[{step:.0f}s:{period.step}s])"
    points = max(1, int(period.seconds // step))
    return Question(key, mean, _ends(period), _ends(period) - step * (points - 1), step)


def _counted(expression: str, period: Period) -> str:
    return f"count_over_time({expression}[{period.seconds}s:{period.step}s])"


def _own(metric: str) -> str:
    return f"max by ({OWNED}) ({metric})"  # several exporters tell of the same cloud


def _summed(expression: str, period: Period) -> str:
    return f"sum_over_time({expression}[{period.seconds}s:{period.step}s])"


def _begins(period: Period) -> float:
    # a second before the end: the step that begins at the end is none of the period's
    return period.end.timestamp() - 1


def _ends(period: Period) -> float:
    # a second after the end: the step that ended when the period began is none of its own
    return period.end.timestamp() + 1
