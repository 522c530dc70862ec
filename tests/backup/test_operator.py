"""Records of two machines come together, each line once."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backup.operator import receive_records
from backup.records import BACKUPS, BackupRecord, Outcome, Source, append_records, load_records, render_record
from tenants.problem import UserError

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
RECORD = BackupRecord("health", Source.VOLUME, "prod/portal", NOON, NOON, "a" * 64, 1, "b" * 64, Outcome.GOOD)


def test_only_what_is_new_is_appended(tmp_path: Path) -> None:
    append_records(tmp_path / BACKUPS, [RECORD])
    verified = replace(RECORD, outcome=Outcome.VERIFIED)
    told = json.dumps({BACKUPS: [render_record(RECORD), render_record(verified)]})
    receive_records(tmp_path, told)
    receive_records(tmp_path, told)
    assert load_records(BackupRecord, tmp_path / BACKUPS) == (RECORD, verified)


@pytest.mark.parametrize("text", ["", "[]", "7", '{"backups.jsonl": 7}'])
def test_what_is_no_record_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UserError, match="expected JSON"):
        receive_records(tmp_path, text)
