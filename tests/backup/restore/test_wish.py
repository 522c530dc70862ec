"""Which snapshot a restore takes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from backup.records import BackupRecord, Outcome, Source
from backup.restore.wish import Asked, Wish, choose, choose_one, parse_instant, parse_wishes, render_wishes
from tenants.problem import UserError

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def taken(
    hours: int, outcome: Outcome = Outcome.GOOD, name: str = "prod/portal", department: str = "health"
) -> BackupRecord:
    at = NOON + timedelta(hours=hours)
    snapshot = f"{abs(hash((hours, name, department))):064x}"[-64:]
    return BackupRecord(department, Source.VOLUME, name, at, at, snapshot, 1 << 30, "ab" * 32, outcome)


HISTORY: Sequence[BackupRecord] = (
    taken(-8, Outcome.VERIFIED),
    taken(-4),
    taken(-2, Outcome.PENDING),
    taken(-1, Outcome.FAILED),
    taken(-4, name="prod/registry"),
    taken(-1, department="transport"),
)


@pytest.mark.parametrize(
    ("at", "hours"), [(None, -4), (NOON, -4), (NOON - timedelta(hours=5), -8), (NOON - timedelta(hours=4), -4)]
)
def test_the_newest_that_counts_and_is_not_younger_is_taken(at: datetime | None, hours: int) -> None:
    found = choose_one(HISTORY, "health", Source.VOLUME, "prod/portal", at)
    assert found.started_at == NOON + timedelta(hours=hours)


def test_a_department_is_all_its_volumes_and_no_other_one_s() -> None:
    assert [(r.department, r.name) for r in choose(HISTORY, "health")] == [
        ("health", "prod/portal"),
        ("health", "prod/registry"),
    ]


def test_too_early_an_instant_says_what_there_is() -> None:
    with pytest.raises(UserError, match="that old") as refused:
        choose_one(HISTORY, "health", Source.VOLUME, "prod/portal", NOON - timedelta(days=1))
    assert "2026-11-20 04:00:00Z" in str(refused.value)


def test_an_unknown_name_says_the_known_ones() -> None:
    with pytest.raises(
        UserError, match=r"got volume prod/portl, expected one that was backed up: prod/portal, prod/registry"
    ):
        choose_one(HISTORY, "health", Source.VOLUME, "prod/portl", None)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-20T12:00", NOON),
        ("2026-11-20 12:00:00Z", NOON),
        ("2026-11-20T20:00+08:00", NOON),
    ],
)
def test_instants_are_utc_unless_they_say_otherwise(text: str, instant: datetime) -> None:
    assert parse_instant(text) == instant


def test_what_is_no_instant_is_said() -> None:
    with pytest.raises(UserError, match="got yesterday, expected an instant"):
        parse_instant("yesterday")


def test_wishes_arrive_as_they_were_sent() -> None:
    asked = Asked("volume prod/portal as of newest into prod/copy", "Lost", "it@health.gov.example")
    wishes = (
        Wish(taken(-4), "prod/copy", overwrite=True, asked=asked),
        Wish(taken(-8), "prod/portal", is_lost=True),
    )
    assert parse_wishes(render_wishes(wishes)) == wishes


@pytest.mark.parametrize("text", ["{", "[]", '{"target": "a/b"}', '{"snapshot": 1}'])
def test_what_is_no_wish_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="no list of what to restore"):
        parse_wishes(text)
