"""Takes a Keystone project that was there before into a department: first into its declaration, then into its stack.

Nothing that exists is changed: each resource is recorded under its id; one that differs from what is declared is refused.
What is added beside it: the department's domain where there is none yet, the provisioner's role, limits in place of none.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from infra.adopt.adoption import Adoption, build_adoption
from infra.adopt.text import insert_project, render_department
from infra.agreement import Cloud as Reading
from infra.apply import Site, build_quarantine, current_of, digest
from infra.drift.unknown import PROVISIONER_ROLE
from infra.inventory.model import Project
from infra.outcome import build_outcome, load_outcome, write_outcome
from infra.programs import stacks
from infra.programs.department import department_program
from infra.provider.cloud import Cloud
from infra.provider.failure import CloudError
from infra.provider.look import collect_holdings
from infra.provider.roles import grant_role
from infra.provider.serving import cloud_of
from tenants.declaration.catalogue import Catalogue
from tenants.declaration.load import department_files, load_files
from tenants.declaration.model import Department
from tenants.problem import Problem, UserError
from tenants.writing import write_whole


@dataclass(frozen=True)
class Wish:
    """What is to be adopted, and into what."""

    project: Project
    slug: str
    """The department's."""
    adoption: Adoption
    text: str
    """The declaration with the project in it."""
    file: Path


def find_project(reading: Reading, told: str, recorded: frozenset[str]) -> Project:
    """Give a project by id or name; raises UserError where there is none, several, or a department has it."""
    every = [each for each in reading.found.projects or () if told in (each.id, each.name)]
    if len(every) != 1:
        what = f"got project {told}, expected one: the cloud has {len(every)} of that name or id"
        raise UserError(Problem(what, "`oneroof drift` lists those that no department has; tell the id of one."))
    if every[0].id in recorded:
        raise UserError(Problem(f"project {told} belongs to a department already"))
    return every[0]


def build_wish(
    site: Site, reading: Reading, project: Project, slug: str, key: str, directory: Path, catalogue: Catalogue
) -> Wish:
    """Look closely at the project and give what to declare; writes nothing.

    Raises UserError where the declaration that would come of it has mistakes.
    """
    servers = [each.id for each in reading.found.servers or () if each.project_id == project.id]
    held = collect_holdings(provider_cloud(site), project.id, servers)
    adoption = build_adoption(reading, held, key, catalogue, site.external_network)
    domain = next((each for each in reading.found.domains or () if each.name == slug), None)
    if domain is not None and not site.engine.exists(slug):
        adoption.ids["oneroof:identity:Domain", slug] = domain.id
    file = directory / f"{slug}.yaml"
    block = adoption.project
    text = insert_project(file.read_text(encoding="utf-8"), block) if file.exists() else render_department(slug, block)
    _check(directory, file, text, catalogue)
    return Wish(project, slug, adoption, text, file)


def provider_cloud(site: Site) -> Cloud:
    """Give the provisioner's connections."""
    return cloud_of(site.engine.provider_environment())


def _check(directory: Path, file: Path, text: str, catalogue: Catalogue) -> Department:
    """Check the declaration among all others, before it is written among them."""
    with tempfile.TemporaryDirectory(prefix="oneroof-adopt-") as folder:
        new = Path(folder) / file.name
        new.write_text(text, encoding="utf-8")
        others = [each for each in department_files(directory) if each.name != file.name]
        every = load_files([*others, new], catalogue)
    return next(each for each in every if each.slug == file.stem)


def refuse_pending(site: Site, slug: str, directory: Path, catalogue: Catalogue, key: str) -> None:
    """Raise UserError where the department, as it is declared now, was not applied: adopting would apply that too."""
    file, before = directory / f"{slug}.yaml", load_outcome(site.installation, slug, site.engine.cloud)
    if before is None or not file.exists():
        return
    department = next(each for each in load_files(department_files(directory), catalogue) if each.slug == slug)
    without = department.model_copy(update={"projects": tuple(p for p in department.projects if p.name != key)})
    if before.digest not in (
        digest(current_of(site, each, catalogue).desired, site.external_network) for each in (department, without)
    ):
        raise UserError(Problem(f"{slug} has changes that were not applied yet", f"Run `oneroof apply {slug}` first."))


def adopt(site: Site, wish: Wish, catalogue: Catalogue, on_step: Callable[[stacks.Step], None]) -> Department:
    """Write the declaration, then record every resource under its id.

    Raises :class:`infra.programs.stacks.StackError` where one was refused; run again, it carries on.
    """
    directory = wish.file.parent
    write_whole(wish.file, wish.text)
    department = _check(directory, wish.file, wish.text, catalogue)
    current, before = (
        current_of(site, department, catalogue),
        load_outcome(site.installation, department.slug, site.engine.cloud),
    )
    desired = current.desired
    try:
        grant_role(provider_cloud(site), PROVISIONER_ROLE, wish.project.id, wish.project.name)
    except CloudError as error:
        raise stacks.StackError((str(error),)) from error
    ids: dict[str, dict[str, str]] = {}
    for (type_, name), identifier in wish.adoption.ids.items():
        ids.setdefault(type_, {})[name] = identifier
    with tempfile.TemporaryDirectory(prefix="oneroof-adopt-") as folder:
        told = Path(folder) / "ids.json"
        told.write_text(json.dumps(ids), encoding="utf-8")
        engine = replace(site.engine, adopt=told, may_erase=False)
        program = department_program(desired, site.external_network)
        outputs = stacks.update(engine, wish.slug, program, refresh=False, on_step=on_step)
    now, wanted = datetime.now(UTC), digest(desired, site.external_network)
    built = build_outcome(current.department, outputs, cloud=engine.cloud, digest=wanted, applied_at=now)
    write_outcome(site.installation, replace(built, quarantine=build_quarantine(current, before, now)))
    return department
