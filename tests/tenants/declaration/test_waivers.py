"""Waivers: what is left out of the backup has one, with reason, approval and end; each broken rule is one sentence."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tenants.declaration.data import find_data, find_waiver
from tenants.declaration.load import load_departments, load_files
from tenants.problem import UserError

BODY = """\
projects:
  - name: prod
    networks: [{name: front, cidr: 10.20.0.0/24}]
    volumes: [{name: data, size_gib: 1}, {name: spare, size_gib: 1, recovery: none}]
    containers: [{name: papers}]
  - name: trial
    recovery: none
    containers: [{name: drafts}]
"""
TODAY = date(2026, 11, 25)
DAYS = "approved_on: 2026-11-01, expires: 2027-10-31"
BY = "reason: Made again, approved_by: [it@forestry.gov.example]"
TRIAL = f"  - {{what: project trial, {BY}, {DAYS}}}\n"
SPARE = f"  - {{what: volume prod/spare, {BY}, {DAYS}}}\n"


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (
            f"what: volume prod/spar, {BY}, {DAYS}",
            "14: waivers[0].what: got volume prod/spar, expected volume prod/spare or container trial/drafts"
            "\n  HINT: Did you mean volume prod/spare?",
        ),
        (
            f"what: volume prod/data, {BY}, {DAYS}",
            "14: waivers[0].what: got volume prod/data, which is backed up, expected what has recovery none"
            "\n  HINT: Take the waiver away.",
        ),
        (
            f"what: server prod/web, {BY}, {DAYS}",
            "14: waivers[0].what: got server prod/web, "
            "expected department, project NAME, or volume, container, image or database PROJECT/NAME",
        ),
        (
            f"what: volume prod/spare, reason: x, approved_by: [me@else.example], {DAYS}",
            "14: waivers[0].approved_by[0]: got me@else.example, "
            "expected an owner of the department: it@forestry.gov.example",
        ),
        (
            f"what: volume prod/spare, {BY}, approved_on: 2026-11-01, expires: 2026-10-31",
            "14: waivers[0].expires: got 2026-10-31, expected 2026-11-01, the day of its approval, or later",
        ),
        (
            f"what: volume prod/spare, {BY}, approved_on: 2026-11-01, expires: 2031-01-01",
            "14: waivers[0].expires: got 2031-01-01, expected 2029-11-01 or earlier: 1096 days after the approval"
            "\n  HINT: It is looked at again then, and approved again if it still holds.",
        ),
        (
            f"what: volume prod/spare, reason: '', {BY.split(', ')[1]}, {DAYS}",
            "14: waivers[0].reason: got 0 characters, expected at least 1",
        ),
    ],
)
def test_a_mistake_is_one_sentence_with_its_line(directory: Path, entry: str, sentence: str) -> None:
    file = write(directory, f"waivers:\n  - {{{entry}}}\n")
    with pytest.raises(UserError) as told:
        load_departments(directory)
    assert [str(problem) for problem in told.value.problems] == [f"{file}:{sentence}"]


def test_a_new_request_needs_a_waiver_for_what_is_not_backed_up(directory: Path) -> None:
    file = write(directory, "")
    load_departments(directory)  # what was declared before stays readable
    with pytest.raises(UserError) as told:
        load_files([file], directory, today=TODAY)
    said = [str(problem) for problem in told.value.problems]
    assert len(said) == 2
    assert said[0].startswith(
        f"{file}:8: projects[0].volumes[1]: got recovery none for volume prod/spare without a waiver, "
    )
    assert "add to waivers: {what: volume prod/spare, reason: …, approved_by: [it@forestry.gov.example]" in said[0]
    assert said[1].startswith(f"{file}:12: projects[1].containers[0]: got recovery none for container trial/drafts")
    write(directory, f"waivers:\n{SPARE}{TRIAL}")
    load_files([file], directory, today=TODAY)


def test_a_waiver_that_ended_or_was_not_given_yet_is_told(directory: Path) -> None:
    file = write(directory, f"waivers:\n{SPARE}{TRIAL}")
    with pytest.raises(UserError) as told:
        load_files([file], directory, today=date(2027, 11, 1))
    assert [str(problem).splitlines()[0] for problem in told.value.problems] == [
        f"{file}:{line}: waivers[{at}].expires: got 2027-10-31, which is past: {what} is left out of the backup "
        "without a waiver"
        for line, at, what in ((14, 0, "volume prod/spare"), (15, 1, "project trial"))
    ]
    with pytest.raises(UserError) as told:
        load_files([file], directory, today=date(2026, 10, 1))
    assert "waivers[0].approved_on: got 2026-11-01, expected a day that has come" in str(told.value.problems[0])


def test_the_waiver_that_ends_last_counts(directory: Path) -> None:
    longer = TRIAL.replace("project trial", "container trial/drafts").replace("2027-10-31", "2028-10-31")
    write(directory, f"waivers:\n{TRIAL}{longer}{SPARE}")
    (department,) = load_departments(directory)
    found = {str(data): find_waiver(department, data) for data in find_data(department)}
    assert {what: waiver and str(waiver.expires) for what, waiver in found.items()} == {
        "volume prod/data": None,
        "volume prod/spare": "2027-10-31",
        "container prod/papers": None,
        "container trial/drafts": "2028-10-31",
    }


def write(directory: Path, waivers: str) -> Path:
    file = directory / "forestry.yaml"
    head = "name: forestry\nlocal_name: Forestry\nowners: [it@forestry.gov.example]\ncost_centre: F-1\n"
    file.write_text(head + BODY + waivers)
    return file
