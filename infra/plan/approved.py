"""Before an apply changes anything: is the plan still the one that was approved, and can what is declared be given?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from infra.agreement import Cloud
from infra.apply import CLOUD_STACK, Site, current_of, is_current
from infra.inventory import Inventory
from infra.plan.approval import check_appliable, find_moved
from infra.plan.departments import build_surroundings
from infra.plan.document import PlanDocument, load_plan
from infra.plan.holdings import read_stored
from infra.plan.making import Asked, make_plan
from infra.plan.needed import sources_needed
from infra.plan.recorded import build_recorded, declared_quotas
from infra.plan.refusal import find_refusals
from infra.programs import stacks
from infra.provider.serving import cloud_of
from tenants.assumptions.model import load_assumptions
from tenants.declaration.catalogue import Catalogue
from tenants.declaration.model import Department
from tenants.problem import Problem, UserError

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Approved:
    """An approved plan that was found to hold still."""

    departments: tuple[Department, ...]
    """Those that it changes."""
    shared: bool
    """Whether it changes what all share."""
    left: tuple[str, ...]
    """What of it no apply does: departments that are to be withdrawn."""


def load_approved(site: Site, file: Path, catalogue: Catalogue, every: tuple[Department, ...], *, tell: Tell) -> Approved:
    """Read a plan and make it again.

    Raises UserError, a sentence for each thing that moved since it was approved: then nothing was changed.
    """
    plan = load_plan(file)
    check_appliable(plan, site.engine.cloud)
    known = {department.slug: department for department in every}
    named = [each.department for each in plan.departments if each.state != "gone" and each.department != CLOUD_STACK]
    chosen = tuple(known[slug] for slug in named if slug in known)
    shared = any(each.department == CLOUD_STACK for each in plan.departments)
    now = make_plan(site, Asked(catalogue, every, chosen, shared=shared), tell=tell)
    approved = replace(plan, departments=tuple(each for each in plan.departments if each.state != "gone"))
    if moved := tuple(find_moved(approved, now)):
        hint = "Nothing was changed. Plan again, and have that approved."
        raise UserError(*(Problem(f"moved since the plan was made: {what}") for what in moved[:-1]), Problem(
            f"moved since the plan was made: {moved[-1]}", hint))  # fmt: skip
    changing = {each.department for each in now.departments if each.state == "changes"}
    return Approved(
        departments=tuple(department for department in chosen if department.slug in changing),
        shared=CLOUD_STACK in changing,
        left=tuple(_left(plan)),
    )


def _left(plan: PlanDocument) -> Iterator[str]:
    for each in plan.departments:
        if each.state == "gone":
            yield f"{each.department}: {'; '.join(each.reasons)}"


def find_refused(
    site: Site, departments: Iterable[Department], catalogue: Catalogue, *, found: Cloud | None = None, tell: Tell
) -> Mapping[str, tuple[str, ...]]:
    """Give the departments that cannot be given what they declare, with the reasons.

    Reads once, in bulk, what a refusal could come of, unless ``found`` has it; nothing where nothing grows or shrinks.
    """
    from infra.inventory.collect import collect_inventory

    def read(only: frozenset[str]) -> Inventory:
        if found is not None:
            return found.found
        own = cloud_of(site.engine.provider_environment())  # whose session then makes what is missing
        return collect_inventory(own.admin, only=only)

    desired = [current_of(site, department, catalogue).desired for department in departments]
    changed = {
        each.slug: (each, build_recorded(stacks.read_resources(site.engine, each.slug)))
        for each in desired
        if not is_current(site, each)
    }
    needed = frozenset(source for pair in changed.values() for source in sources_needed(*pair))
    inventory = None
    if needed:
        inventory = read(needed)
        for failure in (each for each in inventory.failures if each.source in needed):
            tell(f"{failure.source} could not be read, so it is not judged: {failure.error}")
    around = build_surroundings(inventory, catalogue, load_assumptions(), site.external_network)
    refused = {}
    for slug, (each, recorded) in changed.items():
        usage = replace(around.usage, stored=read_stored(site, recorded, declared_quotas(each)))
        reasons = find_refusals(each, recorded, usage, around.stocks, around.flavors, around.overbooking)
        if told := tuple(reasons):
            refused[slug] = told
    return refused
