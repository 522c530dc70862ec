"""What the shared cloud saves, from a baseline, assumptions and what was measured: formulas only, nothing is read here.

F1  power of a server       P(u) = idle + (max - idle) * u             watts; Cloud Carbon Footprint's compute estimator
F2  energy before           sum(n * P(u)) * PUE / 1000 * 8760          kWh a year, servers already switched off
F3  dominant share          s_t = max over resources(usage_t / capacity)
F4  hosts attributed        H_t = H * s_t / max(1, sum of all s)       idle = H - sum(H_t), so all shares add up to H
F5  energy in the cloud     H_t * P_host(u) * PUE_cloud / 1000 * 8760  u is measured, mean of the hosts
F6  avoided servers         servers switched off - H_t
F7  avoided cost            (energy + maintenance + space + price / lifetime) of servers switched off - the same of H_t
F8  saving (money)          energy of servers switched off + maintenance no longer paid - energy and maintenance of H_t
F9  platform                n * P_host(u_platform), maintenance, space, price / lifetime of what runs the cloud itself
F10 racks emptied           servers switched off / servers a rack held, less hosts and platform / the same
F11 consolidation ratio     servers switched off / hosts attributed to the departments
Servers still running count 0 in all of them. Idle pool and platform cost as well: totals carry it, no department does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from monitoring.savings.survey import Baseline, DepartmentBaseline, ServerGroup
from tenants.assumptions.figures import Figure
from tenants.assumptions.model import HOURS_A_YEAR, Assumptions, power

_NAMED = 12
"""Departments that one sentence names; more are counted."""
IDLE = "(idle)"
"""The name of what no department uses; no department can be called so."""
PLATFORM = "(platform)"
"""The name of the machines that run the cloud itself, likewise."""


@dataclass(frozen=True)
class CloudUse:
    """What the cloud was measured to be and to do."""

    hosts: float
    """Hosts that run servers; in a period, their mean."""
    shares: Mapping[str, float]
    """Dominant share of each department (F3), 0..1 of the whole cloud."""
    host_utilisation: float | None
    """Mean CPU utilisation of the hosts, 0..1; None where it was not measured."""
    platform: Platform | None = None
    """None where it was not measured: totals are without its cost then, and say so."""


@dataclass(frozen=True)
class Platform:
    """The machines that run the cloud itself and no department's servers."""

    hosts: float
    utilisation: float
    """Their mean CPU utilisation, 0..1."""


@dataclass(frozen=True)
class Cost:
    """What some hosts take."""

    hosts: float
    energy: float
    """kWh a year."""
    cost: float
    """Yuan a year: energy, maintenance, space and depreciation."""
    cash: float
    """Of these, energy and maintenance."""


@dataclass(frozen=True)
class DepartmentSavings:
    """One department's part; money in yuan a year, energy in kWh a year, None where it could not be computed."""

    department: str
    surveyed: bool
    servers_before: int
    servers_retired: int
    servers_proven: int
    """Of those switched off, how many a source proves to be."""
    utilisation_before: float | None
    hosts: float
    avoided_servers: float
    energy_before: float
    now: Cost | None
    """What its part of the hosts takes."""
    energy_saved: float | None
    carbon_saved: float | None
    """Kilograms of CO2 a year."""
    avoided_cost: float | None
    saving: float | None

    @property
    def servers_running(self) -> int:
        """Surveyed servers that are not switched off yet: they save nothing."""
        return self.servers_before - self.servers_retired


@dataclass(frozen=True)
class Savings:
    """All departments, the idle pool, and how much of the whole the figures cover."""

    departments: tuple[DepartmentSavings, ...]
    hosts: float
    idle_hosts: float
    idle: Cost | None
    """What the hosts that nobody uses cost; None where their use was not measured."""
    platform: Cost | None
    """What the machines that run the cloud itself cost; None where they were not counted."""
    racks: float
    """Emptied racks less those that the cloud takes."""
    consolidation: float | None
    """Servers switched off for each host that departments use; None where they use none."""
    coverage: float
    """Departments with a baseline over departments on the cloud, 0..1."""
    measured: float
    """Surveyed servers whose utilisation was measured over all surveyed servers, 0..1."""
    energy_saved: float | None
    carbon_saved: float | None
    avoided_cost: float | None
    saving: float | None
    example: bool
    """Whether the survey or the prices are a sample that describes no real machine room."""
    missing: tuple[str, ...]
    """What could not be computed, and why."""


def dominant_share(usage: Mapping[str, float], capacity: Mapping[str, float]) -> float:
    """F3: give the largest part of any one resource that the usage takes, 0..1."""
    return max((usage.get(name, 0.0) / total for name, total in capacity.items() if total > 0), default=0.0)


def attribute_hosts(hosts: float, shares: Mapping[str, float]) -> dict[str, float]:
    """F4: give each department its hosts, and ``(idle)`` the rest; the values add up to ``hosts``."""
    whole = max(1.0, sum(shares.values()))
    attributed = {name: hosts * share / whole for name, share in shares.items()}
    return attributed | {IDLE: max(0.0, hosts - sum(attributed.values()))}


def build_savings(baseline: Baseline, assumptions: Assumptions, use: CloudUse, today: date) -> Savings:
    """Give what is saved as of ``today``."""
    hosts = attribute_hosts(use.hosts, use.shares)
    names = sorted(set(baseline.departments) | set(use.shares))
    departments = tuple(
        _department(name, baseline.departments.get(name), assumptions, hosts.get(name, 0.0), use, today) for name in names
    )
    idle = _cost(hosts[IDLE], assumptions, use.host_utilisation)
    platform = _cost(use.platform.hosts, assumptions, use.platform.utilisation) if use.platform else None
    on_cloud = set(use.shares)
    groups = [group for entry in baseline.departments.values() for group in entry.groups]
    surveyed = sum(group.servers.value for group in groups)
    measured = sum(group.servers.value for group in groups if _is_measured(group.utilisation, baseline))
    overhead = [cost for cost in (idle, platform) if cost]
    energy = _total([d.energy_saved for d in departments], [cost.energy for cost in overhead], idle)
    retired = sum(department.servers_retired for department in departments)
    used = use.hosts - hosts[IDLE]
    taken = use.hosts + (use.platform.hosts if use.platform else 0)
    return Savings(
        departments=departments,
        hosts=use.hosts,
        idle_hosts=hosts[IDLE],
        idle=idle,
        platform=platform,
        racks=(retired - taken) / assumptions.servers_a_rack.value,
        consolidation=retired / used if used else None,
        coverage=len(on_cloud & set(baseline.departments)) / len(on_cloud) if on_cloud else 0.0,
        measured=measured / surveyed if surveyed else 0.0,
        energy_saved=energy,
        carbon_saved=None if energy is None else energy * assumptions.grid_factor.value,
        avoided_cost=_total([d.avoided_cost for d in departments], [cost.cost for cost in overhead], idle),
        saving=_total([d.saving for d in departments], [cost.cash for cost in overhead], idle),
        example=baseline.is_example or assumptions.is_example,
        missing=_missing(baseline, use),
    )


def _department(
    name: str, entry: DepartmentBaseline | None, given: Assumptions, hosts: float, use: CloudUse, today: date
) -> DepartmentSavings:
    groups = () if entry is None else entry.groups
    pue = 1.0 if entry is None else entry.pue.value
    moved = name in use.shares  # servers that this cloud does not replace are none of its merits
    retired = [group for group in groups if moved and group.retired_on is not None and group.retired_on <= today]
    before, switched_off = _count(groups), _count(retired)
    energy_before = sum(
        group.servers.value
        * power(group.idle_watts.value, group.max_watts.value, group.utilisation.value)
        * pue
        / 1000
        * HOURS_A_YEAR
        for group in retired
    )
    now = _cost(hosts, given, use.host_utilisation)
    saved = cost = cash = None
    if now is not None:
        saved = energy_before - now.energy
        per_server = given.space.value + given.server_price.value / given.server_lifetime_years.value
        price = given.electricity_price.value
        gross = energy_before * price + sum(g.servers.value * (g.maintenance.value + per_server) for g in retired)
        cost = gross - now.cost
        ended = [group for group in retired if group.contract_ended_on and group.contract_ended_on <= today]
        unpaid = energy_before * price + sum(group.servers.value * group.maintenance.value for group in ended)
        cash = unpaid - now.cash
    return DepartmentSavings(
        department=name,
        surveyed=entry is not None,
        servers_before=before,
        servers_retired=switched_off,
        servers_proven=_count([group for group in retired if group.retired_proof]),
        utilisation_before=_mean_utilisation(groups),
        hosts=hosts,
        avoided_servers=switched_off - hosts,
        energy_before=energy_before,
        now=now,
        energy_saved=saved,
        carbon_saved=None if saved is None else saved * given.grid_factor.value,
        avoided_cost=cost,
        saving=cash,
    )


def _cost(hosts: float, given: Assumptions, utilisation: float | None) -> Cost | None:
    if utilisation is None:
        return None
    watts = power(given.host_idle_watts.value, given.host_max_watts.value, utilisation)
    energy = hosts * watts * given.cloud_pue.value / 1000 * HOURS_A_YEAR
    cash = energy * given.electricity_price.value + hosts * given.host_maintenance.value
    yearly = given.host_price.value / given.server_lifetime_years.value + given.space.value
    return Cost(hosts, energy, cash + hosts * yearly, cash)


def _count(groups: tuple[ServerGroup, ...] | list[ServerGroup]) -> int:
    return round(sum(group.servers.value for group in groups))


def _mean_utilisation(groups: tuple[ServerGroup, ...]) -> float | None:
    cores = sum(group.servers.value * group.cores.value for group in groups)
    if not cores:
        return None
    return sum(group.servers.value * group.cores.value * group.utilisation.value for group in groups) / cores


def _is_measured(figure: Figure, baseline: Baseline) -> bool:
    return baseline.sources[figure.source].confidence == "measured"


def _total(parts: list[float | None], overhead: list[float], idle: Cost | None) -> float | None:
    known = [part for part in parts if part is not None]
    if idle is None or len(known) != len(parts):
        return None
    return sum(known) - sum(overhead)


def _missing(baseline: Baseline, use: CloudUse) -> tuple[str, ...]:
    missing = []
    for names, where in (
        (sorted(set(use.shares) - set(baseline.departments)), "on the cloud without a baseline"),
        (sorted(set(baseline.departments) - set(use.shares)), "in the baseline, but not on the cloud"),
    ):
        if names:
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            missing.append(f"{', '.join(names[:_NAMED])}{more}: {where}, so nothing is counted as replaced")
    if use.host_utilisation is None:
        missing.append("energy and money: the utilisation of the hosts was not measured, so their power is unknown")
    if use.platform is None:
        missing.append("the platform: machines that run the cloud itself were not counted, so totals are without their cost")
    return tuple(missing)
