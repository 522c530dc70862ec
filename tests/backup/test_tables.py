"""Tables for people."""

from __future__ import annotations

from datetime import UTC, datetime

from backup.records import BackupRecord, DrillRecord, Outcome, Source
from backup.tables import render_backups, render_drills

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_a_failure_says_why() -> None:
    failed = BackupRecord("health", Source.VOLUME, "prod/portal", NOON, NOON, "", 0, "", Outcome.FAILED, "no such volume")
    good = BackupRecord("health", Source.VOLUME, "prod/portal", NOON, NOON, "a" * 64, 1 << 30, "b" * 64, Outcome.GOOD)
    assert render_backups([failed, good]).splitlines() == [
        "DEPARTMENT  SOURCE  NAME         AS OF                 SNAPSHOT  SIZE     OUTCOME",
        "health      volume  prod/portal  2026-11-22 12:00:00Z  -         0 B      failed: no such volume",
        "health      volume  prod/portal  2026-11-22 12:00:00Z  aaaaaaaa  1.0 GiB  good",
    ]


def test_a_drill_shows_time_and_comparison() -> None:
    held = DrillRecord(
        "health", Source.VOLUME, "prod/portal", NOON, NOON, "a" * 64, Outcome.VERIFIED, NOON, 512, "b", "b", 4.25, True
    )
    assert render_drills([held]).splitlines()[1] == (
        "health      volume  prod/portal  2026-11-22 12:00:00Z  512 B  4.2      yes        verified"
    )
