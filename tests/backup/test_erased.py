"""What was erased is left out of the jobs; what was approved and is still there, or came anew, is backed up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from backup.erased import leave_out, leave_out_runs
from backup.plan import build_jobs
from backup.policy import load_policy
from backup.records import BackupRecord, ErasureRecord, Outcome, Source
from tenants.declaration.erasure import Erasure
from tenants.declaration.model import Department, Project, Volume

NOW = datetime(2026, 11, 10, tzinfo=UTC)
ENTRY = Erasure(
    what="volume prod/data",
    reason="It moved",
    approved_by=("it@forestry.gov.example",),
    approved_on=date(2026, 11, 1),
    not_before=date(2026, 11, 9),
    expires=date(2026, 11, 30),
)
ERASED = ErasureRecord(
    "forestry", "volume prod/data", NOW, NOW, "It moved", [], "2026-11-01", "2026-11-09", "2026-11-30", "", {}, "", {}, [],
    Outcome.VERIFIED,
)  # fmt: skip


def backed_up(*records: ErasureRecord, erasures: tuple[Erasure, ...] = (ENTRY,)) -> list[str]:
    project = Project(name="prod", volumes=(Volume(name="data", size_gib=1), Volume(name="kept", size_gib=1)))
    owners = ("it@forestry.gov.example",)
    department = Department(
        name="forestry", local_name="F", owners=owners, cost_centre="F", projects=(project,), erasures=erasures
    )
    return [job.name for job in build_jobs(leave_out([department], records), load_policy()) if job.department == "forestry"]


def test_what_was_erased_is_not_backed_up_any_more() -> None:
    assert backed_up(ERASED) == ["prod/kept"]


@pytest.mark.parametrize(
    "record",
    [
        replace(ERASED, outcome=Outcome.PENDING),
        replace(ERASED, department="health"),
        replace(ERASED, name="volume prod/other"),
        replace(ERASED, approved_on="2025-11-01"),
    ],
)
def test_everything_else_is(record: ErasureRecord) -> None:
    assert backed_up(record) == ["prod/data", "prod/kept"]


def test_what_is_declared_anew_is_backed_up_again() -> None:
    assert backed_up(ERASED, erasures=()) == ["prod/data", "prod/kept"]


def run(source: Source, name: str, department: str = "forestry", hours: int = -1) -> BackupRecord:
    at = NOW + timedelta(hours=hours)
    return BackupRecord(department, source, name, at, at, "a" * 64, 1, "b" * 64, Outcome.FAILED)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("volume prod/data", ["prod/scans", "prod/papers", "old/data", "prod/data"]),
        ("project prod", ["old/data", "prod/data"]),
        ("department", ["prod/data"]),
    ],
)
def test_nobody_is_told_of_the_runs_of_what_was_erased(name: str, kept: list[str]) -> None:
    runs = [
        run(Source.VOLUME, "prod/data"),
        run(Source.CONTAINER, "prod/scans"),
        run(Source.DATABASE, "prod/papers"),
        run(Source.VOLUME, "old/data"),
        run(Source.VOLUME, "prod/data", department="health"),
    ]
    assert [each.name for each in leave_out_runs(runs, [replace(ERASED, name=name)])] == kept


def test_what_came_anew_under_the_same_name_is_told_of_and_what_is_not_gone_yet_too() -> None:
    anew, before = run(Source.VOLUME, "prod/data", hours=1), run(Source.VOLUME, "prod/data")
    assert leave_out_runs([before, anew], [ERASED]) == (anew,)
    assert leave_out_runs([before], [replace(ERASED, outcome=Outcome.PENDING)]) == (before,)
