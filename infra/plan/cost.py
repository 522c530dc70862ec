"""What the cores and memory that a plan's quotas reserve cost: hosts, energy and money, as differences. Pure.

hosts   of a project: the larger of cores / cores of a mean host and memory / memory of a mean host, both after allocation
        ratios; declared less actual
energy  hosts * P(u) * PUE / 1000 * 8760 / 12                                     kWh a month, u is the planned utilisation
money   energy * price of electricity + hosts * (price / lifetime + maintenance + space) / 12                   yuan a month
Factors: :mod:`tenants.assumptions`. Disks are in a host's price; addresses and object space are not counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from infra.plan.capacity import Host
from infra.plan.document import Cost
from tenants.assumptions.model import CURRENCY, HOURS_A_YEAR, Assumptions, power

_Limits = Mapping[str, int]


def build_cost(pairs: Iterable[tuple[_Limits, _Limits]], host: Host | None, given: Assumptions) -> Cost | None:
    """Give the cost of replacing actual by declared limits of compute, project by project; nothing where none changes."""
    every = [(actual, declared) for actual, declared in pairs if actual != declared]
    cores = sum(_grown(pair, "cores") for pair in every)
    memory = sum(_grown(pair, "ram") for pair in every)
    if not every or (not cores and not memory):
        return None
    hosts = None if host is None else sum(_hosts(declared, host) - _hosts(actual, host) for actual, declared in every)
    energy = None if hosts is None else monthly_energy(hosts, given)
    money = None if hosts is None or energy is None else monthly_money(hosts, energy, given)
    return Cost(cores, memory, _rounded(hosts, 4), _rounded(energy, 2), _rounded(money, 2), CURRENCY, given.is_example)


def monthly_energy(hosts: float, given: Assumptions) -> float:
    """Give the kWh a month that so many hosts take, cooling included."""
    watts = power(given.host_idle_watts.value, given.host_max_watts.value, given.planned_utilisation.value)
    return hosts * watts * given.cloud_pue.value / 1000 * HOURS_A_YEAR / 12


def monthly_money(hosts: float, energy: float, given: Assumptions) -> float:
    """Give the yuan a month that so many hosts and their energy cost."""
    yearly = given.host_price.value / given.server_lifetime_years.value + given.host_maintenance.value + given.space.value
    return energy * given.electricity_price.value + hosts * yearly / 12


def _grown(pair: tuple[_Limits, _Limits], limit: str) -> int:
    actual, declared = pair
    return declared.get(limit, 0) - actual.get(limit, 0)


def _hosts(limits: _Limits, host: Host) -> float:
    return max(limits.get("cores", 0) / host.cores, limits.get("ram", 0) / host.memory_mib)


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
