"""Evidence: what was written is read again, in its last state, and what is damaged is said."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backup.records import (
    BACKUPS,
    BackupRecord,
    DrillRecord,
    Outcome,
    Source,
    append_records,
    latest_states,
    load_backups,
    load_records,
    newest_restorable,
    parse_record,
    render_record,
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
    assert parse_record(type(record), line) == record


def test_a_record_of_a_newer_version_is_read() -> None:
    line = render_record(BACKUP).replace("}\n", ',"colour":"red"}\n')
    assert parse_record(BackupRecord, line) == BACKUP


def test_the_last_state_of_a_snapshot_counts(tmp_path: Path) -> None:
    good = replace(BACKUP, outcome=Outcome.GOOD)
    append_records(tmp_path / BACKUPS, [BACKUP])
    append_records(tmp_path / BACKUPS, [good])
    assert load_backups(tmp_path) == (good,)
    assert (tmp_path / BACKUPS).stat().st_mode & 0o777 == 0o600


def test_what_failed_or_is_pending_cannot_be_restored() -> None:
    old = replace(BACKUP, outcome=Outcome.VERIFIED)
    pending = replace(BACKUP, snapshot_id="c" * 64, started_at=NOON + timedelta(hours=1))
    failed = replace(pending, snapshot_id="d" * 64, outcome=Outcome.FAILED, started_at=NOON + timedelta(hours=2))
    no_snapshot = replace(failed, snapshot_id="", started_at=NOON + timedelta(hours=3))
    again = replace(no_snapshot, started_at=NOON + timedelta(hours=4))
    assert len(latest_states([old, pending, failed, no_snapshot, again])) == 5
    assert newest_restorable([old, pending, failed, no_snapshot]) == {("health", Source.VOLUME, "prod/portal"): old}


def test_a_line_that_power_cut_short_is_dropped_by_the_next(tmp_path: Path) -> None:
    file = tmp_path / BACKUPS
    append_records(file, [BACKUP])
    with file.open("a") as stream:
        stream.write('{"department":"hea')
    assert load_records(BackupRecord, file) == (BACKUP,)
    later = replace(BACKUP, outcome=Outcome.GOOD)
    append_records(file, [later])
    assert load_records(BackupRecord, file) == (BACKUP, later)


def test_a_torn_line_longer_than_a_block_is_dropped_too(tmp_path: Path) -> None:
    file = tmp_path / BACKUPS
    append_records(file, [BACKUP])
    with file.open("a") as stream:
        stream.write("x" * 200_000)
    append_records(file, [BACKUP])
    assert load_records(BackupRecord, file) == (BACKUP, BACKUP)


def test_damage_in_the_midst_is_said_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / BACKUPS
    file.write_text(render_record(BACKUP) + "rust\n" + render_record(BACKUP))
    with pytest.raises(UserError, match=f"{BACKUPS}:2: this line is no BackupRecord"):
        load_records(BackupRecord, file)


def test_no_file_is_no_record(tmp_path: Path) -> None:
    assert load_backups(tmp_path) == ()


def test_writers_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    children = []
    for number in range(4):
        if (child := os.fork()) == 0:
            for _ in range(25):
                append_records(tmp_path / BACKUPS, [replace(BACKUP, name=f"prod/{number}")])
            os._exit(0)
        children.append(child)
    assert all(os.waitpid(child, 0)[1] == 0 for child in children)
    assert len(load_records(BackupRecord, tmp_path / BACKUPS)) == 100
