"""Departments of which nothing may be removed until a person says that their data is right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from backup.ledger import list_ledgers, load_entries
from backup.policy import Freeze
from backup.records import BackupRecord, append_records, parse_values
from backup.sources.taken import Say
from backup.vault.records import FreezeRecord, frozen_departments
from backup.vault.unusual import Unusual, find_unusual
from tenants.problem import Problem, UserError

FINDER = "oneroof"
"""Who freezes where no person does."""


def load_freezes(records: Path) -> tuple[FreezeRecord, ...]:
    """Give every freeze that any machine wrote, and the releases that this one wrote.

    Who holds the cloud's side could write a release into its own ledger: where things are removed it counts for nothing.
    """
    own = {file.stem for file in list_ledgers(records) if file.with_suffix(".head").exists()}
    found = []
    for entry in load_entries(records):
        if entry.kind == FreezeRecord.KIND:
            record = parse_values(FreezeRecord, entry.record)
            if record.frozen or entry.ledger in own:
                found.append(record)
    return tuple(found)


def load_frozen(records: Path) -> dict[str, FreezeRecord]:
    """Give the departments that are frozen for this machine."""
    return frozen_departments(load_freezes(records))


def freeze_unusual(
    own: Iterable[BackupRecord],
    terms: Freeze,
    stored: Mapping[str, int],
    records: Path,
    say: Say,
    seen: Iterable[Unusual] = (),
) -> tuple[FreezeRecord, ...]:
    """Freeze the departments of these records whose runs are unusual, each once for the same runs.

    ``seen`` is what else was seen of them.
    """
    freezes = load_freezes(records)
    judged = frozenset(i for f in freezes for i in f.snapshots)
    by_department: dict[str, list[str]] = {}
    snapshots: dict[str, list[str]] = {}
    for found in (*find_unusual(own, terms, stored, judged), *(u for u in seen if u.snapshot_id not in judged)):
        by_department.setdefault(found.department, []).append(str(found))
        snapshots.setdefault(found.department, []).append(found.snapshot_id)
    made = []
    for department, sentences in by_department.items():
        reason = "; ".join(sentences)
        say(f"{department}: nothing of it will be removed from the vault: {reason}")
        made.append(FreezeRecord(department, datetime.now(UTC), True, FINDER, reason, tuple(snapshots[department])))
    append_records(records, made)
    return tuple(made)


def release(department: str, reason: str, by: str, records: Path) -> FreezeRecord:
    """Let retention go on for a department; raise :class:`UserError` where it is not frozen or no reason is given."""
    frozen = load_frozen(records)
    if department not in frozen:
        among = ", ".join(sorted(frozen)) or "none is"
        raise UserError(Problem(f"{department}: it is not frozen", f"Frozen now: {among}."))
    if len(reason.split()) < 3:
        raise UserError(Problem(f"got reason {reason!r}, expected a sentence that says why the data is right"))
    record = FreezeRecord(department, datetime.now(UTC), False, by, reason, frozen[department].snapshots)
    append_records(records, [record])
    return record
