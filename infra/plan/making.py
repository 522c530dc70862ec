"""Makes a whole plan: what all share, the departments that are asked for, and what the cloud has left for all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from infra.agreement import NOT_COMPARED, SOURCES_NEEDED, Cloud
from infra.apply import Site, has_moved
from infra.desired import build_desired
from infra.inventory import Inventory
from infra.inventory.ahead import Reading, begin_reading
from infra.plan.capacity import Stock, build_capacity, number
from infra.plan.departments import build_surroundings, plan_cloud, plan_departments, plan_gone
from infra.plan.document import CapacityLeft, DepartmentPlan, PlanDocument, build_plan
from infra.site import load_shared
from tenants.assumptions.model import load_assumptions
from tenants.declaration.catalogue import Catalogue
from tenants.declaration.model import Department
from tenants.declaration.revision import Revision

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Asked:
    """What is to be planned."""

    catalogue: Catalogue
    every: tuple[Department, ...]
    """All that are declared."""
    chosen: tuple[Department, ...]
    """Those to plan."""
    shared: bool = True
    """Whether what all share is planned too."""
    gone: tuple[str, ...] = ()
    """Departments that are no longer declared."""
    refresh: bool = False
    """Whether each resource is looked at, even where nothing changed."""
    revision: Revision | None = None


def since(asked: Asked, revision: Revision) -> Asked:
    """Give what differs from a revision: files that are others, what another catalogue or blueprint makes of the rest."""
    named = {department.slug for department in asked.chosen}
    chosen = tuple(
        department
        for department in asked.chosen
        if department.slug in revision.changed
        or (revision.catalogue_changed and _differs(department, asked, revision))
        or any(use.use in revision.blueprints_changed for project in department.projects for use in project.blueprints)
    )
    gone = tuple(slug for slug in revision.gone if asked.shared or slug in named)
    shared = asked.shared and revision.catalogue_changed
    return replace(asked, chosen=chosen, shared=shared, gone=gone, revision=revision)


def _differs(department: Department, asked: Asked, revision: Revision) -> bool:
    day = date.min  # what is shared depends on no catalogue
    try:
        return revision.catalogue is None or build_desired(department, revision.catalogue, day) != build_desired(
            department, asked.catalogue, day
        )
    except KeyError:  # a class or rule set that the catalogue did not have
        return True


def make_plan(
    site: Site,
    asked: Asked,
    *,
    tell: Tell,
    reading: Reading | None = None,
    on_planned: Callable[[str], None] = lambda _slug: None,
) -> PlanDocument:
    """Read the cloud once in bulk, plan, and judge the whole; writes nothing.

    ``tell`` hears what was not read or not compared; ``reading`` was begun before; ``on_planned`` hears each department as
    it is done.
    """
    found = _read_cloud(site, tell, reading) if asked.chosen or asked.gone else None
    complete = found is not None and not _missing(found)
    around = build_surroundings(found, asked.catalogue, load_assumptions(), site.external_network)
    departments: list[DepartmentPlan] = []
    if asked.shared:
        desired = load_shared(site, asked.catalogue, asked.every, may_build=False, tell=tell)
        moved = found is not None and complete and has_moved(site, Cloud(found))
        departments.append(plan_cloud(site, desired, refresh=asked.refresh or moved))
    compared = found if complete and not asked.refresh else None
    for planned in plan_departments(site, asked.chosen, asked.catalogue, around, compared=compared):
        departments.append(planned)
        on_planned(planned.department)
    departments += [plan_gone(site, slug) for slug in asked.gone]
    capacity = build_capacity(departments, around.stocks)
    if found is not None:
        compares = "" if asked.refresh else f"; only --refresh compares {NOT_COMPARED}"
        tell(f"read by {found.calls} calls in {found.seconds:.1f} s{compares}")
    return build_plan(
        site.engine.cloud,
        departments,
        base=asked.revision.ref if asked.revision else None,
        base_commit=asked.revision.commit if asked.revision else None,
        capacity=capacity,
        warnings=_warnings(found, around.stocks, capacity, departments),
    )


def _read_cloud(site: Site, tell: Tell, reading: Reading | None) -> Inventory:
    """Read everything in bulk; where that is refused, as by a cloud that is another's, the engine looks at each resource."""
    found = (reading or begin_reading(site.installation, site.engine.cloud))()
    if missing := _missing(found):
        tell(f"not read in bulk, so each resource is looked at: {', '.join(missing)} ({found.failures[0].error})")
    return found


def read_applied(site: Site, departments: Iterable[Department], tell: Tell, reading: Reading | None = None) -> Cloud | None:
    """Read in bulk what departments have that were applied before; nothing where none was, or where not all is told."""
    if not any(site.engine.exists(department.slug) for department in departments):
        return None
    found = _read_cloud(site, tell, reading)
    return None if _missing(found) else Cloud(found)


def _missing(found: Inventory) -> list[str]:
    return [failure.source for failure in found.failures if failure.source in SOURCES_NEEDED]


def _warnings(
    found: Inventory | None,
    stocks: Mapping[str, Stock],
    capacity: Iterable[CapacityLeft],
    departments: Iterable[DepartmentPlan],
) -> Iterator[str]:
    """Give what a reader should know of the whole."""
    changing = any(each.state in ("changes", "refused") for each in departments)
    if found is not None and changing:
        for failure in found.failures:
            yield f"{failure.source} could not be read, so it is not judged: {failure.error}"
        if not stocks:
            yield "what the cloud has left could not be read, so growth is not judged"
    for each in capacity:
        left = each.capacity - each.used
        if each.growth > left:
            yield (
                f"{each.resource}: the quotas of this plan promise {number(each.growth)} {each.unit} more, "
                f"and the cloud has {number(left)} left"
            )
