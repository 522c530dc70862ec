"""What is due is judged by the evidence, and every erasure leaves a record of all that led to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from backup.evidence import verify
from backup.records import BackupRecord, ErasureRecord, Outcome, Source, append_records, load_records, render_values
from infra.erasure.due import Judged, build_record, end_record, judge_copies
from infra.erasure.erasing import Candidate
from tenants.declaration.erasure import Erasure, Thing, parse_thing
from tenants.declaration.model import Container, Department, Project, Volume

SINCE = datetime(2026, 11, 10, 12, tzinfo=UTC)
DATA, PAPERS = parse_thing("volume prod/data"), parse_thing("container prod/papers")


def declared(recovery: str = "bronze", **more: str) -> tuple[Department, Erasure]:
    erasure = Erasure(
        what="project prod",
        reason="It moved",
        approved_by=("it@forestry.gov.example",),
        approved_on=date(2026, 11, 1),
        not_before=date(2026, 11, 10),
        expires=date(2026, 11, 30),
        **more,
    )
    project = Project(
        name="prod",
        volumes=(Volume(name="data", size_gib=1, recovery=recovery),),
        containers=(Container(name="papers", recovery="bronze"),),
    )
    owners = ("it@forestry.gov.example",)
    department = Department(
        name="forestry", local_name="F", owners=owners, cost_centre="F", projects=(project,), erasures=(erasure,)
    )
    return department, erasure


def snapshot(thing: Thing) -> BackupRecord:
    ended, source = SINCE + timedelta(minutes=2), Source(str(thing.kind))
    started = SINCE + timedelta(minutes=1)
    return BackupRecord("forestry", source, thing.path, started, ended, f"of {thing}", 1, "", Outcome.VERIFIED)


def judged(
    *records: BackupRecord, recovery: str = "bronze", undeclared: tuple[str, ...] = (), **more: str
) -> tuple[Judged, Mapping[Thing, str]]:
    department, erasure = declared(recovery, **more)
    candidate = Candidate(erasure, "p1", SINCE, {DATA: SINCE, PAPERS: SINCE}, undeclared)
    found = judge_copies(department, candidate, records)
    return found, found.snapshots


def test_everything_in_it_must_be_in_a_verified_snapshot() -> None:
    found, snapshots = judged(snapshot(DATA), snapshot(PAPERS))
    assert found.is_due
    assert snapshots == {DATA: "of volume prod/data", PAPERS: "of container prod/papers"}
    found, _ = judged(snapshot(DATA))
    assert found.waits == "container prod/papers was never backed up: `oneroof backup run forestry` does it"


def test_what_is_not_backed_up_at_all_goes_by_its_reason_alone() -> None:
    found, snapshots = judged(snapshot(PAPERS), recovery="none", without_backup="Made again from the maps")
    assert found.is_due
    assert snapshots == {DATA: "", PAPERS: "of container prod/papers"}


def test_what_was_made_by_hand_is_in_no_backup() -> None:
    copies = (snapshot(DATA), snapshot(PAPERS))
    found, _ = judged(*copies, undeclared=("volume mine",))
    assert found.waits == "volume mine: made by hand, in no backup: declare it, or say without_backup and why"
    assert judged(*copies, undeclared=("volume mine",), without_backup="A copy of data")[0].is_due


def test_the_record_says_by_whose_leave_and_what_is_kept(tmp_path: Path) -> None:
    found, _ = judged(snapshot(DATA), snapshot(PAPERS))
    going = {parse_thing("project prod"): "p1", DATA: "v1", parse_thing("volume other/data"): "v2"}
    begun = build_record(found, going, SINCE)
    assert begun.identifiers == {"project prod": "p1", "volume prod/data": "v1"}
    assert begun.outcome is Outcome.PENDING
    record = end_record(begun, [], SINCE + timedelta(minutes=9))
    assert record.outcome is Outcome.VERIFIED
    assert (record.approved_by, record.expires, record.quarantined_at) == (
        ["it@forestry.gov.example"],
        "2026-11-30",
        SINCE.isoformat(),
    )
    append_records(tmp_path, [record])
    assert load_records(ErasureRecord, tmp_path) == (record,)
    (ledger,) = verify(tmp_path)
    assert ledger.problems == ()
    file = next((tmp_path / "ledger").glob("*.jsonl"))
    file.write_text(file.read_text().replace("It moved", "Somebody said so"))
    assert "was changed" in " ".join(verify(tmp_path)[0].problems)
    assert json.dumps(render_values(record))


@pytest.mark.parametrize(("left", "outcome"), [((), Outcome.VERIFIED), (("port p9",), Outcome.FAILED)])
def test_what_is_still_found_is_a_failure(left: tuple[str, ...], outcome: Outcome) -> None:
    found, _ = judged(snapshot(DATA), snapshot(PAPERS))
    assert end_record(build_record(found, {}, SINCE), left, SINCE).outcome is outcome
