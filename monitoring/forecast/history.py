"""What Prometheus, or the store for years, holds of the cloud's use by days, each figure with the question that gave it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from monitoring.forecast.model import Day
from monitoring.prometheus import Prometheus

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Resource:
    """Something that can run out."""

    name: str
    unit: str
    use: str
    """Question for what is in use at a moment; departments and the cloud's own."""
    capacity: str
    """Question for what there is."""
    divisor: float = 1


def _given(what: str) -> str:
    return f"sum(max by (host, site) (oneroof_host_usage_{what}))"


RESOURCES = (
    Resource("cores", "cores", _given("cores"), "sum(max by (site) (oneroof_capacity_cores))"),
    Resource("memory", "GiB", _given("memory_bytes"), "sum(max by (site) (oneroof_capacity_memory_bytes))", 1024**3),
    Resource(
        "storage written",
        "GiB",
        "sum(max by (site) (oneroof_stored_bytes))",
        "sum(max by (site) (oneroof_capacity_storage_bytes))",
        1024**3,
    ),
    Resource(
        "floating addresses",
        "addresses",
        "sum(max by (department, project, site) (oneroof_usage_floating_addresses))",
        "sum(max by (site) (oneroof_capacity_floating_addresses))",
    ),
)


@dataclass(frozen=True)
class History:
    """What was stored of one resource, in its unit."""

    resource: Resource
    days: tuple[Day, ...]
    capacity: float | None
    """The last that was told in the period."""
    queries: Mapping[str, str]


def collect_history(stores: Iterable[Prometheus], days: int, now: datetime) -> tuple[History, ...]:
    """Ask every store, take of each resource the one with most days; raise PrometheusError where one does not answer."""
    told = [[_ask(store, resource, days, now) for resource in RESOURCES] for store in stores]
    return tuple(max(each, key=lambda history: len(history.days)) for each in zip(*told, strict=True))


def _ask(store: Prometheus, resource: Resource, days: int, now: datetime) -> History:
    end = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    # each point is the last second of a day and tells the most of it: the next midnight is none of its own
    last_second = end - timedelta(seconds=1)
    whole = f"max_over_time({resource.use}[1d:1h])"
    points = store.points(whole, last_second - (days - 1) * _DAY, last_second, _DAY, timeout=60)
    found = [Day(datetime.fromtimestamp(at, UTC).date(), value / resource.divisor) for at, value in points]
    # today is not over and is the last one
    so_far = f"max_over_time({resource.use}[{int((now - end).total_seconds()) + 1}s:1h])"
    today = store.query(so_far, timeout=60, at=now.timestamp())
    found += [Day(end.date(), sample.value / resource.divisor) for sample in today]
    last = f"last_over_time({resource.capacity}[{days}d:1h])"
    capacity = store.query(last, timeout=60, at=now.timestamp())
    return History(
        resource,
        tuple(found),
        capacity[0].value / resource.divisor if capacity else None,
        {"use": whole, "use of today": so_far, "capacity": last},
    )
