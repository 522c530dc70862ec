"""Servers written as one with a count: what they become, and what a mistake in them is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenants.declaration.load import load_departments

HEAD = "name: forestry\nlocal_name: F\nowners: [it@forestry.gov.example]\ncost_centre: F-1\n"
PROD = "projects:\n  - name: prod\n    networks: [{name: front, cidr: 10.20.0.0/24}]\n"
SERVER = "    servers: [{name: web, flavor: tiny, image: tiny%s}]\n"


def test_several_servers_are_numbered_and_spread_under_their_common_name(directory: Path) -> None:
    servers = (
        "    servers:\n      - {name: web, flavor: tiny, image: tiny, count: 3, spread: require}\n"
        "      - {name: db, flavor: tiny, image: tiny}\n"
    )
    (directory / "forestry.yaml").write_text(HEAD + PROD + servers)
    (department,) = load_departments(directory)
    made = [(server.name, server.spread_group, server.network, server.count) for server in department.projects[0].servers]
    assert made == [
        ("web-1", "web", "front", 1),
        ("db", "", "front", 1),
        ("web-2", "web", "front", 1),
        ("web-3", "web", "front", 1),
    ]


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (", count: 0", ".count: got 0, expected a whole number of at least 1"),
        (", spread: prefer", ": got spread with one server, expected a count of at least 2"),
        (", count: 2, spread: maybe", ".spread: got maybe, expected prefer or require"),
        (", count: 11, spread: require", ": got spread with a count of 11, expected at most 10"),
        (
            ", count: 2, floating_ip: front",
            ": got floating_ip front with a count of 2, expected true: each needs an address of its own",
        ),
        (
            ", count: 2, volumes: [v]",
            ": got volumes with a count of 2, expected none: a volume is attached to one server",
        ),
    ],
)
def test_what_does_not_go_together_is_told(problems, more: str, sentence: str) -> None:
    (problem,) = problems(forestry=PROD + SERVER % more)
    assert (problem.line, problem.what) == (8, f"projects[0].servers[0]{sentence}")


def test_a_name_leaves_room_for_its_number(problems) -> None:
    (problem,) = problems(forestry=PROD + f"    servers: [{{name: {'w' * 31}, flavor: tiny, image: tiny, count: 2}}]\n")
    assert problem.what.endswith("got a name of 33 characters with its number, expected at most 32")


def test_a_mistake_in_several_servers_is_told_once(problems) -> None:
    (problem,) = problems(forestry=PROD + (SERVER % ", count: 3").replace("image: tiny", "image: tinny"))
    assert (problem.line, problem.what.split(", ")[0]) == (8, "projects[0].servers[0].image: got tinny")


def test_several_servers_count_against_the_quota(problems) -> None:
    (problem,) = problems(forestry=PROD + SERVER % ", count: 5")
    assert problem.what.startswith("projects[0].quota.instances: got 4, expected at least 5")


def test_a_numbered_name_is_nobody_elses(problems) -> None:
    servers = (
        "    servers:\n      - {name: web, flavor: tiny, image: tiny, count: 2}\n"
        "      - {name: web-2, flavor: tiny, image: tiny}\n"
    )
    (problem,) = problems(forestry=PROD + servers)
    assert problem.line == 9
    assert problem.what == "projects[0].servers[0].name: got web-2, expected a name that servers[1] does not have"
