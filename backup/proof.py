"""Whether what is about to be erased is in a backup that was proven since it was last changed. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from backup.records import BackupRecord, Outcome, Source, latest_states


@dataclass(frozen=True)
class Proof:
    """The last snapshot of a source that counts, or why none does."""

    snapshot_id: str = ""
    reason: str = ""


def find_proof(records: Iterable[BackupRecord], department: str, source: Source, name: str, after: datetime) -> Proof:
    """Give the newest snapshot taken at or after an instant, if it is verified; else why the data must stay."""
    own = [r for r in latest_states(records) if (r.department, r.source, r.name) == (department, source, name)]
    kept = [r for r in own if r.outcome in (Outcome.GOOD, Outcome.VERIFIED)]
    what = f"{source} {name}"
    if not kept:
        return Proof(reason=f"{what} was never backed up: `oneroof backup run {department}` does it")
    last = kept[-1]
    if last.started_at < after:
        seen, wanted = f"{last.started_at:%Y-%m-%d %H:%M:%S}Z", f"{after:%Y-%m-%d %H:%M:%S}Z"
        hint = f"`oneroof backup run {department}` takes one"
        return Proof(reason=f"the last snapshot of {what} is of {seen}, expected one since {wanted}: {hint}")
    if last.outcome is not Outcome.VERIFIED:
        hint = f"`oneroof drill {department}` restores and compares it"
        return Proof(reason=f"the last snapshot of {what} is not verified yet: {hint}")
    return Proof(snapshot_id=last.snapshot_id)
