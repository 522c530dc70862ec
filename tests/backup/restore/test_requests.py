"""What a department asks to have back: when it is due, with which snapshot, and that it is done once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from backup.records import BackupRecord, Outcome, Source
from backup.restore.record import RestoreRecord
from backup.restore.requests import Judged, judge
from tenants.declaration.load import CATALOGUE_NAME, default_directory, load_departments
from tenants.declaration.model import Department

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
TODAY = NOON.date()
BODY = """\
name: forestry
local_name: Forestry
owners: [it@forestry.gov.example, boss@forestry.gov.example]
cost_centre: F-1
projects:
  - name: prod
    networks: [{name: front, cidr: 10.20.0.0/24}]
    volumes: [{name: data, size_gib: 1}, {name: back, size_gib: 1}]
    containers: [{name: papers}]
    servers: [{name: web, flavor: tiny, image: tiny, volumes: [data]}]
restores:
  - {reason: Deleted by mistake, not_before: 2026-11-24, expires: 2026-11-26, ENTRY}
"""
Declare = Callable[[str], Department]


@pytest.fixture
def declare(tmp_path: Path) -> Declare:
    shutil.copy(default_directory() / CATALOGUE_NAME, tmp_path)

    def load(entry: str) -> Department:
        (tmp_path / "forestry.yaml").write_text(BODY.replace("ENTRY", entry))
        return load_departments(tmp_path)[0]

    return load


def taken(hours: int, source: Source, name: str, outcome: Outcome = Outcome.GOOD) -> BackupRecord:
    at = NOON + timedelta(hours=hours)
    snapshot = f"{-hours:04x}{name[5:8].encode().hex():0>60}"
    return BackupRecord("forestry", source, name, at, at, snapshot, 1 << 30, "ab" * 32, outcome)


HISTORY = (
    taken(-50, Source.CONTAINER, "prod/papers", Outcome.VERIFIED),
    taken(-30, Source.CONTAINER, "prod/papers"),
    taken(-2, Source.CONTAINER, "prod/papers", Outcome.PENDING),
    taken(-20, Source.VOLUME, "prod/data"),
)


def made(of: BackupRecord, request: str, outcome: Outcome, reason: str = "", department: str = "forestry") -> RestoreRecord:
    return RestoreRecord(
        department,
        of.source,
        of.name,
        of.name,
        NOON,
        NOON,
        of.snapshot_id,
        of.started_at,
        1,
        of.sha256,
        of.sha256,
        outcome,
        reason,
        request,
    )


def one(department: Department, *restores: RestoreRecord, today: date = TODAY) -> Judged:
    (judged,) = judge([department], HISTORY, restores, today)
    return judged


@pytest.mark.parametrize(
    ("entry", "hours"),
    [
        ("what: container prod/papers, prefix: back/", -30),
        ("what: container prod/papers, at: 2026-11-23T12:00", -50),
        ("what: volume prod/data, into: prod/back", -20),
    ],
)
def test_what_is_due_is_done_with_the_newest_that_counts_and_is_not_younger(
    declare: Declare, entry: str, hours: int
) -> None:
    department = declare(entry)
    judged = one(department)
    assert judged.wish is not None
    assert judged.wish.snapshot.started_at == NOON + timedelta(hours=hours)
    assert judged.state == f"due, as of {judged.wish.snapshot.started_at:%Y-%m-%d %H:%M}Z"
    assert judged.wish.target == department.restores[0].destination
    assert judged.wish.asked is not None
    assert judged.wish.asked.reason == "Deleted by mistake"
    assert (judged.wish.overwrite, judged.wish.asked.approved_by) == (False, "")


def test_who_approved_that_data_is_replaced_goes_with_it(declare: Declare) -> None:
    approval = "overwrite: true, approved_by: [it@forestry.gov.example, boss@forestry.gov.example], approved_on: 2026-11-24"
    judged = one(declare(f"what: container prod/papers, {approval}"))
    assert judged.wish is not None
    assert judged.wish.asked is not None
    assert judged.wish.overwrite
    assert judged.wish.asked.approved_by == "it@forestry.gov.example, boss@forestry.gov.example"
    assert "over what is there" in judged.wish.asked.key


@pytest.mark.parametrize(
    ("entry", "today", "state"),
    [
        ("what: container prod/papers", date(2026, 11, 23), "waits until 2026-11-24"),
        ("what: container prod/papers", date(2026, 11, 27), "ended on 2026-11-26 and does nothing"),
        (
            "what: container prod/papers, at: 2026-11-20T12:00",
            TODAY,
            "waits: the vault has no good snapshot of it that is not younger than 2026-11-20 12:00Z",
        ),
        ("what: volume prod/back", TODAY, "waits: the vault has no good snapshot of it"),
        (
            "what: volume prod/back, into: prod/data",
            TODAY,
            "waits: server prod/web uses volume prod/data; take it from the server first",
        ),
    ],
)
def test_what_is_not_due_says_what_it_waits_for(declare: Declare, entry: str, today: date, state: str) -> None:
    judged = one(declare(entry), today=today)
    assert (judged.state, judged.wish) == (state, None)


def test_what_was_done_is_never_done_again(declare: Declare) -> None:
    department = declare("what: container prod/papers")
    key = department.restores[0].key
    done = made(HISTORY[1], key, Outcome.VERIFIED)
    judged = one(department, made(HISTORY[1], key, Outcome.PENDING), done, made(HISTORY[1], key, Outcome.FAILED, "late"))
    assert (judged.state, judged.wish) == ("done 2026-11-25 12:00Z, as of 2026-11-24 06:00Z", None)
    assert one(department, done, today=date(2027, 1, 1)).wish is None
    mended = department.model_copy(
        update={"restores": (department.restores[0].model_copy(update={"reason": "Lost", "expires": date(2027, 1, 1)}),)}
    )
    assert one(mended, done).wish is None, "another reason or last day is no other request"
    again = declare("what: container prod/papers, prefix: back/")
    assert one(again, done).wish is not None
    assert one(department, made(HISTORY[1], key, Outcome.VERIFIED, department="health")).wish is not None


def test_what_was_interrupted_is_carried_on_from_its_own_snapshot(declare: Declare) -> None:
    department = declare("what: container prod/papers")
    key = department.restores[0].key
    older = HISTORY[0]  # the newest when it began
    judged = one(department, made(older, key, Outcome.PENDING))
    assert judged.wish is not None
    assert judged.wish.snapshot == older
    assert judged.state.endswith("was interrupted")
    judged = one(department, made(older, key, Outcome.PENDING), made(older, key, Outcome.FAILED, "it holds data"))
    assert judged.state.endswith("failed before: it holds data")
    gone = made(taken(-99, Source.CONTAINER, "prod/papers"), key, Outcome.PENDING)
    judged = one(department, gone)
    assert judged.wish is not None
    assert judged.wish.snapshot == HISTORY[1], "what retention removed cannot be carried on from"
