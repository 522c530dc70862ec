"""Plans and applies declarations for a review, by what ``oneroof plan`` and ``oneroof apply`` do it with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra.apply import CLOUD_STACK, Site, apply_cloud, apply_departments
from infra.apply import Applied as Ended
from infra.plan.approval import check_appliable, find_moved
from infra.plan.approved import find_refused
from infra.plan.making import Asked, make_plan, read_applied, since
from infra.programs import stacks
from infra.review.result import Applied, Made
from infra.site import load_shared
from tenants.declaration.revision import Revision

if TYPE_CHECKING:
    from infra.plan.document import PlanDocument
    from tenants.declaration.catalogue import Catalogue
    from tenants.declaration.model import Department

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Declared:
    """A government's declarations, and which of them are meant."""

    catalogue: Catalogue
    every: tuple[Department, ...]
    changed: frozenset[str]
    gone: tuple[str, ...]
    old_catalogue: Catalogue | None = None
    """The catalogue as it was, where it changes too."""


def plan(site: Site, declared: Declared, commit: str, *, tell: Tell) -> PlanDocument:
    """Plan what differs from the protected branch at a commit; writes nothing."""
    revision = Revision(
        ref="the protected branch",
        commit=commit,
        changed=declared.changed,
        gone=declared.gone,
        catalogue_changed=declared.old_catalogue is not None,
        catalogue=declared.old_catalogue,
    )
    return make_plan(site, since(Asked(declared.catalogue, declared.every, declared.every), revision), tell=tell)


def find_difference(site: Site, approved: PlanDocument, declared: Declared, *, tell: Tell) -> tuple[str, ...]:
    """Plan again and give what is to be done now and was not approved; what of it was done already is no matter.

    Raises UserError where the approved plan cannot be applied at all.
    """
    check_appliable(approved, site.engine.cloud)
    shared = any(each.department == CLOUD_STACK for each in approved.departments)
    asked = Asked(declared.catalogue, declared.every, _chosen(approved, declared), shared=shared, gone=declared.gone)
    return tuple(find_moved(approved, make_plan(site, asked, tell=tell)))


def apply(site: Site, approved: PlanDocument, declared: Declared, *, tell: Tell) -> Iterator[Applied]:
    """Apply what the plan speaks of, what all share first; gives each department as it ends."""
    chosen = _chosen(approved, declared)
    if any(each.department == CLOUD_STACK for each in approved.departments) or _lacks_image(site, chosen):
        shared = load_shared(site, declared.catalogue, declared.every, may_build=True, tell=tell)
        done = apply_cloud(site, shared, refresh=False, on_step=_silent)
        if done.state == "failed":
            yield _applied(done)
            return
    refused = find_refused(site, chosen, declared.catalogue, tell=tell)
    yield from (Applied(slug, "failed", reasons) for slug, reasons in refused.items())
    given = [department for department in chosen if department.slug not in refused]
    found = read_applied(site, given, tell)
    for done in apply_departments(site, given, declared.catalogue, refresh=True, found=found, on_step=_silent):
        tell(f"{done.stack}: {done.state} in {done.seconds:.1f} s")
        for reason in done.reasons:
            tell(f"{done.stack}: {reason}")
        yield _applied(done)
    for slug in declared.gone:
        yield Applied(slug, "left", (f"no longer declared: nothing was deleted; `oneroof withdraw {slug}` removes it",))


def _chosen(approved: PlanDocument, declared: Declared) -> tuple[Department, ...]:
    named = {each.department for each in approved.departments}
    return tuple(department for department in declared.every if department.slug in named)


def _lacks_image(site: Site, departments: Iterable[Department]) -> bool:
    """Tell whether a server boots an image that was never uploaded: catalogues name more than was needed yet."""
    there = {str(each["urn"]).rpartition("::")[2] for each in stacks.read_resources(site.engine, CLOUD_STACK)}
    used = {server.image for department in departments for project in department.projects for server in project.servers}
    return not used <= there


def _silent(_stack: str, _step: stacks.Step) -> None:
    """Say nothing of single steps."""


def _applied(done: Ended) -> Applied:
    projects = done.outcome.projects if done.outcome else ()
    servers = tuple(
        Made(project["name"], server["name"], server["fixed_address"] or "", server["floating_address"] or "")
        for project in projects
        for server in project["servers"]
    )
    return Applied(done.stack, done.state, done.reasons, servers if done.state != "failed" else ())
