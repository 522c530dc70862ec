"""What departments give one another: who is applied first, whom a grant waits for, and what a stack says that stands."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from infra.components.share import container_access
from infra.desired import DesiredShare, build_desired
from infra.provider.open_access import Open
from infra.sharing.enforcement import beginning, ended
from infra.sharing.grants import Standing, in_order, missing_grantees, missing_networks, standing
from infra.sharing.record import GRANTED, WITHDRAWN, Entry, build_terms, build_undeclared
from infra.sharing.stray import find_stray
from infra.sharing.verification import compare, wanted
from tenants.declaration.erasure import Erasure
from tenants.declaration.load import load_catalogue
from tenants.declaration.model import Container, Department, Grant, Network, Project, Server

CATALOGUE = load_catalogue()


def grant(thing: dict[str, str], grantee: str, first: str = "2026-01-01", last: str = "2026-12-31", **more: str) -> Grant:
    days = {"from": first, "to": last}
    return Grant.model_validate({**thing, **days, **more, "with": grantee, "purpose": "Trial", "data_items": ["pages"]})


MAPS, FRONT, IMAGE = {"container": "prod/maps"}, {"network": "prod/front"}, {"image": "prod/paths 2027"}


def department(name: str, *grants: Grant) -> Department:
    prod = Project(
        name="prod",
        containers=(Container(name="maps"), Container(name="plans")),
        networks=(Network.model_validate({"name": "front", "cidr": "10.20.0.0/28"}),),
    )
    return Department(
        name=name, local_name=name, owners=("a@b.example",), cost_centre="1", projects=(prod,), shares=tuple(grants)
    )


def names(*departments: Department) -> list[str]:
    return [each.name for each in in_order(departments)]


def test_who_is_given_something_is_applied_first() -> None:
    first, second = department("a", grant(MAPS, "b/prod")), department("b", grant(MAPS, "c/prod"))
    assert names(first, second, department("c")) == ["c", "b", "a"]
    assert names(department("x"), first) == ["x", "a"]


def test_departments_that_give_to_each_other_are_both_applied() -> None:
    circle = department("a", grant(MAPS, "b/prod")), department("b", grant(MAPS, "a/prod"))
    assert names(*circle) == ["b", "a"]


def borrower(name: str, network: str) -> Department:
    node = Server(name="node", flavor="tiny", image="tiny", network=network)
    made = department(name)
    (prod,) = made.projects
    return made.model_copy(update={"projects": (prod.model_copy(update={"servers": (node,)}),)})


def test_who_has_servers_on_a_shared_network_is_applied_after_its_owner() -> None:
    owner = department("a", grant(FRONT, "b/prod"), grant(MAPS, "c/prod"))
    assert names(borrower("b", "a/prod/front"), owner, department("c")) == ["c", "a", "b"]


def test_a_network_is_shared_by_this_run_or_as_its_owner_s_stack_says() -> None:
    there = build_desired(borrower("b", "a/prod/front"), CATALOGUE, date(2026, 6, 1))
    owner = department("a", grant(FRONT, "b/prod"))
    stood = {Standing("network", "prod/front", "b/prod", "use")}
    assert list(missing_networks(there, {"a": build_desired(owner, CATALOGUE, date(2026, 6, 1))}, lambda _: set())) == []
    assert list(missing_networks(there, {}, lambda _: stood)) == []
    ended = {"a": build_desired(owner, CATALOGUE, date(2027, 1, 1))}
    for coming, stands in ((ended, stood), ({}, set[Standing]())):
        (told,) = missing_networks(there, coming, lambda _, s=stands: s)
        assert told.startswith("server prod/node is on network prod/front of a, which a shares not with b/prod today")


@pytest.mark.parametrize(
    ("today", "kinds"),
    [
        (date(2025, 12, 31), []),
        (date(2026, 1, 1), ["container", "network", "image"]),
        (date(2026, 12, 31), ["container", "network", "image"]),
        (date(2027, 1, 1), []),
    ],
)
def test_a_grant_is_desired_from_its_first_to_its_last_day(today: date, kinds: list[str]) -> None:
    owner = department("a", *(grant(thing, "b/prod") for thing in (MAPS, FRONT, IMAGE)))
    shares = build_desired(owner, CATALOGUE, today).shares
    assert sorted(share.kind for share in shares) == sorted(kinds)
    assert {share.grantee for share in shares} <= {"b/b-prod"}


def test_only_what_is_neither_there_nor_coming_is_missing() -> None:
    desired = build_desired(department("a", grant(MAPS, "b/prod"), grant(FRONT, "c/prod")), CATALOGUE, date(2026, 6, 1))
    there = {"b": True, "c": False}
    assert list(missing_grantees(desired, frozenset({"c"}), there.__getitem__)) == []
    assert list(missing_grantees(desired, frozenset({"a"}), there.__getitem__)) == [
        "shares something with c, which is not in the cloud yet: apply c first, or both together"
    ]


def test_who_writes_a_container_reads_it_too() -> None:
    shares = (
        DesiredShare("container", "prod", "maps", "b/b-prod", "write"),
        DesiredShare("container", "prod", "maps", "c/c-prod", "read"),
        DesiredShare("network", "prod", "maps", "d/d-prod", "read"),
    )
    assert container_access(shares, "maps") == {"readers": ["b/b-prod", "c/c-prod"], "writers": ["b/b-prod"]}
    assert container_access(shares, "plans") == {"readers": [], "writers": []}


def resource(type_: str, name: str, **values: Any) -> dict[str, Any]:
    return {"type": f"oneroof:{type_}", "urn": f"urn:pulumi:a::oneroof::x$oneroof:{type_}::{name}", "id": "1", **values}


def test_a_stack_says_what_stands() -> None:
    resources = (
        resource(
            "object_store:Container", "prod/maps", outputs={"readers": ["b/b-prod", "c/c-web"], "writers": ["c/c-web"]}
        ),
        resource("object_store:Container", "prod/plans", outputs={"readers": [], "writers": []}),
        resource("network:RbacPolicy", "prod/front/b/b-prod", inputs={"grantee": "b/b-prod"}, outputs={"grantee": "0f1e2d"}),
        resource("image:Member", "prod/paths 2027/b/b-prod", inputs={"grantee": "b/b-prod"}),
        resource("network:RbacPolicy", "prod/back/b/b-prod", inputs={"grantee": "b/b-prod"}, delete=True),
        resource("network:Network", "prod/front"),
    )
    assert standing(resources) == {
        Standing("container", "prod/maps", "b/prod", "read"),
        Standing("container", "prod/maps", "c/web", "write"),
        Standing("network", "prod/front", "b/prod", "use"),
        Standing("image", "prod/paths 2027", "b/prod", "use"),
    }


def test_what_ended_is_taken_back_unless_a_later_grant_carries_it_on() -> None:
    over, on = grant(MAPS, "b/prod"), grant(MAPS, "b/prod", "2027-01-01", "2027-12-31")
    network = grant(FRONT, "b/prod")
    assert ended([department("a", over, on, network)], date(2026, 12, 31)) == ()
    assert ended([department("a", over, on, network)], date(2027, 1, 1)) == (("a", network),)
    assert ended([department("a", over, on, network)], date(2028, 1, 1)) == (("a", over), ("a", on), ("a", network))


def test_the_operations_host_takes_back_without_pulumi() -> None:
    code = "import sys; sys.modules['pulumi'] = None; import infra.sharing.enforcement, infra.sharing.verification"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_what_is_open_without_a_grant_and_what_is_granted_and_not_open_is_told() -> None:
    owner = department("a", grant(MAPS, "b/prod", access="write"), grant(FRONT, "b/prod"), grant(IMAGE, "c/web"))
    grants = wanted([owner], date(2026, 6, 1))
    front, public = Open("a/a-prod", "network", "front", "b/b-prod", "use"), ".r:* and others"
    found = {front, Open("a/a-prod", "container", "maps", "b/b-prod", "read"), Open("a/a-prod", "image", "x", public, "use")}
    assert [str(difference) for difference in compare(found, grants)] == [
        "a: container prod/maps for b/prod, read: open without a grant in force",
        "a: image prod/x for .r:* and others, use: open without a grant in force",
        "a: container prod/maps for b/prod, write: granted, and not open",
        "a: image prod/paths 2027 for c/web, use: granted, and not open",
    ]
    assert list(compare(grants, grants)) == []
    assert wanted([owner], date(2027, 1, 1)) == frozenset()


FIRST, DAY_BEFORE = date(2026, 3, 1), date(2026, 2, 28)
BOTH_BEFORE = {"a": DAY_BEFORE, "b": DAY_BEFORE}


def given(**more: Any) -> Entry:
    terms = build_terms(grant(MAPS, "b/prod", first=str(FIRST))) | more
    return Entry("2026-03-01T00:05:00", GRANTED, "oneroof", "a", "container", "prod/maps", "b/prod", "read", terms, "")


@pytest.mark.parametrize(
    ("today", "applied", "known", "begins"),
    [
        (FIRST, BOTH_BEFORE, (), True),
        (date(2026, 3, 9), BOTH_BEFORE, (), True),
        (DAY_BEFORE, BOTH_BEFORE, (), False),
        (date(2027, 1, 1), BOTH_BEFORE, (), False),
        (FIRST, {"a": FIRST, "b": DAY_BEFORE}, (), False),  # an apply gave it; who closed it since had a reason
        (FIRST, {"a": DAY_BEFORE}, (), False),
        (FIRST, {"b": DAY_BEFORE}, (), False),
        (date(2026, 3, 9), BOTH_BEFORE, (given(),), False),
        (date(2026, 3, 9), BOTH_BEFORE, (given(**{"from": "2025-03-01"}),), True),
        (date(2026, 3, 9), BOTH_BEFORE, (given(), replace(given(), event=WITHDRAWN)), True),
        (date(2026, 3, 9), BOTH_BEFORE, (replace(given(), event=WITHDRAWN), given()), False),
    ],
)
def test_a_grant_begins_once_where_no_apply_could_give_it(
    today: date, applied: dict[str, date], known: tuple[Entry, ...], begins: bool
) -> None:
    departments = department("a", grant(MAPS, "b/prod", first=str(FIRST))), department("b")
    assert [owner for owner, _ in beginning(departments, applied, known, today)] == (["a"] if begins else [])


def test_nothing_of_what_is_in_quarantine_begins() -> None:
    days = {"approved_on": "2026-02-01", "not_before": "2026-04-01", "expires": "2026-05-01"}
    approval = Erasure(what="project prod", reason="It moved", approved_by=("a@b.example",), **days)
    owner = department("a", grant(MAPS, "b/prod", first=str(FIRST))).model_copy(update={"erasures": (approval,)})
    assert [*beginning([owner, department("b")], BOTH_BEFORE, (), FIRST)] == []
    assert [*beginning([owner, department("b")], BOTH_BEFORE, (), date(2026, 5, 2))] != []


STANDS = (Standing("container", "prod/maps", "b/prod", "read"),)
IN_FORCE = grant(MAPS, "b/prod", first=str(FIRST))


@pytest.mark.parametrize(
    ("known", "stands", "grants", "stray"),
    [
        ((given(),), (), (), True),
        ((given(),), (), (grant(MAPS, "b/prod", first="2026-05-01"),), True),  # put off since
        ((given(),), (), (grant(MAPS, "c/prod"),), True),
        ((given(),), (), (IN_FORCE,), False),
        ((given(),), STANDS, (), False),  # the stack has it, and its next run takes it back
        ((given(), replace(given(), event=WITHDRAWN)), (), (), False),
        ((replace(given(), event=WITHDRAWN), given()), (), (), True),
        ((replace(given(), owner="c"),), (), (), False),
        ((replace(given(), cloud="other"),), (), (), False),
        ((), (), (), False),
    ],
)
def test_what_was_given_on_its_day_and_is_declared_no_more_is_found(
    known: tuple[Entry, ...], stands: tuple[Standing, ...], grants: tuple[Grant, ...], stray: bool
) -> None:
    found = find_stray(known, stands, grants, cloud="oneroof", owner="a", today=date(2026, 3, 9))
    assert found == ((known[-1],) if stray else ())


def test_that_it_was_taken_back_is_recorded_once() -> None:
    now = datetime(2026, 3, 9, 1, tzinfo=UTC)
    (line,) = build_undeclared((given(),), given(), now)
    assert (line.event, line.reason, line.at) == (WITHDRAWN, "no longer declared", "2026-03-09T01:00:00+00:00")
    assert [*build_undeclared((given(), line), given(), now)] == []
