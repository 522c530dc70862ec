"""What the ledger tells of a restore."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from backup.records import Outcome, Source


@dataclass(frozen=True)
class RestoreRecord:
    """One snapshot brought back, into the cloud or into a file, and compared."""

    KIND: ClassVar[str] = "restore"

    department: str
    source: Source
    name: str
    target: str
    """What it went into: ``<project>/<name>``, behind a container's the prefix of its names; a path for files."""
    started_at: datetime
    ended_at: datetime
    snapshot_id: str
    recovery_point_at: datetime
    """The instant the restored data is of."""
    restored_bytes: int
    sha256_expected: str
    sha256_restored: str
    outcome: Outcome
    """Verified where all of it is there and is what was backed up, pending where a request's began; failed otherwise."""
    reason: str = ""
    request: str = ""
    """The department's request that it answers, in words; empty where an engineer decided, as are the next two."""
    requested_because: str = ""
    approved_by: str = ""
    """Owners who approved that data is replaced, with commas."""

    @property
    def recovery_seconds(self) -> float:
        """Seconds from the start until the data was there and compared."""
        return (self.ended_at - self.started_at).total_seconds()


@dataclass(frozen=True)
class RecoveryRecord:
    """The whole cloud brought back, each part of it compared."""

    KIND: ClassVar[str] = "recovery"

    started_at: datetime
    """When the control plane's snapshot was here."""
    ended_at: datetime
    departments: int
    volumes: int
    containers: int
    restored_bytes: int
    recovery_point_at: datetime
    """The instant that the oldest of the restored data is of."""
    outcome: Outcome


@dataclass(frozen=True)
class RecoveryStepsRecord:
    """What each step of a recovery took, in the run of ``oneroof restore everything`` that came to the end."""

    KIND: ClassVar[str] = "recovery-steps"

    started_at: datetime
    ended_at: datetime
    seconds: Mapping[str, float]
    """Wall-clock seconds by step, in their order; several run side by side."""
    earlier_runs: int
    """Runs before it that failed or were interrupted: what they did was not done again, and is not in these seconds."""
    outcome: Outcome
