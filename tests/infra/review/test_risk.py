"""What makes a changed declaration a risk: each case is one change of a real declaration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from infra.review.policy import Policy, Risk
from infra.review.risk import find_risks
from tenants.declaration.catalogue import Catalogue
from tenants.declaration.model import Department


def edit(department: Department, **what: Any) -> Department:
    return Department.model_validate({**department.model_dump(), **what}, by_name=True)


def project(department: Department, index: int, **what: Any) -> Department:
    projects = [each.model_dump() for each in department.projects]
    projects[index] = {**projects[index], **what}
    return edit(department, projects=projects)


def grow(department: Department, **limits: int) -> Department:
    return project(department, 0, quota={**department.projects[0].quota.model_dump(), **limits})


def without(department: Department, index: int, kind: str) -> Department:
    return project(
        department, index, **{kind: [each.model_dump() for each in getattr(department.projects[index], kind)][:-1]}
    )


RESTORE = {
    "what": "container prod/bulletins",
    "reason": "Deleted by mistake",
    "not_before": "2026-11-25",
    "expires": "2026-12-05",
}
CASES: dict[str, tuple[Callable[[Department], Department], dict[Risk, str]]] = {
    "nothing": (lambda health: health, {}),
    "a name": (lambda health: edit(health, local_name="Health"), {}),
    "a test project's volume": (
        lambda health: project(health, 1, volumes=[{"name": "portal", "size_gib": 2, "recovery": "none"}]),
        {},
    ),
    "an owner more": (
        lambda health: edit(health, owners=[*health.owners, "new@health.gov.example"]),
        {Risk.OWNERS: "owners change: new@health.gov.example"},
    ),
    "owners in another order": (lambda health: edit(health, owners=health.owners[::-1]), {}),
    "a fifth more is no growth": (
        lambda health: grow(health, volume_gib=260),  # 200 of this project, 100 of the other
        {Risk.PRODUCTION: "production changes: project prod"},
    ),
    "more than a fifth": (
        lambda health: grow(health, volume_gib=261),
        {
            Risk.QUOTA: "the quota grows by more than 20 %: volume gib 300 to 361",
            Risk.PRODUCTION: "production changes: project prod",
        },
    ),
    "a quota given back": (
        lambda health: grow(health, volume_gib=120),
        {Risk.PRODUCTION: "production changes: project prod"},
    ),
    "a new project": (
        lambda health: edit(
            health,
            projects=[*(each.model_dump() for each in health.projects), {"name": "more", "environment": "test"}],
        ),
        {
            Risk.QUOTA: "the quota grows by more than 20 %: instances 8 to 12, cores 16 to 24, ram mib 16384 to 24576, "
            "volumes 16 to 24 and 10 more"
        },
    ),
    "a volume less": (
        lambda health: without(health, 1, "volumes"),
        {
            Risk.DELETION: "no longer declared: volume test/portal",
            Risk.DATA: "holds data and is no longer declared: volume test/portal",
        },
    ),
    "a server less": (
        lambda health: without(health, 0, "servers"),
        {
            Risk.DELETION: "no longer declared: server prod/registry",
            Risk.PRODUCTION: "production changes: project prod",
        },
    ),
    "a weaker backup": (
        lambda health: project(health, 0, containers=[{"name": "bulletins", "recovery": "bronze"}, {"name": "thumbnails"}]),
        {
            Risk.DATA: "backed up less well than before: container prod/bulletins",
            Risk.PRODUCTION: "production changes: project prod",
        },
    ),
    "an end of objects": (
        lambda health: project(
            health, 0, containers=[{"name": "bulletins", "lifecycle": {"delete_after_days": 90}}, {"name": "thumbnails"}]
        ),
        {
            Risk.DATA: "objects end sooner than before: container prod/bulletins",
            Risk.PRODUCTION: "production changes: project prod",
        },
    ),
    "something back from the backup": (
        lambda health: edit(health, restores=[{**RESTORE, "into": "prod/thumbnails"}]),
        {Risk.DATA: "what is to be brought back from the backup changes"},
    ),
    "something back over what is there": (
        lambda health: edit(health, restores=[{**RESTORE, "overwrite": True, "prefix": "old/"}]),
        {Risk.DATA: "data is to be replaced from the backup: container prod/bulletins/old/"},
    ),
    "production called a test": (
        lambda health: project(health, 0, environment="test"),
        {Risk.PRODUCTION: "production changes: project prod"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_a_change_risks(case: str, base: dict[str, Department], catalogue: Catalogue, policy: Policy) -> None:
    change, expected = CASES[case]
    found = find_risks(base["health"], change(base["health"]), (catalogue, catalogue), policy)
    assert {each.risk: each.reason.plain() for each in found} == expected


def test_a_new_department_and_a_deleted_one(base: dict[str, Department], catalogue: Catalogue, policy: Policy) -> None:
    catalogues = (catalogue, catalogue)
    assert [each.risk for each in find_risks(None, base["health"], catalogues, policy)] == [Risk.NEW_DEPARTMENT]
    stranger = edit(base["health"], owners=["it@forestry.gov.example"])
    (told,) = find_risks(None, stranger, catalogues, policy)
    assert told.reason.plain() == (
        "health is a new department; the policy must name the accounts of it@forestry.gov.example"
    )
    gone = list(find_risks(base["health"], None, catalogues, policy))
    assert [each.risk for each in gone] == [Risk.DELETION, Risk.DATA]
    assert list(find_risks(None, None, catalogues, policy)) == []


def test_a_larger_class_of_the_catalogue_is_growth_too(
    base: dict[str, Department], catalogue: Catalogue, policy: Policy
) -> None:
    classes = {**catalogue.quota_classes, "small": catalogue.quota_classes["large"]}
    grown = catalogue.model_copy(update={"quota_classes": classes})
    found = list(find_risks(base["transport"], base["transport"], (catalogue, grown), policy))
    assert [each.risk for each in found] == [Risk.QUOTA]
