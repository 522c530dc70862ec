"""What no inventory holds is compared too: what nobody declared is told, what is gone is missing, an old look says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import pytest

from infra.agreement import Cloud
from infra.drift.closer import build_expected, find_closer
from infra.drift.comparison import Looked, build_drift
from infra.drift.operators_own import OperatorsOwn
from infra.drift.text import render_reading
from infra.drift.unknown import Unknowns
from infra.inventory.closer import Closer
from infra.inventory.model import Domain, Image, Inventory, Principal, Project
from infra.inventory.turns import Held, Look, Part

OWN = OperatorsOwn("admin", "admin-project", frozenset({"service"}), frozenset({"nova"}), is_built_here=True)
NOW, EARLIER = "2026-03-02T12:00:00+00:00", "2026-03-02T09:00:00+00:00"
HELD: Mapping[str, tuple[Any, ...]] = {
    "domains": (Domain("default", "Default", True, ""), Domain("d", "parks", True, ""), Domain("e", "roads", True, "")),
    "projects": (Project("p", "parks-prod", "d", True, "", ()), Project("q", "roads-prod", "e", True, "", ())),
    "users": (
        Principal("admin", "admin", "default", True),
        Principal("u", "ann", "d", True),
        Principal("w", "bo", "e", True),
    ),
    "groups": (Principal("g", "ops", "d", True),),
    "images": (Image("i", "shot", "p", "active", "shared", 1, "raw", ""),),
}


def resource(type_: str, identifier: str, urn: str, /, **outputs: Any) -> dict[str, Any]:
    return {"type": f"oneroof:{type_}", "id": identifier, "urn": f"urn::{urn}", "outputs": outputs}


STACKS = {
    "parks": (
        resource("identity:Domain", "d", "parks"),
        resource("identity:Project", "p", "prod"),
        resource("object_store:Container", "p/scans", "prod/scans"),
        resource("image:Member", "i/q", "prod/shot/roads/roads-prod"),
        resource("identity:Membership", "/groups/g/users/u", "ops/ann", group_id="g", user_id="u"),
        resource("identity:ApplicationCredential", "c", "ann/ci", user_id="u"),
    ),
    "roads": (resource("identity:Domain", "e", "roads"), resource("identity:Project", "q", "prod")),
}
AS_RECORDED = {
    "containers": ("p", Held("p/scans", "scans", "p")),
    "image_members": ("i", Held("i/q", "q", "q")),
    "members": ("g", Held("/groups/g/users/u", "u")),
    "application_credentials": ("u", Held("c", "ci", "p")),
}


def closer(more: Mapping[str, tuple[str, Held]], at: str = NOW) -> Closer:
    parts = {}
    for kind in (*AS_RECORDED, "access_lists", "server_groups", "access_keys", "trusts"):
        looks: dict[str, Look] = {}
        for place, held in (each for each in (AS_RECORDED.get(kind), more.get(kind)) if each):
            looks[place] = Look(at, (*(looks[place].held if place in looks else ()), held))
        parts[kind] = Part(looks, len(looks))
    return Closer(NOW, parts, 6, 0.1)


def told(looked: Closer, own: OperatorsOwn = OWN, **changed: tuple[Any, ...]) -> list[tuple[str, str, str, str, str]]:
    held = {field.name: HELD.get(field.name, ()) + changed.get(field.name, ()) for field in fields(Inventory)}
    unknowns = Unknowns(Cloud(Inventory(**held)), STACKS, own, "openstack")
    return [(f.department, f.kind, f.resource, f.name, f.what) for f in find_closer(looked, unknowns)]


def test_what_is_as_recorded_is_no_drift() -> None:
    assert told(closer({})) == []


@pytest.mark.parametrize(("more", "expected"), [
    ({"containers": ("p", Held("p/own", "own", "p"))}, ("parks", "Container", "own", "in no stack, in parks-prod")),
    ({"containers": ("x", Held("x/left", "left", "x"))},
     ("", "Container", "left", "in no stack, its project x does not exist")),
    ({"access_lists": ("p/scans", Held("p/scans read x", "read", "x"))},
     ("parks", "AccessList", "read of scans", "lets in project x, which does not exist")),
    ({"image_members": ("i", Held("i/x", "x", "x"))}, ("parks", "Member", "shot for x", "in no stack, image of parks-prod")),
    ({"members": ("g", Held("/groups/g/users/w", "w"))}, ("parks", "Membership", "ops/bo", "in no stack, in domain parks")),
    ({"server_groups": ("p", Held("s", "apart", "p"))}, ("parks", "ServerGroup", "apart", "in no stack, in parks-prod")),
    ({"application_credentials": ("u", Held("k", "mine", "p"))},
     ("parks", "ApplicationCredential", "ann/mine", "in no stack, opens parks-prod")),
    ({"access_keys": ("u", Held("0123456789ab", "0123456789ab", "p"))},
     ("parks", "AccessKey", "ann/01234567", "in no stack, opens parks-prod")),
    ({"trusts": ("u", Held("t", "w", "p"))}, ("parks", "Trust", "ann/to bo", "in no stack, opens parks-prod")),
])  # fmt: skip
def test_what_nobody_declared_is_unknown(more: Mapping[str, Any], expected: tuple[str, str, str, str]) -> None:
    department, resource_, name, what = expected
    assert told(closer(more)) == [(department, "unknown", resource_, name, what)]


def test_who_is_in_a_directory_is_the_directorys_matter() -> None:
    found = closer({"members": ("x", Held("/groups/x/users/w", "w"))})
    more = {"domains": (Domain("s", "staff", True, ""),), "groups": (Principal("x", "everybody", "s", True),)}
    assert told(found, **more) == [("", "unknown", "Membership", "everybody/bo", "in no stack, in domain staff")]
    assert told(found, replace(OWN, directories=frozenset({"staff"})), **more) == []


def test_whom_a_container_let_in_when_it_was_looked_at_may_be_there_now() -> None:
    assert told(closer({"access_lists": ("p/scans", Held("p/scans read q", "read", "q"))}, at=EARLIER)) == []


def test_what_is_recorded_and_gone_is_missing() -> None:
    empty = Closer(NOW, {kind: Part({place: Look(NOW, ())}, 1) for kind, (place, _) in AS_RECORDED.items()}, 4, 0.1)
    found = [(kind, resource_, name) for _, kind, resource_, name, _ in told(empty)]
    assert found == [
        ("missing", "Container", "prod/scans"),
        ("missing", "Member", "prod/shot/roads/roads-prod"),
        ("missing", "Membership", "ops/ann"),
        ("missing", "ApplicationCredential", "ann/ci"),
    ]


def test_nothing_is_concluded_of_a_place_that_nobody_looked_at() -> None:
    assert told(Closer(NOW, {"containers": Part({}, 1)}, 0, 0.0)) == []


def test_an_earlier_look_says_when_it_was() -> None:
    ((*_, what),) = told(closer({"application_credentials": ("u", Held("k", "mine", "p"))}, at=EARLIER))
    assert what == f"in no stack, opens parks-prod (looked at {EARLIER})"


def test_what_the_operator_made_or_an_unknown_project_holds_is_not_told() -> None:
    mine = {"application_credentials": ("admin", Held("k", "mine", ""))}
    assert told(closer(mine)) == []
    demo = Project("z", "demo", "d", True, "", ())
    assert told(closer({"containers": ("z", Held("z/own", "own", "z"))}), projects=(demo,)) == []


def test_what_the_stacks_record_is_given_by_place() -> None:
    assert build_expected(STACKS) == {
        "containers": {"p": {"p/scans"}},
        "image_members": {"i": {"i/q"}},
        "members": {"g": {"/groups/g/users/u"}},
        "application_credentials": {"u": {"c"}},
    }


def test_places_that_were_never_looked_at_or_could_not_be_are_named() -> None:
    cloud = Cloud(Inventory(**{f.name: HELD.get(f.name, ()) for f in fields(Inventory)} | {
        "calls": 20, "seconds": 1.0, "collected_at": NOW, "failures": ()
    }))  # fmt: skip
    looked = Closer(NOW, {
        "application_credentials": Part({"u": Look(EARLIER, AS_RECORDED["application_credentials"][1:])}, 3),
        "containers": Part({}, 0, "HTTP 503"),
    }, 5, 0.5)  # fmt: skip
    found = build_drift([], STACKS, cloud, looked, OWN, "openstack")
    assert [(each.source, each.error) for each in found.unread] == [
        ("application credentials", "2 of 3 places were never looked at; run it again"), ("containers", "HTTP 503")
    ]  # fmt: skip
    assert found.looked == (Looked("application credentials", 3, EARLIER), Looked("containers", 0, ""))
    assert f"in turns: application credentials of 3 places, the oldest look at {EARLIER}" in render_reading(found)
