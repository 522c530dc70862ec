"""Tables for people."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from backup.records import BackupRecord, Consistency, DrillRecord, Outcome, Source
from backup.restore.record import RecoveryStepsRecord
from backup.tables import render_backups, render_drills, render_steps

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_a_failure_says_why() -> None:
    failed = BackupRecord("health", Source.VOLUME, "prod/portal", NOON, NOON, "", 0, "", Outcome.FAILED, "no such volume")
    good = replace(failed, snapshot_id="a" * 64, bytes=1 << 30, outcome=Outcome.GOOD, reason="")
    good = replace(good, consistency=Consistency.FROZEN)
    assert render_backups([failed, good]).splitlines() == [
        "DEPARTMENT  SOURCE  NAME         AS OF                 SNAPSHOT  SIZE     CONSISTENCY  OUTCOME",
        "health      volume  prod/portal  2026-11-22 12:00:00Z  -         0 B      -            failed: no such volume",
        "health      volume  prod/portal  2026-11-22 12:00:00Z  aaaaaaaa  1.0 GiB  frozen       good",
    ]


def test_a_drill_shows_time_and_comparison() -> None:
    held = DrillRecord(
        "health", Source.VOLUME, "prod/portal", NOON, NOON, "a" * 64, Outcome.VERIFIED, NOON, 512, "b", "b", 4.25, True
    )
    assert render_drills([held]).splitlines()[1] == (
        "health      volume  prod/portal  2026-11-22 12:00:00Z  512 B  4.2      yes        verified"
    )


def test_a_recovery_s_steps_are_in_their_order() -> None:
    took = RecoveryStepsRecord(NOON, NOON + timedelta(seconds=65), {"shares": 1.26, "lab": 60}, 0, Outcome.VERIFIED)
    assert render_steps(took).splitlines() == [
        "STEP                SECONDS",
        "shares              1.3",
        "lab                 60.0",
        "from first to last  65.0",
    ]
