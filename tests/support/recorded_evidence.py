"""One ledger, really written and signed, that the tests of reports speak of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from backup.ledger import Declared, Entry, append, load_entries
from backup.records import BackupRecord, CheckRecord, DrillRecord, Outcome, Source, render_values
from backup.report.document import Inputs, list_heads

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
REPOSITORY = "ab" * 32
UNDER = Declared("cd" * 32, "0123456")


@dataclass
class Written:
    """A ledger in the making, and the report's inputs that go with it."""

    records: Path

    def write(self, *records: Any, **others: Mapping[str, Any]) -> None:
        told = [(record.KIND, render_values(record)) for record in records]
        append(self.records, [*told, *others.items()], UNDER)

    def entries(self) -> tuple[Entry, ...]:
        return load_entries(self.records)

    def inputs(self, *promises: Mapping[str, Any], things: list[dict[str, Any]] | None = None) -> Inputs:
        return Inputs(
            at=NOW,
            since=NOW - 90 * DAY,
            declared={"digest": UNDER.digest, "commit": UNDER.commit},
            departments={"health": "卫生健康委员会"},
            promises=promises or (promise(),),
            waivers=(),
            coverage={"at": NOW.isoformat(), "unread": [], "things": things or []},
            ledgers=list_heads(self.entries()),
        )


def promise(**changes: Any) -> dict[str, Any]:
    """Give what gold promises for a volume."""
    told = {
        "department": "health",
        "source": "volume",
        "name": "prod/data",
        "tier": "gold",
        "level": 4,
        "copies": 2,
        "copied_within": timedelta(days=31).total_seconds(),
        "every": 4 * 3600.0,
        "recovery_point": 6 * 3600.0,
        "recovery_time": 4 * 3600.0,
        "drill_every": 7 * 86400.0,
        "reread_within": 5 * 86400.0,
    }
    return told | changes


def snapshot(age: timedelta, outcome: Outcome = Outcome.GOOD, reason: str = "", **changes: Any) -> BackupRecord:
    """Give the record of a run that began so long ago."""
    at = NOW - age
    name = "" if outcome is Outcome.FAILED else f"{int(age.total_seconds()):064x}"
    told: dict[str, Any] = {"department": "health", "source": Source.VOLUME, "name": "prod/data"}
    return BackupRecord(
        **(told | changes), started_at=at, ended_at=at + timedelta(minutes=1), snapshot_id=name, bytes=1 << 30,
        sha256="ef" * 32, outcome=outcome, reason=reason,
    )  # fmt: skip


def drill(age: timedelta, seconds: float, *, identical: bool = True) -> DrillRecord:
    """Give the record of a drill that began so long ago."""
    at, restored = NOW - age, "ef" * 32 if identical else "00" * 32
    outcome = Outcome.VERIFIED if identical else Outcome.FAILED
    return DrillRecord(
        "health", Source.VOLUME, "prod/data", at, at + timedelta(seconds=seconds), "1", outcome, at, 1 << 30,
        "ef" * 32, restored, seconds, identical, "" if identical else "the restored data is not what was backed up",
    )  # fmt: skip


def check(age: timedelta, part: int, outcome: Outcome = Outcome.GOOD) -> CheckRecord:
    """Give the record of reading one of four parts."""
    at = NOW - age
    return CheckRecord("health", REPOSITORY, at, at + timedelta(minutes=1), part, 4, outcome, 0, "")
