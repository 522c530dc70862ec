"""What is desired of a department is a pure function of its declaration: compared with golden data."""

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path

import pytest

from infra.desired import build_desired
from tenants.declaration.catalogue import Catalogue
from tenants.declaration.load import load_catalogue, load_departments
from tenants.declaration.model import Department
from tenants.problem import UserError

DATA = Path(__file__).parent / "data"
TODAY = date(2026, 6, 1)


def declared(directory: Path) -> tuple[Department, Catalogue]:
    catalogue = load_catalogue(directory)
    return load_departments(directory, catalogue)[0], catalogue


def test_a_department_becomes_what_the_golden_file_says(request: pytest.FixtureRequest) -> None:
    desired = asdict(build_desired(*declared(DATA / "declared"), TODAY))
    golden = DATA / "desired.json"
    text = json.dumps(desired, indent=2, ensure_ascii=False) + "\n"
    if request.config.getoption("--update"):
        golden.write_text(text)
    assert text == golden.read_text()


def test_security_groups_come_after_those_their_rules_name() -> None:
    project = build_desired(*declared(DATA / "declared"), TODAY).projects[0]
    names = [group.name for group in project.security_groups]
    assert names.index("web") < names.index("store")


def test_volumes_and_containers_are_the_ones_that_hold_data() -> None:
    assert build_desired(*declared(DATA / "declared"), TODAY).data_holders == {"prod/data", "prod/index", "prod/papers"}


def test_groups_that_let_each_other_in_are_refused_with_the_circle() -> None:
    department, catalogue = declared(DATA / "declared")
    project = department.projects[0]
    web, store = project.security_groups
    back = store.model_copy(update={"name": web.name, "rules": (store.rules[0].model_copy(update={"source": store.name}),)})  # type: ignore[union-attr]
    circle = project.model_copy(update={"security_groups": (back, store)})
    with pytest.raises(UserError, match=r"in a circle: .*web"):
        build_desired(department.model_copy(update={"projects": (circle,)}), catalogue, TODAY)
