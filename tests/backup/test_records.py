"""Evidence: what was written is read again, in its last state, and what is damaged is said."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backup.ledger import Declared, append
from backup.records import (
    BackupRecord,
    DeletionRecord,
    DrillRecord,
    Outcome,
    Source,
    append_records,
    latest_states,
    load_backups,
    load_records,
    newest_restorable,
    parse_values,
    render_record,
    render_values,
)
from tenants.problem import UserError

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
BACKUP = BackupRecord(
    "health", Source.VOLUME, "prod/portal", NOON, NOON + timedelta(minutes=1), "a" * 64, 1 << 30, "b" * 64, Outcome.PENDING
)
DRILL = DrillRecord(
    "health", Source.VOLUME, "prod/portal", NOON, NOON, "a" * 64, Outcome.VERIFIED, NOON, 5, "b" * 64, "b" * 64, 4.25, True
)


@pytest.mark.parametrize("record", [BACKUP, DRILL], ids=["backup", "drill"])
def test_a_record_is_one_line_and_comes_back_as_it_was(record: BackupRecord | DrillRecord) -> None:
    line = render_record(record)
    assert line.count("\n") == 1
    assert parse_values(type(record), json.loads(line)) == record


def test_a_record_of_a_newer_version_is_read() -> None:
    assert parse_values(BackupRecord, render_values(BACKUP) | {"colour": "red"}) == BACKUP


def test_the_last_state_of_a_snapshot_counts(tmp_path: Path) -> None:
    good = replace(BACKUP, outcome=Outcome.GOOD)
    append_records(tmp_path, [BACKUP])
    append_records(tmp_path, [good, DRILL])
    assert load_backups(tmp_path) == (good,)
    assert load_records(DrillRecord, tmp_path) == (DRILL,)


def test_an_entry_that_is_no_such_record_is_said(tmp_path: Path) -> None:
    append(tmp_path, [("backup", {"department": "health"})], Declared("d" * 64))
    with pytest.raises(UserError, match="entry 2 is no BackupRecord"):
        load_backups(tmp_path)


def test_what_failed_or_is_pending_cannot_be_restored() -> None:
    old = replace(BACKUP, outcome=Outcome.VERIFIED)
    pending = replace(BACKUP, snapshot_id="c" * 64, started_at=NOON + timedelta(hours=1))
    failed = replace(pending, snapshot_id="d" * 64, outcome=Outcome.FAILED, started_at=NOON + timedelta(hours=2))
    no_snapshot = replace(failed, snapshot_id="", started_at=NOON + timedelta(hours=3))
    again = replace(no_snapshot, started_at=NOON + timedelta(hours=4))
    assert len(latest_states([old, pending, failed, no_snapshot, again])) == 5
    assert newest_restorable([old, pending, failed, no_snapshot]) == {("health", Source.VOLUME, "prod/portal"): old}


def test_no_ledger_is_no_record(tmp_path: Path) -> None:
    assert load_backups(tmp_path) == ()


def test_a_snapshot_that_the_vault_let_go_is_listed_no_more(tmp_path: Path) -> None:
    kept, gone = replace(BACKUP, outcome=Outcome.GOOD), replace(BACKUP, snapshot_id="c" * 64)
    deletion = DeletionRecord("health", "d" * 64, NOON, NOON, "root@a", {"c" * 64: "old"}, 1, Outcome.PENDING)
    append_records(tmp_path, [kept, gone, deletion])
    assert set(load_backups(tmp_path)) == {kept, gone}, "a deletion that only began proves nothing"
    append_records(tmp_path, [replace(deletion, outcome=Outcome.VERIFIED)])
    assert load_backups(tmp_path) == (kept,)
