"""What of the cloud must be read to judge a department: only what its change could be refused for. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from infra.desired import DesiredProject, DesiredState
from infra.plan.capacity import CALLED, STOCK_SOURCES
from infra.plan.recorded import Recorded
from infra.plan.usage import USE_SOURCES


def sources_needed(desired: DesiredState, recorded: Recorded) -> frozenset[str]:
    """Give the fields of an inventory without which a refusal could be missed; none where nothing grows or shrinks."""
    return frozenset(source for project in desired.projects for source in _of(project, recorded))


def _of(project: DesiredProject, recorded: Recorded) -> Iterator[str]:
    is_there = project.key in recorded.projects
    for service, limits in project.quotas.items():
        before = recorded.quotas.get((project.key, service), {})
        for limit, declared in limits.items():
            called = f"{service}/{limit}"
            if called in CALLED and declared > before.get(limit, 0):
                yield from STOCK_SOURCES[called]
            if is_there and (limit not in before or declared < before[limit]):
                yield from USE_SOURCES.get(called, ())
    for limit in _built(project, recorded):
        yield from STOCK_SOURCES[limit]
        if is_there:
            yield from USE_SOURCES[limit]


def _built(project: DesiredProject, recorded: Recorded) -> Iterator[str]:
    """Give the limits that something new, or something that grows, draws on."""
    there = {(str(each["type"]), _name(each)): each.get("outputs") or {} for each in recorded.resources}
    for server in project.servers:
        name = f"{project.key}/{server.name}"
        if _differs(there.get(("oneroof:compute:Server", name)), "flavor", server.flavor):
            yield from ("compute/cores", "compute/ram")
        if server.floating_ip and ("oneroof:network:FloatingIp", name) not in there:
            yield "network/floating_ips"
    for volume in project.volumes:
        if _differs(there.get(("oneroof:block_storage:Volume", f"{project.key}/{volume.name}")), "size", volume.size):
            yield "block_storage/gigabytes"


def _differs(outputs: Mapping[str, Any] | None, key: str, declared: object) -> bool:
    return outputs is None or outputs.get(key) != declared


def _name(resource: Mapping[str, Any]) -> str:
    return str(resource["urn"]).rpartition("::")[2]
