"""A report that was changed is found out, by whoever holds the ledgers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from recorded_evidence import DAY, HOUR, Written, drill, snapshot

from backup.report.derive import find_changes
from backup.report.document import build_document


def make(written: Written) -> dict[str, Any]:
    written.write(snapshot(5 * HOUR), snapshot(HOUR), drill(DAY, 600.0))
    document: dict[str, Any] = json.loads(json.dumps(build_document(written.inputs(), written.entries())))
    return document


def test_a_report_as_it_was_made_follows_also_after_more_was_written(written: Written) -> None:
    document = make(written)
    written.write(snapshot(HOUR / 2), drill(HOUR, 5.0, identical=False))
    assert find_changes(document, written.entries()) == []


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (
            ("departments", 1, "items", 0, "recovery_time", "measured"),
            1.5,
            "departments[health].items[prod/data].recovery_time.measured: got 1.5, expected 600.0",
        ),
        (
            ("departments", 1, "items", 0, "level", "achieved"),
            6,
            "departments[health].items[prod/data].level.achieved: got 6, expected 2",
        ),
        (("departments", 1, "coverage", "gaps"), -1, "departments[health].coverage.gaps: got -1, expected 0"),
        (
            ("departments", 1, "drills", "failed"),
            [{}],
            "departments[health].drills.failed: got 1 entries, expected 0 entries",
        ),
        (("not_claimed",), [], "not_claimed: got 0 entries, expected 2 entries"),
        (("extra",), 1, "extra: got 1, which follows from nothing"),
    ],
)
def test_each_changed_figure_is_named(written: Written, path: tuple[Any, ...], value: Any, sentence: str) -> None:
    document = make(written)
    place: Any = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert find_changes(document, written.entries()) == [sentence]


def test_a_promise_that_was_made_smaller_changes_what_follows_from_it(written: Written) -> None:
    document = make(written)
    document["inputs"]["promises"][0]["recovery_point"] = 60.0
    said = find_changes(document, written.entries())
    assert "departments[health].items[prod/data].recovery_point.promised: got 21600.0, expected 60.0" in said
    assert "departments[health].items[prod/data].recovery_point.kept: got True, expected False" in said


def test_another_ledger_is_not_the_one_it_was_made_from(written: Written) -> None:
    document = make(written)
    head = document["inputs"]["ledgers"][0]
    head["hash"] = "0" * 64
    assert f"ledger {head['ledger']}: entry {head['entry']} is not the one that the report was made from" in find_changes(
        document, written.entries()
    )
    said = find_changes(document, ())
    assert said[0] == f"ledger {head['ledger']}: entry {head['entry']}, up to which the report was made, is not here"


def test_what_is_no_report_is_said(written: Written) -> None:
    with pytest.raises(ValueError, match="it has no 'schema_version'"):
        find_changes({}, written.entries())
    with pytest.raises(ValueError, match="expected oneroof recovery report version 1"):
        find_changes({"schema_version": 2, "kind": "oneroof recovery report"}, written.entries())
