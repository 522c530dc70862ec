"""Some projects a turn: all are read in time, the calls of a turn stay the same, what grew old is dropped."""

from __future__ import annotations

from infra.inventory.object_account import Account, Container, parse_account
from infra.inventory.rolling import Told, choose, still_known


def told(turn: int) -> Told:
    return Told(0.0, turn, {}, {}, None)


def test_who_was_never_read_comes_first_then_who_was_read_longest_ago() -> None:
    assert choose({"a": told(3), "b": told(1)}, ("a", "b", "c", "d"), 3) == ("c", "d", "b")


def test_a_thousand_projects_are_read_in_turn_and_none_twice_before_all_were_once() -> None:
    projects = tuple(f"p{number:04}" for number in range(1000))
    known: dict[str, Told] = {}
    for turn in range(1, 144):
        chosen = choose(known, projects, 7)
        assert len(chosen) == 7
        known |= {project: told(turn) for project in chosen}
    assert set(known) == set(projects)


def test_a_project_that_is_gone_and_a_reading_that_grew_old_are_dropped() -> None:
    known = {"gone": told(9), "old": told(1), "fresh": told(8)}
    assert set(still_known(known, ("old", "fresh"), 10, 1)) == {"fresh"}
    assert set(still_known(known, ("old", "fresh"), 7, 1)) == {"old", "fresh"}


def test_an_account_is_read_with_its_totals() -> None:
    headers = {"X-Account-Bytes-Used": "70", "X-Account-Object-Count": "3", "X-Account-Container-Count": "2"}
    listed = [{"name": "a", "bytes": 60, "count": 1}, {"name": "b", "bytes": 10, "count": 2}]
    assert parse_account(headers, listed) == Account(70, 3, 2, (Container("a", 60, 1), Container("b", 10, 2)))
