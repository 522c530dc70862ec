"""The report says what follows from the ledger, each figure with its entry, and no more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from recorded_evidence import DAY, HOUR, NOW, Written, check, drill, promise, snapshot

from backup.copies.record import CopyRecord
from backup.records import BackupRecord, Outcome
from backup.report.document import build_document

PROOFS: dict[str, dict[str, Any]] = {
    "escrow": {"what": "drill", "outcome": "verified", "ended_at": (NOW - 30 * DAY).isoformat()},
    "recovery": {"outcome": "verified", "ended_at": (NOW - 60 * DAY).isoformat()},
    "probe": {"department": "health", "outcome": "verified", "ended_at": (NOW - HOUR).isoformat()},
}


def report(written: Written, *promises: dict[str, Any], **more: Any) -> dict[str, Any]:
    return build_document(written.inputs(*promises, **more), written.entries())


def health(document: dict[str, Any]) -> dict[str, Any]:
    (found,) = [d for d in document["departments"] if d["department"] == "health"]
    return found


def four_hours_each_day(days: int) -> list[Any]:
    return [snapshot(timedelta(hours=4 * n + 1)) for n in range(6 * days, -1, -1)]


def test_the_highest_level_needs_every_proof_and_each_figure_names_its_entry(written: Written) -> None:
    written.write(*four_hours_each_day(2), drill(DAY, 600.0), **PROOFS)
    document = report(written)
    (item,) = health(document)["items"]
    assert item["level"] == {"promised": 4, "achieved": 4, "missing": []}
    assert item["recovery_point"]["now"] == 3600
    assert item["recovery_point"]["worst"] == 4 * 3600
    assert item["recovery_time"]["measured"] == 600.0
    entries = {f"{e.ledger[:12]}#{e.number}": e for e in written.entries()}
    for key in ("recovery_point", "recovery_time"):
        (name,) = item[key]["evidence"]
        assert document["evidence"][name]["hash"] == entries[name].hash
        assert entries[name].kind == ("backup" if key == "recovery_point" else "drill")
    assert {e["kind"] for e in document["evidence"].values()} == {"backup", "drill", "escrow", "recovery", "probe"}
    assert [claim["level"] for claim in document["not_claimed"]] == [5, 6]


@pytest.mark.parametrize(
    ("take_away", "level", "missing"),
    [
        ("recovery", 3, {"rebuilt"}),
        ("probe", 3, {"refused_delete"}),
        ("escrow", 2, {"escrow"}),
        ("drill", 2, {"recovery_time", "drill"}),
    ],
)
def test_without_a_proof_the_level_is_not_claimed(written: Written, take_away: str, level: int, missing: set[str]) -> None:
    proofs = {kind: proof for kind, proof in PROOFS.items() if kind != take_away}
    drills = [] if take_away == "drill" else [drill(DAY, 600.0)]
    written.write(*four_hours_each_day(1), *drills, **proofs)
    (item,) = health(report(written))["items"]
    assert item["level"]["achieved"] == level
    assert {m["condition"] for m in item["level"]["missing"]} == missing


@pytest.mark.parametrize(
    ("records", "changes", "level"),
    [
        ([], {}, 0),
        ([snapshot(HOUR, Outcome.PENDING)], {}, 0),
        ([snapshot(8 * DAY)], {}, 0),
        ([snapshot(6 * DAY), snapshot(HOUR)], {"every": 7 * 86400.0}, 1),
        ([snapshot(3 * DAY), snapshot(HOUR), drill(DAY, 60.0)], {}, 2),  # for nearly three days nothing newer was there
        ([snapshot(HOUR), drill(DAY, 25 * 3600.0)], {}, 2),
        ([snapshot(HOUR), drill(DAY, 60.0), drill(HOUR, 60.0, identical=False)], {}, 2),
        ([snapshot(HOUR), drill(8 * DAY, 60.0)], {}, 2),  # longer ago than its tier asks for
        ([snapshot(HOUR), drill(DAY, 13 * 3600.0)], {}, 3),
        ([snapshot(13 * HOUR), drill(DAY, 60.0)], {}, 3),
    ],
)
def test_the_level_is_what_the_measures_bear_out(
    written: Written, records: list[Any], changes: dict[str, Any], level: int
) -> None:
    written.write(*records, **PROOFS)
    (item,) = health(report(written, promise(**changes)))["items"]
    assert item["level"]["achieved"] == level


def test_a_failed_drill_is_no_recovery_time(written: Written) -> None:
    written.write(snapshot(HOUR), drill(2 * DAY, 60.0), drill(DAY, 5.0, identical=False))
    told = health(report(written))
    (item,) = told["items"]
    assert (item["recovery_time"]["measured"], item["recovery_time"]["kept"]) == (None, False)
    assert (told["drills"]["held"], told["drills"]["identical"]) == (2, 1)
    assert told["drills"]["failed"][0]["reason"] == "the restored data is not what was backed up"


def test_an_incident_lasts_from_the_first_failure_to_the_next_good_snapshot(written: Written) -> None:
    fail: Callable[[timedelta], Any] = lambda age: snapshot(age, Outcome.FAILED, "the vault is full")  # noqa: E731
    written.write(snapshot(20 * HOUR), fail(16 * HOUR), fail(12 * HOUR), snapshot(8 * HOUR), fail(4 * HOUR))
    first, second = health(report(written))["incidents"]
    assert (first["runs"], first["reason"], first["took"]) == (2, "the vault is full", "8 h")
    assert len(first["evidence"]) == 2
    assert (second["runs"], second["ended"]) == (1, None)
    assert len(second["evidence"]) == 1


def test_reading_again_tells_the_share_within_the_promise_and_the_oldest_part(written: Written) -> None:
    written.write(snapshot(HOUR), check(6 * DAY, 1), check(3 * DAY, 2), check(2 * DAY, 3), check(DAY, 4, Outcome.FAILED))
    reading = health(report(written))["reading"]
    assert (reading["parts"], reading["read"], reading["share"], reading["failed"]) == (4, 2, 0.5, 1)
    assert reading["oldest"] is None, "part 4 was never read well"
    written.write(check(HOUR, 4))
    reading = health(report(written))["reading"]
    assert (reading["read"], reading["oldest"]) == (3, (NOW - 6 * DAY).isoformat())


def test_a_department_that_only_holds_something_is_told_too(written: Written) -> None:
    written.write(snapshot(HOUR))
    thing = {"department": "stranger", "kind": "volume", "name": "prod/x", "state": "undeclared", "gap": True}
    document = report(written, things=[thing])
    assert [d["department"] for d in document["departments"]] == ["control-plane", "health", "stranger"]
    assert document["departments"][2]["coverage"] == {"things": 1, "gaps": 1, "states": {"undeclared": 1}}


def test_a_copy_counts_as_a_place_while_it_is_proven_and_young(written: Written) -> None:
    newest = snapshot(HOUR)
    written.write(newest)
    (item,) = health(report(written, promise(copies=3)))["items"]
    assert {**item["places"], "evidence": len(item["places"]["evidence"])} == {
        "promised": 3,
        "held": 2,
        "kept": False,
        "evidence": 1,
    }

    def copied(age: timedelta, outcome: Outcome, of: BackupRecord = newest, copy_id: str = "12" * 32) -> CopyRecord:
        at, newest_of = NOW - age, {"volume prod/data": of.snapshot_id}
        return CopyRecord("health", "ab" * 32, copy_id, "here:/disk", at, at, "operator@here", 1, 1, newest_of, outcome)

    written.write(copied(HOUR, Outcome.GOOD))
    document = report(written, promise(copies=3))
    (item,) = health(document)["items"]
    assert (item["places"]["held"], item["places"]["kept"]) == (3, True)
    assert [document["evidence"][name]["kind"] for name in item["places"]["evidence"]] == ["backup", "copy"]
    old = snapshot(40 * DAY)
    written.write(old, copied(HOUR, Outcome.VERIFIED, old, "34" * 32))
    (item,) = health(report(written, promise(copies=3)))["items"]
    assert item["places"]["held"] == 3, "its newest data is forty days old"
    written.write(copied(timedelta(0), Outcome.FAILED))
    (item,) = health(report(written, promise(copies=3)))["items"]
    assert item["places"]["held"] == 2, "what failed its last check is none"
