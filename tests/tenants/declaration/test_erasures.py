"""Erasures: each broken rule is one sentence, and what an entry names is found, held and left out as it should be."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tenants.declaration.erasure import Thing, ThingKind, parse_thing
from tenants.declaration.load import load_departments, load_files
from tenants.declaration.model import Department, Grant
from tenants.declaration.rules import erasures
from tenants.declaration.things import data_inside, find_things, find_users, without
from tenants.problem import UserError

BODY = """\
projects:
  - name: prod
    networks: [{name: front, cidr: 10.20.0.0/24}, {name: back, cidr: 10.20.1.0/24}]
    volumes: [{name: data, size_gib: 1}, {name: spare, size_gib: 1, recovery: none}]
    containers: [{name: papers}]
    servers: [{name: web, flavor: tiny, image: tiny, volumes: [data]}]
groups: [{name: ops, roles: {prod: member}}]
erasures:
"""
DAYS = "approved_on: 2026-11-01, not_before: 2026-11-10, expires: 2026-11-30"
BY = "reason: It moved, approved_by: [it@forestry.gov.example]"
NO_COPY = "without_backup: Made again from the maps"
RIGHT = f"  - {{what: container prod/papers, {BY}, {DAYS}}}\n"


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (
            f"what: container prod/paper, {BY}, {DAYS}",
            "13: erasures[0].what: got container prod/paper, expected container prod/papers"
            "\n  HINT: Did you mean prod/papers?",
        ),
        (
            f"what: project archive, {BY}, {DAYS}",
            "13: erasures[0].what: got project archive, expected project prod"
            "\n  HINT: What is gone needs no entry any more: take it away.",
        ),
        (
            f"what: prod/papers, {BY}, {DAYS}",
            "13: erasures[0].what: got prod/papers, expected department, project NAME, "
            "or network, server, volume or container PROJECT/NAME",
        ),
        (
            f"what: container prod/papers, reason: x, approved_by: [me@else.example], {DAYS}",
            "13: erasures[0].approved_by[0]: got me@else.example, "
            "expected an owner of the department: it@forestry.gov.example",
        ),
        (
            f"what: container prod/papers, {BY}, approved_on: 2026-11-01, not_before: 2026-11-07, expires: 2026-11-30",
            "13: erasures[0].not_before: got 2026-11-07, expected 2026-11-08 or later: "
            "7 days of quarantine after the approval",
        ),
        (
            f"what: container prod/papers, {BY}, approved_on: 2026-11-01, not_before: 2026-11-10, expires: 2026-11-09",
            "13: erasures[0].expires: got 2026-11-09, expected 2026-11-10 or later, or it could never be erased",
        ),
        (
            f"what: container prod/papers, {BY}, approved_on: 2026-11-01, not_before: 2026-11-10, expires: 2026-11-31",
            "13: erasures[0].expires: got 2026-11-31, expected a day of the calendar, such as 2026-12-31",
        ),
        (
            f"what: container prod/papers, {BY}, approved_on: 20261101, not_before: 2026-11-10, expires: 2026-11-30",
            "13: erasures[0].approved_on: got 20261101, expected a day such as 2026-12-31",
        ),
        (
            f"what: volume prod/spare, {BY}, {DAYS}",
            "13: erasures[0].without_backup: got nothing, expected why volume prod/spare may go without any copy: "
            "its recovery is none\n  HINT: Or give it a recovery tier, and a backup before it goes.",
        ),
        (
            f"what: container prod/papers, {BY}, {NO_COPY}, {DAYS}",
            "13: erasures[0].without_backup: got a reason, expected none: container prod/papers goes after a backup",
        ),
        (
            f"what: volume prod/data, {BY}, {DAYS}",
            "13: erasures[0].what: got volume prod/data, which server prod/web uses, expected what nothing uses that stays"
            "\n  HINT: Take it from its volumes in the same request, or let server prod/web go as well.",
        ),
        (
            f"what: network prod/front, {BY}, {DAYS}",
            "13: erasures[0].what: got network prod/front, which server prod/web uses, "
            "expected what nothing uses that stays"
            "\n  HINT: Put it on another network in the same request, or let server prod/web go as well.",
        ),
    ],
)
def test_one_broken_rule_is_one_sentence(problems, entry: str, sentence: str) -> None:
    (problem,) = problems(forestry=f"{BODY}  - {{{entry}}}\n")
    assert str(problem).split("forestry.yaml:", 1)[1] == sentence


def test_a_thing_is_approved_once(problems) -> None:
    (problem,) = problems(forestry=BODY + RIGHT + RIGHT)
    assert str(problem).endswith("14: erasures[1].what: got container prod/papers twice, expected one approval for it")


def test_a_server_goes_no_later_than_what_it_uses(problems) -> None:
    volume = f"  - {{what: volume prod/data, {BY}, {DAYS}}}\n"
    server = f"  - {{what: server prod/web, {BY}, {DAYS}}}\n"
    assert problems(forestry=BODY + volume + server) == ()
    (problem,) = problems(forestry=BODY + volume + server.replace("2026-11-10", "2026-11-11"))
    assert "which server prod/web uses longer" in problem.what


@pytest.mark.parametrize(("day", "said"), [("2026-11-30", 0), ("2026-12-01", 1), ("2026-10-31", 1)])
def test_an_approval_counts_on_its_days_alone(directory: Path, day: str, said: int) -> None:
    found = list(erasures.check_today(declared(directory, BODY + RIGHT), date.fromisoformat(day)))
    assert len(found) == said


@pytest.mark.parametrize("text", ["", "volume", "volume data", "department x", "project a/b", "volume a/b/c", "Volume a/b"])
def test_what_names_no_thing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected department, project NAME"):
        parse_thing(text)


def test_everything_declared_can_be_named(directory: Path) -> None:
    things = list(find_things(declared(directory, BODY + RIGHT)))
    assert [parse_thing(str(thing)) for thing in things] == things
    assert len(things) == 8


def test_a_project_holds_what_is_in_it_and_a_department_everything() -> None:
    project, volume = parse_thing("project prod"), parse_thing("volume prod/data")
    assert project.holds(volume)
    assert project.holds(project)
    assert not project.holds(parse_thing("volume production/data"))
    assert not volume.holds(project)
    assert Thing(ThingKind.DEPARTMENT).holds(project)


def test_the_data_of_a_thing_is_told_with_its_tier(directory: Path) -> None:
    department = declared(directory, BODY + RIGHT)
    found = {str(thing): tier for thing, tier in data_inside(department, parse_thing("project prod")).items()}
    assert found == {"volume prod/data": "bronze", "volume prod/spare": "none", "container prod/papers": "bronze"}
    assert list(map(str, find_users(department, parse_thing("volume prod/data")))) == ["server prod/web"]
    assert find_users(department, parse_thing("volume prod/spare")) == ()


def test_what_is_gone_is_left_out_with_all_that_named_it(directory: Path) -> None:
    department = declared(directory, BODY + RIGHT)
    left = without(department, {parse_thing("volume prod/data"), parse_thing("network prod/back")}).projects[0]
    assert [volume.name for volume in left.volumes] == ["spare"]
    assert [network.name for network in left.networks] == ["front"]
    assert left.servers[0].volumes == ()
    bare = without(department, {parse_thing("project prod")})
    assert (bare.projects, bare.groups[0].roles) == ((), {})
    assert without(department, {Thing(ThingKind.DEPARTMENT)}).groups == ()
    assert without(department, set()) is department


def declared(directory: Path, body: str) -> Department:
    head = "name: forestry\nlocal_name: Forestry Bureau\nowners: [it@forestry.gov.example]\ncost_centre: F-1\n"
    (directory / "forestry.yaml").write_text(head + body)
    return load_departments(directory)[0]


def test_a_request_with_an_approval_that_ended_is_refused_and_everybody_else_still_loads(directory: Path) -> None:
    waiver = "  - {what: volume prod/spare, reason: Made again, approved_by: [it@forestry.gov.example], "
    declared(directory, f"{BODY}{RIGHT}waivers:\n{waiver}approved_on: 2026-11-01, expires: 2026-12-31}}\n")
    file = directory / "forestry.yaml"
    load_files([file], directory, today=date(2026, 11, 2))
    with pytest.raises(UserError, match=r"forestry.yaml:13: erasures\[0\].expires: got 2026-11-30, which is past"):
        load_files([file], directory, today=date(2026, 12, 1))


def test_what_is_gone_is_shared_no_more(directory: Path) -> None:
    terms = {"with": "parks/prod", "purpose": "Walks", "from": "2026-01-01", "to": "2026-12-31"}
    grants = tuple(
        Grant.model_validate({**terms, **what}, by_alias=True, by_name=False)
        for what in ({"container": "prod/papers", "data_items": ["maps"]}, {"network": "prod/front"})
    )
    department = declared(directory, BODY + RIGHT).model_copy(update={"shares": grants})
    assert [grant.item for grant in without(department, {parse_thing("container prod/papers")}).shares] == ["front"]
    assert without(department, {parse_thing("project prod")}).shares == ()
