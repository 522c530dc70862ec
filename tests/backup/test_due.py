"""What is due is decided by the age of what is proven, never by when something last ran."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from backup.due import backups_due, drills_due
from backup.plan import CONTROL_PLANE, build_jobs
from backup.policy import load_policy
from backup.records import BackupRecord, DrillRecord, Outcome, Source

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
POLICY = load_policy()
JOBS = build_jobs([], POLICY)[:1]
TIER = POLICY.tiers[POLICY.control_plane]
KEY = (CONTROL_PLANE, Source.CONTROL_PLANE, CONTROL_PLANE)
SNAPSHOT = BackupRecord(*KEY, NOW, NOW, "a" * 64, 1, "b" * 64, Outcome.GOOD)
DRILL = DrillRecord(*KEY, NOW, NOW, "a" * 64, Outcome.VERIFIED, NOW, 1, "b" * 64, "b" * 64, 1.0, True)


def test_what_was_never_backed_up_is_due() -> None:
    assert backups_due(JOBS, {}, NOW) == JOBS


def test_a_young_snapshot_is_enough_until_the_tier_asks_for_the_next() -> None:
    just_young = replace(SNAPSHOT, started_at=NOW - TIER.every + timedelta(seconds=1))
    assert backups_due(JOBS, {KEY: just_young}, NOW) == ()
    assert backups_due(JOBS, {KEY: replace(SNAPSHOT, started_at=NOW - TIER.every)}, NOW) == JOBS


def test_a_drill_is_due_when_there_was_none_it_failed_or_is_too_long_ago() -> None:
    old = replace(DRILL, started_at=NOW - TIER.drill_every)
    failed = replace(DRILL, identical=False, outcome=Outcome.FAILED)
    assert drills_due(JOBS, [], POLICY, NOW) == JOBS
    assert drills_due(JOBS, [old], POLICY, NOW) == JOBS
    assert drills_due(JOBS, [old, DRILL], POLICY, NOW) == ()
    assert drills_due(JOBS, [replace(DRILL, started_at=NOW - timedelta(hours=1)), failed], POLICY, NOW) == JOBS
