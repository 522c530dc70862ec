"""Data may go only where the newest snapshot since its last change is verified."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from backup.proof import find_proof
from backup.records import BackupRecord, Outcome, Source

SINCE = datetime(2026, 11, 10, 12, tzinfo=UTC)
TAKEN = BackupRecord(
    "forestry",
    Source.VOLUME,
    "prod/data",
    SINCE + timedelta(minutes=5),
    SINCE + timedelta(minutes=6),
    "a" * 64,
    1,
    "b" * 64,
    Outcome.GOOD,
)
VERIFIED = replace(TAKEN, outcome=Outcome.VERIFIED)


def reason(*records: BackupRecord) -> str:
    return find_proof(records, "forestry", Source.VOLUME, "prod/data", SINCE).reason


def test_the_newest_verified_snapshot_since_the_last_change_is_the_proof() -> None:
    proof = find_proof([TAKEN, VERIFIED], "forestry", Source.VOLUME, "prod/data", SINCE)
    assert (proof.snapshot_id, proof.reason) == ("a" * 64, "")


def test_what_was_never_backed_up_stays() -> None:
    never = "volume prod/data was never backed up: `oneroof backup run forestry` does it"
    assert reason() == never
    others = [
        replace(VERIFIED, department="health"),
        replace(VERIFIED, source=Source.CONTAINER),
        replace(VERIFIED, name="prod/other"),
        replace(VERIFIED, outcome=Outcome.FAILED),
        replace(VERIFIED, outcome=Outcome.PENDING),
    ]
    assert reason(*others) == never, "neither another's snapshot counts, nor one that failed"


def test_a_snapshot_from_before_the_last_change_does_not_count() -> None:
    old = replace(VERIFIED, started_at=SINCE - timedelta(seconds=1))
    assert reason(old) == (
        "the last snapshot of volume prod/data is of 2026-11-10 11:59:59Z, expected one since 2026-11-10 12:00:00Z: "
        "`oneroof backup run forestry` takes one"
    )


def test_a_good_snapshot_is_not_enough_even_after_a_verified_one() -> None:
    sentence = "the last snapshot of volume prod/data is not verified yet: `oneroof drill forestry` restores and compares it"
    assert reason(TAKEN) == sentence
    newer = replace(TAKEN, started_at=SINCE + timedelta(hours=1), snapshot_id="c" * 64)
    assert reason(VERIFIED, newer) == sentence
