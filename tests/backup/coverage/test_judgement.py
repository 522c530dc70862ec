"""Coverage: each thing the cloud holds is backed up, explained, or a gap with its reason."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backup.coverage.holdings import Holding, Holdings, Unread
from backup.coverage.judgement import Judged, State, count_states, judge, select
from backup.coverage.text import render_json, render_markdown, render_sentence
from backup.plan import build_jobs
from backup.policy import load_policy
from backup.records import BackupRecord, Outcome, Source, newest_restorable
from tenants.declaration.complete import complete
from tenants.declaration.model import Department

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=30)
POLICY = load_policy()
HEALTH: dict[str, Any] = {
    "name": "health",
    "local_name": "Health",
    "owners": ["it@health.gov.example"],
    "cost_centre": "H-1",
    "recovery": "gold",
    "projects": [
        {
            "name": "prod",
            "volumes": [{"name": "data", "size_gib": 1}, {"name": "spare", "size_gib": 1, "recovery": "none"}],
            "containers": [{"name": "papers", "versioning": True}],
            "servers": [{"name": "web", "flavor": "tiny", "image": "tiny", "volumes": ["data"]}],
        }
    ],
}
WAIVER = {
    "what": "volume prod/spare",
    "reason": "Made again",
    "approved_by": ["it@health.gov.example"],
    "approved_on": "2026-11-01",
    "expires": "2026-11-25",
}


def judged(
    *things: Holding, records: tuple[BackupRecord, ...] = (), at: datetime = NOW, **changes: object
) -> tuple[Judged, ...]:
    department = complete(Department.model_validate(HEALTH | changes))
    newest = newest_restorable(records)
    return judge(Holdings(at, things), [department], build_jobs([department], POLICY), POLICY, newest)


def thing(kind: str, name: str, *, department: str = "health", made: datetime | None = LONG_AGO, **more: Any) -> Holding:
    return Holding(department, kind, name, f"id-{name}", 1 << 30, made, **more)


def snapshot(source: Source, name: str, age: timedelta, outcome: Outcome = Outcome.GOOD) -> BackupRecord:
    at = NOW - age
    return BackupRecord("health", source, name, at, at + timedelta(minutes=1), f"{name}-{age}", 5, "ab" * 32, outcome)


@pytest.mark.parametrize(
    ("record", "made", "state", "why"),
    [
        (snapshot(Source.VOLUME, "prod/data", timedelta(hours=6)), LONG_AGO, State.COVERED, "good"),
        (
            snapshot(Source.VOLUME, "prod/data", timedelta(hours=6, seconds=1)),
            LONG_AGO,
            State.LATE,
            "newest good snapshot is of 2026-11-25 05:59Z; gold promises one no older than 6h",
        ),
        (
            snapshot(Source.VOLUME, "prod/data", timedelta(hours=1), Outcome.PENDING),
            LONG_AGO,
            State.NEVER,
            "no good snapshot at all; gold promises one no older than 6h",
        ),
        (
            snapshot(Source.VOLUME, "prod/data", timedelta(hours=1), Outcome.FAILED),
            NOW - timedelta(hours=5),
            State.WAITING,
            "made a short while ago; due by 2026-11-25 13:00Z",
        ),
        (snapshot(Source.CONTAINER, "prod/data", timedelta(hours=1)), None, State.NEVER, None),
    ],
)
def test_a_declared_volume_needs_a_good_snapshot_of_its_own_within_its_tiers_time(
    record: BackupRecord, made: datetime | None, state: State, why: str | None
) -> None:
    (found,) = judged(thing("volume", "prod/data", made=made), records=(record,))
    assert found.state is state
    assert why in (None, found.why)
    assert found.is_gap == (state in (State.LATE, State.NEVER))


@pytest.mark.parametrize(
    ("waivers", "at", "state"),
    [
        ([], NOW, State.UNWAIVED),
        ([WAIVER], NOW, State.WAIVED),
        ([WAIVER | {"what": "project prod"}], NOW, State.WAIVED),
        ([WAIVER | {"what": "volume prod/data"}], NOW, State.UNWAIVED),
        ([WAIVER], NOW + timedelta(days=1), State.LAPSED),
    ],
)
def test_what_is_left_out_needs_a_waiver_that_counts_today(waivers: list[object], at: datetime, state: State) -> None:
    (found,) = judged(thing("volume", "prod/spare"), at=at, waivers=waivers)
    assert found.state is state
    assert found.is_gap == (state is not State.WAIVED)


def test_what_nobody_declared_is_a_gap_and_says_whose_it_is() -> None:
    found = judged(
        thing("volume", "prod/forgotten"),
        thing("server", "prod/by-hand", of_image="tiny"),
        thing("image", "prod/golden"),
        thing("container", "prod/other-versions"),
        thing("volume", "prod/data", department="stranger"),
        thing("volume", "admin/x", department=""),
    )
    assert {(j.state, j.why) for j in found} == {
        (State.UNDECLARED, "in no declaration"),
        (State.UNDECLARED, "no declaration is called stranger"),
        (State.UNDECLARED, "the operator's own, and in no declaration"),
    }
    assert all(j.is_gap for j in found)
    assert [j.holding.name for j in select(found, ["control-plane"])] == ["admin/x"]


def test_what_is_made_again_or_judged_elsewhere_is_explained() -> None:
    found = judged(thing("server", "prod/web", of_image="tiny"), thing("container", "prod/papers-versions"))
    assert [(j.state, j.why) for j in found] == [
        (State.REBUILT, "root disk, made again from image tiny and its user_data"),
        (State.COPY, "old versions of the objects of container prod/papers"),
    ]


def test_two_of_one_name_are_gaps_though_a_snapshot_is_there() -> None:
    record = snapshot(Source.VOLUME, "prod/data", timedelta(hours=1))
    found = judged(thing("volume", "prod/data"), thing("volume", "prod/data"), records=(record,))
    assert [j.state for j in found] == [State.DOUBLE, State.DOUBLE]


def test_counts_say_zero_where_there_is_none() -> None:
    counts = count_states(judged(thing("volume", "prod/data"), thing("volume", "prod/spare")))
    assert len(counts) == len(State)
    assert {state: count for (_, state), count in counts.items() if count} == {State.NEVER: 1, State.UNWAIVED: 1}


def test_texts_say_the_same() -> None:
    found = judged(thing("volume", "prod/a|b"), thing("server", "prod/web", of_image="tiny"))
    assert render_sentence(found) == "2 things hold data: 1 rebuilt, 1 undeclared; 1 is a gap"
    assert render_sentence(()) == "0 things hold data: none; no gap"
    holdings = Holdings(NOW, (), (Unread("volumes", "503"),))
    told = json.loads(render_json(found, holdings))
    assert (told["schema_version"], told["gaps"], told["unread"]) == (1, 1, [{"source": "volumes", "error": "503"}])
    assert [(each["name"], each["state"], each["gap"]) for each in told["things"]] == [
        ("prod/a|b", "undeclared", True),
        ("prod/web", "rebuilt", False),
    ]
    page = render_markdown(found, holdings).splitlines()
    assert page[0] == "## Coverage of the backup at 2026-11-25 12:00Z"
    assert page[6].startswith(r"| health | volume | prod/a\|b | 2026-10-26 12:00 | - | GAP: undeclared |")
    assert page[-1] == "**Not read: volumes** (503)."
