"""Since a revision, what differs is planned and nothing else; the exit code is the worst of all departments."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.plan.cli import exit_code
from infra.plan.document import DepartmentPlan, State, build_plan
from infra.plan.making import Asked, since
from tenants.declaration.catalogue import Catalogue
from tenants.declaration.load import load_catalogue, load_departments
from tenants.declaration.revision import Revision

CATALOGUE = load_catalogue()
EVERY = load_departments()
NAMES = {department.slug for department in EVERY}


def revision(
    *changed: str, gone: tuple[str, ...] = (), before: Catalogue | None = CATALOGUE, moved: bool = False
) -> Revision:
    return Revision("main", "0" * 40, frozenset(changed), gone, moved, before)


def slugs(asked: Asked) -> set[str]:
    return {department.slug for department in asked.chosen}


def test_only_files_that_differ_are_planned() -> None:
    asked = since(Asked(CATALOGUE, EVERY, EVERY), revision("health", gone=("parks",)))
    assert (slugs(asked), asked.gone, asked.shared) == ({"health"}, ("parks",), False)


def test_of_those_that_are_named_only_what_differs() -> None:
    named = tuple(department for department in EVERY if department.slug == "transport")
    asked = since(Asked(CATALOGUE, EVERY, named, shared=False), revision("health", gone=("parks",)))
    assert (slugs(asked), asked.gone) == (set(), ())


def test_another_catalogue_concerns_those_whom_it_makes_something_else() -> None:
    small = CATALOGUE.quota_classes["small"].model_copy(update={"cores": 7})
    before = CATALOGUE.model_copy(update={"quota_classes": {**CATALOGUE.quota_classes, "small": small}})
    asked = since(Asked(CATALOGUE, EVERY, EVERY), revision(before=before, moved=True))
    assert asked.shared
    assert slugs(asked) == NAMES
    flavors = {**CATALOGUE.flavors, "tiny": CATALOGUE.flavors["tiny"].model_copy(update={"disk_gib": 2})}
    before = CATALOGUE.model_copy(update={"flavors": flavors})
    asked = since(Asked(CATALOGUE, EVERY, EVERY), revision(before=before, moved=True))
    assert (asked.shared, slugs(asked)) == (True, set())


@pytest.mark.parametrize("before", [None, CATALOGUE.model_copy(update={"quota_classes": {}})])
def test_a_catalogue_that_cannot_be_compared_concerns_all(before: Catalogue | None) -> None:
    assert slugs(since(Asked(CATALOGUE, EVERY, EVERY), revision(before=before, moved=True))) == NAMES


@pytest.mark.parametrize(
    ("states", "code"),
    [
        ((), 0),
        (("unchanged",), 0),
        (("unchanged", "changes"), 3),
        (("gone",), 3),
        (("changes", "refused"), 4),
        (("refused", "failed", "changes"), 1),
    ],
)
def test_the_exit_code_is_the_worst_of_all(states: tuple[State, ...], code: int) -> None:
    assert exit_code(build_plan("oneroof", [DepartmentPlan(f"d{n}", state) for n, state in enumerate(states)])) == code


def test_the_codes_are_those_of_the_readme() -> None:
    text = " ".join((Path(__file__).parents[3] / "README.md").read_text().split())
    assert "3 `oneroof plan` found changes, 4 it refuses what is declared" in text
