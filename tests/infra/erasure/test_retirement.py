"""What an approved erasure means before anything is erased: a pure function of the file, the stack and the day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from infra.apply import build_quarantine
from infra.desired import DesiredShare
from infra.erasure.erasing import waits_for
from infra.erasure.retirement import TYPES, Current, build_current, render_standing, withhold
from infra.outcome import Outcome
from tenants.declaration.catalogue import Catalogue
from tenants.declaration.erasure import Erasure, Thing, ThingKind, parse_thing
from tenants.declaration.load import load_catalogue, load_departments
from tenants.declaration.model import Department
from tenants.declaration.things import find_things

DECLARED = Path(__file__).parents[1] / "data" / "declared"
FIRST, LAST = date(2026, 11, 10), date(2026, 11, 30)


def declared(*what: str) -> tuple[Department, Catalogue]:
    catalogue = load_catalogue(DECLARED)
    department = load_departments(DECLARED, catalogue)[0]
    entries = tuple(
        Erasure(
            what=text,
            reason="It moved",
            approved_by=department.owners,
            approved_on=date(2026, 11, 1),
            not_before=FIRST,
            expires=LAST,
        )
        for text in what
    )
    return department.model_copy(update={"erasures": entries}), catalogue


def stack(department: Department, *missing: str) -> list[dict[str, Any]]:
    """Give a stack's resources as recorded: everything that is declared but what is missing."""
    return [
        {"type": TYPES[thing.kind], "urn": f"urn::{thing.path or department.slug}", "id": f"id of {thing}"}
        for thing in find_things(department)
        if not any(parse_thing(text).holds(thing) for text in missing)
    ]


def current(*what: str, missing: tuple[str, ...] = (), today: date = FIRST) -> Current:
    department, catalogue = declared(*what)
    return build_current(department, catalogue, stack(department, *missing), today)


def test_what_is_in_quarantine_is_shared_no_more() -> None:
    papers = DesiredShare("container", "prod", "papers", "water/water-prod", "read")
    front = DesiredShare("network", "prod", "front", "water/water-prod", "read")
    scan = DesiredShare("image", "prod", "scan", "water/water-prod", "read")
    state = current().desired
    first = replace(state.projects[0], key="prod", shares=(papers, front, scan))
    state = replace(state, projects=(first, *state.projects[1:]))
    assert withhold(state, [parse_thing("container prod/papers")]).shares == (front, scan)
    assert withhold(state, [parse_thing("volume prod/data")]).shares == (papers, front, scan)
    assert withhold(state, [parse_thing("project prod")]).shares == ()


def test_without_an_entry_nothing_is_withheld() -> None:
    desired = current().desired
    for project in desired.projects:
        assert not any(each.withheld for each in (*project.servers, *project.volumes, *project.networks))


def test_a_project_in_quarantine_has_its_servers_off_and_nobody_in_it() -> None:
    now = current("project prod")
    project = now.desired.projects[0]
    assert all(server.withheld for server in project.servers)
    attached = {name for server in project.servers for name in server.volumes}
    assert {volume.name: volume.withheld for volume in project.volumes} == {
        volume.name: volume.name not in attached for volume in project.volumes
    }
    assert all("prod" not in group.roles for group in now.desired.groups)
    assert all(server.probe is None for server in now.department.projects[0].servers)


def test_a_server_in_quarantine_leaves_the_rest_alone() -> None:
    name = declared()[0].projects[0].servers[0].name
    now = current(f"server prod/{name}")
    project = now.desired.projects[0]
    assert [server.name for server in project.servers if server.withheld] == [name]
    assert not any(volume.withheld for volume in project.volumes)
    assert any("prod" in group.roles for group in now.desired.groups)


def test_an_approval_that_ended_does_nothing() -> None:
    lapsed = current("project prod", today=date(2026, 12, 1))
    assert lapsed.desired == current().desired
    assert lapsed.quarantined == ()
    assert render_standing(lapsed) == (
        "project prod: the approval ended on 2026-11-30 and does nothing; take the entry away",
    )


@pytest.mark.parametrize("today", [FIRST, date(2027, 1, 1)])
def test_what_is_gone_is_not_made_again_even_after_its_approval_ended(today: date) -> None:
    now = current("project prod", missing=("project prod",), today=today)
    assert now.desired.projects == ()
    assert not now.is_gone
    assert current("department", missing=("department",), today=today).is_gone


def test_since_when_it_is_in_quarantine_is_kept() -> None:
    now, before = current("project prod", "container prod/papers"), datetime(2026, 11, 2, tzinfo=UTC)
    known = outcome(**{"project prod": before.isoformat()})
    later = datetime(2026, 11, 3, tzinfo=UTC)
    since = {"project prod": before.isoformat(), "container prod/papers": later.isoformat()}
    assert build_quarantine(now, known, later) == since
    assert build_quarantine(replace(now, quarantined=()), known, later) == {}


def outcome(**quarantine: str) -> Outcome:
    return Outcome(1, "forestry", "", "oneroof", "", "2026-11-02T00:00:00+00:00", "", (), {}, {}, quarantine)


@pytest.mark.parametrize(
    ("since", "today", "waits"),
    [
        (None, FIRST, "its quarantine has not begun: `oneroof apply` begins it"),
        ("2026-11-02T08:00:00+00:00", date(2026, 11, 9), "in quarantine until 2026-11-10"),
        # whatever days the file tells, the quarantine lasts as long as the catalogue wants it
        ("2026-11-08T08:00:00+00:00", FIRST, "in quarantine until 2026-11-15"),
        ("2026-11-02T08:00:00+00:00", date(2026, 12, 1), "the approval ended on 2026-11-30 and does nothing"),
        ("2026-11-02T08:00:00+00:00", FIRST, ""),
        ("2026-11-02T08:00:00+00:00", LAST, ""),
    ],
)
def test_what_an_erasure_waits_for(since: str | None, today: date, waits: str) -> None:
    department, catalogue = declared("project prod")
    now = build_current(department, catalogue, stack(department), today)
    known = outcome(**({"project prod": since} if since else {}))
    assert waits_for(department.erasures[0], now, known, catalogue, today) == waits


def test_a_volume_waits_for_the_server_that_uses_it() -> None:
    department, catalogue = declared()
    server = next(server for server in department.projects[0].servers if server.volumes)
    volume = Thing(ThingKind.VOLUME, f"prod/{server.volumes[0]}")
    department, catalogue = declared(str(volume))
    now = build_current(department, catalogue, stack(department), FIRST)
    known = outcome(**{str(volume): "2026-11-02T08:00:00+00:00"})
    said = waits_for(department.erasures[0], now, known, catalogue, FIRST)
    assert said == f"server prod/{server.name} still uses it"


def test_old_versions_go_with_their_container() -> None:
    papers = Thing(ThingKind.CONTAINER, "prod/papers")
    assert papers.holds(Thing(ThingKind.CONTAINER, "prod/papers-versions"))
    assert not papers.holds(Thing(ThingKind.CONTAINER, "prod/papers-2026"))
