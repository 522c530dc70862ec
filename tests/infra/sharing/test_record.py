"""The record of sharing: one line for each change, none twice, none altered unseen."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from infra.sharing.grants import Standing
from infra.sharing.record import Entry, append_entries, build_ended, build_entries, load_entries
from tenants.declaration.sharing import Grant
from tenants.problem import UserError

READ = Standing("container", "prod/maps", "parks/prod", "read")
WRITE = Standing("container", "prod/maps", "parks/prod", "write")
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
LATER = datetime(2027, 1, 1, 0, 5, tzinfo=UTC)


def grant(purpose: str = "Paths", last: str = "2026-12-31") -> Grant:
    days = {"from": "2026-01-01", "to": last}
    approved = ["a@forestry.example", "b@parks.example"]
    things = {"container": "prod/maps", "with": "parks/prod", "data_items": ["paths"], "approved_by": approved}
    return Grant.model_validate({**things, **days, "purpose": purpose})


def note(
    file: Path, stands: Iterable[Standing], *grants: Grant, now: datetime = NOW, cloud: str = "c", reason: str = ""
) -> list[tuple[str, str, str]]:
    build = partial(build_entries, stands=stands, grants=grants, cloud=cloud, owner="forestry", now=now, reason=reason)
    return [(entry.event, entry.access, entry.reason) for entry in append_entries(file, build)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "records" / "sharing.jsonl"


def test_a_grant_is_recorded_once_with_what_was_agreed(file: Path) -> None:
    assert note(file, [READ], grant()) == [("granted", "read", "")]
    assert note(file, [READ], grant()) == []
    (entry,) = load_entries(file)
    assert entry.at == "2026-06-01T12:00:00+00:00"
    assert (entry.owner, entry.place, entry.grantee) == ("forestry", "prod/maps", "parks/prod")
    assert entry.terms == {
        "purpose": "Paths", "legal_basis": "", "data_items": ["paths"], "from": "2026-01-01", "to": "2026-12-31",
        "approved_by": ["a@forestry.example", "b@parks.example"],
    }  # fmt: skip
    assert file.stat().st_mode & 0o777 == 0o600


def test_another_access_or_other_terms_are_a_change(file: Path) -> None:
    note(file, [READ], grant())
    assert note(file, [WRITE], grant()) == [("changed", "write", "")]
    assert note(file, [WRITE], grant(purpose="Paths and benches")) == [("changed", "write", "")]
    assert note(file, [WRITE], grant(purpose="Paths and benches")) == []


@pytest.mark.parametrize(
    ("grants", "now", "reason", "why"),
    [
        ((), NOW, "", "no longer declared"),
        ((), LATER, "", "ended on 2026-12-31"),
        ((grant(last="2026-05-31"),), NOW, "", "ended on 2026-05-31"),
        ((), NOW, "the department was withdrawn", "the department was withdrawn"),
    ],
)
def test_what_is_gone_says_why(file: Path, grants: tuple[Grant, ...], now: datetime, reason: str, why: str) -> None:
    note(file, [READ], grant())
    assert note(file, [], *grants, now=now, reason=reason) == [("withdrawn", "read", why)]
    assert note(file, [], *grants, now=now) == []


def test_what_was_taken_back_early_is_not_said_again(file: Path) -> None:
    note(file, [READ], grant())
    take = partial(build_ended, grant=grant(), cloud="c", owner="forestry", now=LATER)
    assert [entry.reason for entry in append_entries(file, take)] == ["ended on 2026-12-31"]
    assert append_entries(file, take) == ()
    assert note(file, [], grant(), now=LATER) == []
    assert note(file, [READ], grant(last="2027-12-31"), now=LATER) == [("granted", "read", "")]


def test_two_clouds_are_two_stories(file: Path) -> None:
    note(file, [READ], grant())
    assert note(file, [READ], grant(), cloud="d") == [("granted", "read", "")]
    assert note(file, []) == [("withdrawn", "read", "no longer declared")]
    assert note(file, [READ], grant(), cloud="d") == []


def test_a_line_that_was_cut_short_is_replaced(file: Path) -> None:
    note(file, [READ], grant())
    whole = file.read_bytes()
    file.write_bytes(whole + whole[:50])
    assert len(load_entries(file)) == 1
    assert note(file, [WRITE], grant()) == [("changed", "write", "")]
    assert [entry.event for entry in load_entries(file)] == ["granted", "changed"]


@pytest.mark.parametrize("altered", ["changed", "removed"])
def test_what_was_altered_is_named(file: Path, altered: str) -> None:
    note(file, [READ], grant())
    note(file, [WRITE], grant())
    note(file, [])
    first, second, third = file.read_bytes().splitlines(keepends=True)
    second = second.replace(b'"write"', b'"read"') if altered == "changed" else b""
    file.write_bytes(first + second + third)
    with pytest.raises(UserError) as caught:
        load_entries(file)
    line = 3 if altered == "changed" else 2
    expected = f"{file}:{line}: this line, or the one before it, is not what was recorded"
    assert str(caught.value).startswith(expected)


def test_an_altered_line_stops_nobody_from_recording(file: Path) -> None:
    note(file, [READ], grant())
    file.write_bytes(b"nothing\n" + file.read_bytes())
    assert note(file, []) == [("withdrawn", "read", "no longer declared")]


def test_nothing_recorded_is_no_mistake(file: Path) -> None:
    nothing: tuple[Entry, ...] = ()
    assert load_entries(file) == nothing
