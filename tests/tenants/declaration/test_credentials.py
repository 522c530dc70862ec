"""Application credentials: each rule by its sentence, and what is left out filled in."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tenants.declaration.load import department_files, load_departments, load_files
from tenants.problem import UserError

HEAD = "name: forestry\nlocal_name: F\nowners: [it@forestry.gov.example]\ncost_centre: F-1\n"
PEOPLE = (
    "projects: [{name: prod}, {name: test}]\n"
    "groups: [{name: ops, roles: {prod: member}}, {name: eyes, roles: {prod: reader}}]\n"
    "users: [{name: robot, groups: [ops, eyes]}]\n"
    "application_credentials:\n"
)
ENTRY = "  - {name: sensors, user: robot, project: prod, ends: 2030-06-30}\n"


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (
            ENTRY.replace("robot", "robto"),
            "user: got robto, expected a local user of the department: robot\n  HINT: Did you mean robot?",
        ),
        (
            ENTRY.replace("prod", "prd"),
            "project: got prd, expected a project of the department: prod or test\n  HINT: Did you mean prod?",
        ),
        (
            ENTRY.replace("prod", "test"),
            "project: got test, where robot has no role, expected a project where it has one",
        ),
        (
            ENTRY.replace("ends", "roles: [manager], ends"),
            "roles[0]: got manager, expected a role that robot has there: member or reader",
        ),
        (
            ENTRY.replace("2030-06-30", "2030-06-31"),
            "ends: got 2030-06-31, expected a day of the calendar such as 2027-06-30",
        ),
        (ENTRY.replace("2030-06-30", "5"), "ends: got 5, expected a day such as 2027-06-30"),
    ],
)
def test_one_broken_rule_is_one_sentence(problems, entry: str, sentence: str) -> None:
    (problem,) = problems(forestry=PEOPLE + entry)
    assert str(problem).split("forestry.yaml:", 1)[1] == f"9: application_credentials[0].{sentence}"


def test_a_name_is_unique_among_those_of_its_user(problems) -> None:
    (problem,) = problems(forestry=PEOPLE + ENTRY + ENTRY)
    assert (problem.line, problem.what) == (
        10,
        "application_credentials[1].name: got sensors, expected a name that no other of user robot has",
    )


def test_without_local_users_there_is_none_to_work_as(problems) -> None:
    (problem,) = problems(forestry="projects: [{name: prod}]\napplication_credentials:\n" + ENTRY)
    assert problem.what == "application_credentials[0].user: got robot, expected a local user, but there is none"


def test_roles_that_are_left_out_are_those_of_the_user(directory: Path) -> None:
    (directory / "forestry.yaml").write_text(HEAD + PEOPLE + ENTRY)
    (department,) = load_departments(directory)
    assert department.application_credentials[0].roles == ("member", "reader")


def test_one_that_is_over_is_told_by_a_check_and_stops_no_apply_of_others(directory: Path) -> None:
    (directory / "forestry.yaml").write_text(HEAD + PEOPLE + ENTRY)
    files = department_files(directory)
    assert len(load_files(files, directory)) == 1
    assert len(load_files(files, directory, today=date(2030, 6, 30))) == 1
    with pytest.raises(UserError) as caught:
        load_files(files, directory, today=date(2030, 7, 2))
    assert str(caught.value.problems[0]).endswith(
        "forestry.yaml:9: application_credentials[0].ends: got 2030-06-30, which is over since 2 days, "
        "expected a day to come"
        "\n  HINT: Renew it by a later day, or remove it."
    )
