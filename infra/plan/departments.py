"""Plans departments: reads the cloud, lets the engine preview those that differ, writes nothing anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from infra.agreement import Cloud, find_moved
from infra.apply import CLOUD_STACK, Site, current_of, is_cloud_current, is_current, lost_data, stray_of
from infra.desired import DesiredState
from infra.erasure.retirement import Current, render_standing
from infra.inventory import Inventory
from infra.plan.capacity import Host, Stock, build_host, build_stocks
from infra.plan.cost import build_cost
from infra.plan.document import Cost, DepartmentPlan
from infra.plan.holdings import read_holdings, read_stored
from infra.plan.loss import lost_with
from infra.plan.ports import lost_ports
from infra.plan.recorded import Quotas, actual_quotas, build_recorded, declared_quotas
from infra.plan.refusal import find_refusals
from infra.plan.steps import build_steps, replaced
from infra.plan.usage import Usage, build_usage
from infra.programs import stacks
from infra.programs.cloud import cloud_program
from infra.programs.command import interrupt
from infra.programs.department import department_program
from infra.shared import DesiredCloud, DesiredFlavor, build_cloud
from infra.sharing.grants import missing_grantees, missing_networks, standing
from infra.sharing.record import Entry, load_readable, record_file
from infra.sharing.stray import SHARE_TYPE, describe_stray
from infra.surplus import ROLE_TYPE, find_surplus
from tenants.assumptions.model import Assumptions
from tenants.declaration.catalogue import Catalogue
from tenants.declaration.model import Department

_AT_ONCE = 2


@dataclass(frozen=True)
class Surroundings:
    """What a department is planned against: the cloud as it was read, what may be asked for, what it is worth."""

    usage: Usage
    stocks: Mapping[str, Stock]
    host: Host | None
    flavors: Mapping[str, DesiredFlavor]
    overbooking: float
    assumptions: Assumptions


def build_surroundings(
    found: Inventory | None, catalogue: Catalogue, assumptions: Assumptions, external_network: str
) -> Surroundings:
    """Gather them; what could not be read of the cloud is not judged."""
    flavors = {flavor.name: flavor for flavor in build_cloud(catalogue, (), None).flavors}
    stocks = build_stocks(found, external_network)
    return Surroundings(build_usage(found), stocks, build_host(found), flavors, catalogue.overbooking, assumptions)


def plan_departments(
    site: Site,
    departments: Iterable[Department],
    catalogue: Catalogue,
    around: Surroundings,
    *,
    compared: Inventory | None,
) -> Iterator[DepartmentPlan]:
    """Plan departments, two at once, in their order.

    One that is declared as it was applied, and is in ``compared`` as it was recorded, needs no more; without it the engine
    looks at every resource of every department.
    """
    cloud = None if compared is None else Cloud(compared)
    current = [current_of(site, department, catalogue) for department in departments]
    coming = {each.desired.slug: each.desired for each in current if not each.is_gone}
    known = load_readable(record_file(site.installation))
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="plan") as pool:
        futures = [pool.submit(_plan, site, each, coming, known, cloud, around) for each in current]
        try:
            for future in futures:
                yield future.result()
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            interrupt()
            raise


def plan_cloud(site: Site, desired: DesiredCloud, *, refresh: bool) -> DepartmentPlan:
    """Plan what all departments share."""
    if not refresh and is_cloud_current(site, desired):
        return DepartmentPlan(CLOUD_STACK, "unchanged")
    try:
        steps = stacks.preview(site.engine, CLOUD_STACK, cloud_program(desired), refresh=site.engine.exists(CLOUD_STACK))
    except stacks.StackError as error:
        return DepartmentPlan(CLOUD_STACK, "failed", reasons=error.reasons)
    changes = [step for step in steps if step.operation != "same"]
    lines = build_steps(changes, build_recorded(()), {}, Usage())
    return DepartmentPlan(CLOUD_STACK, "changes" if lines else "unchanged", lines, replaced(lines))


def plan_gone(site: Site, slug: str) -> DepartmentPlan:
    """Tell of a department whose file is there no more: an apply does nothing to it, withdrawing it would lose its data."""
    recorded = build_recorded(stacks.read_resources(site.engine, slug))
    lost = lost_with(recorded, (), frozenset(), read_holdings(site, recorded, lost_data(recorded.resources, frozenset())))
    why = f"no longer declared; `oneroof withdraw {slug}` removes it" if recorded.resources else "its file is gone"
    return DepartmentPlan(slug, "gone", data_lost=lost, reasons=(why,))


def _plan(
    site: Site,
    current: Current,
    coming: Mapping[str, DesiredState],
    known: Sequence[Entry],
    cloud: Cloud | None,
    around: Surroundings,
) -> DepartmentPlan:
    desired, quarantine, engine = current.desired, render_standing(current), site.engine
    slug = desired.slug
    if current.is_gone:
        return DepartmentPlan(slug, "unchanged", reasons=quarantine)
    resources = stacks.read_resources(engine, slug)
    undeclared = () if cloud is None else tuple(find_surplus(resources, cloud))
    stray = stray_of(site, current.department, resources, known)
    same = is_current(site, desired) and resources and cloud is not None and not any(find_moved(resources, cloud))
    if same and not undeclared and not stray:
        return DepartmentPlan(slug, "unchanged", reasons=quarantine)
    recorded = build_recorded(resources)
    declared = declared_quotas(desired)
    usage = replace(around.usage, stored=read_stored(site, recorded, declared))
    refusals = tuple(find_refusals(desired, recorded, usage, around.stocks, around.flavors, around.overbooking))
    if refusals:
        cost = _cost(recorded.quotas, declared, around)
        return DepartmentPlan(slug, "refused", refusals=refusals, cost=cost)
    lost = lost_data(recorded.resources, desired.data_holders)
    kept = tuple(f"{what}: no longer declared, but holds data, so it stays until its erasure is approved" for what in lost)
    kept += tuple(missing_grantees(desired, coming, engine.exists))
    kept += tuple(missing_networks(desired, coming, lambda owner: standing(stacks.read_resources(engine, owner))))
    try:
        program = department_program(desired, site.external_network)
        steps = stacks.preview(engine, slug, program, refresh=engine.exists(slug))
    except stacks.StackError as error:
        return DepartmentPlan(slug, "failed", reasons=error.reasons)
    changes = [step for step in steps if step.operation != "same"]
    changes += (stacks.Step("delete", ROLE_TYPE, each.called) for each in undeclared)
    changes += (stacks.Step("delete", SHARE_TYPE, describe_stray(each)) for each in stray)
    lines = build_steps(changes, recorded, declared, usage)
    kept += tuple(lost_ports(lines, resources, cloud))
    return DepartmentPlan(
        department=slug,
        state="changes" if lines or kept else "unchanged",
        steps=lines,
        replaced=replaced(lines),
        data_lost=lost_with(recorded, lines, desired.data_holders, read_holdings(site, recorded, lost)),
        reasons=(*kept, *quarantine),
        cost=_cost(actual_quotas(recorded, changes), declared, around),
    )


def _cost(actual: Quotas, declared: Quotas, around: Surroundings) -> Cost | None:
    projects = sorted({key for key, service in actual.keys() | declared.keys() if service == "compute"})
    pairs = ((actual.get((key, "compute"), {}), declared.get((key, "compute"), {})) for key in projects)
    return build_cost(pairs, around.host, around.assumptions)
