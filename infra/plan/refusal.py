"""Why a declaration is not given, before it is planned: less than what is used, or more than the cloud has left. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from infra.desired import DesiredProject, DesiredState
from infra.plan.capacity import CALLED, Stock, number
from infra.plan.recorded import Recorded, declared_quotas
from infra.plan.usage import Usage
from infra.shared import DesiredFlavor

Growth = Mapping[str, int]
"""By how much limits that draw on something finite rise, as in :data:`CALLED`."""


def find_refusals(
    desired: DesiredState,
    recorded: Recorded,
    usage: Usage,
    stocks: Mapping[str, Stock],
    flavors: Mapping[str, DesiredFlavor],
    overbooking: float,
) -> Iterator[str]:
    """Give a sentence for each limit that cannot be given.

    ``overbooking`` is how many times what is left one department's quotas may grow by; what it declares to be built must be
    left in full.
    """
    for project in desired.projects:
        yield from _below_use(project, recorded, usage)
    growth, building = build_growth(desired, recorded), _building(desired, recorded, usage, flavors)
    for limit, stock in stocks.items():
        if (more := building.get(limit, 0)) > stock.left:
            yield (
                f"{stock.called}: what is declared needs {more} {stock.unit} more, "
                f"expected at most {number(stock.left)}, which the cloud has left"
            )
        elif (more := growth.get(limit, 0)) > (most := stock.left * overbooking):
            times = f" {number(overbooking)} times" if overbooking != 1 else ""
            yield (
                f"{stock.called}: the quota grows by {more} {stock.unit}, expected at most {number(most)}: "
                f"the cloud has {number(stock.left)} left, which one department's growth may promise{times or ' once'}"
            )


def build_growth(desired: DesiredState, recorded: Recorded) -> Growth:
    """Give by how much the department's quotas rise in all; what one of its projects gives back another may have."""
    growth = dict.fromkeys(CALLED, 0)
    declared = declared_quotas(desired)
    for key, service in declared.keys() | recorded.quotas.keys():
        for limit in CALLED:
            of, _, name = limit.partition("/")
            if of == service:
                new, old = (limits.get((key, service), {}).get(name, 0) for limits in (declared, recorded.quotas))
                growth[limit] += new - old
    return growth


def _below_use(project: DesiredProject, recorded: Recorded, usage: Usage) -> Iterator[str]:
    identifier = recorded.projects.get(project.key)
    for service, limits in project.quotas.items():
        before = recorded.quotas.get((project.key, service), {})
        for limit, declared in limits.items():
            used = usage.of(identifier, service, limit)
            if used is not None and used > declared and before.get(limit) != declared:
                called = f"{service.replace('_', ' ')} quota"
                yield (
                    f"project {project.key}: {called}: {limit}: got {declared}, expected at least {used}, which is used now"
                    f". HINT: remove what uses it in a change of its own, before this one"
                )


def _building(
    desired: DesiredState, recorded: Recorded, usage: Usage, flavors: Mapping[str, DesiredFlavor]
) -> Mapping[str, int]:
    """Give what is declared beyond what is used now, project by project; what another project frees does not help it."""
    more = dict.fromkeys(CALLED, 0)
    for project in desired.projects:
        sizes = [flavors[server.flavor] for server in project.servers if server.flavor in flavors]
        needed = {
            "compute/cores": sum(size.vcpus for size in sizes),
            "compute/ram": sum(size.ram for size in sizes),
            "block_storage/gigabytes": sum(volume.size for volume in project.volumes),
            "network/floating_ips": sum(server.floating_ip for server in project.servers),
        }
        for limit, amount in needed.items():
            used = usage.of(recorded.projects.get(project.key), *limit.split("/"))
            more[limit] += max(0, amount - used) if used is not None else 0
    return more
