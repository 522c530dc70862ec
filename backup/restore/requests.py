"""What departments ask to have back in their declarations: what each waits for, and the snapshot it is done with. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from backup.records import BackupRecord, Outcome, Source
from backup.restore.record import RestoreRecord
from backup.restore.wish import Asked, Wish, choose
from tenants.declaration.erasure import Thing, ThingKind
from tenants.declaration.model import Department
from tenants.declaration.restore import Restore
from tenants.declaration.things import find_users


@dataclass(frozen=True)
class Judged:
    """One request of one department as it stands now."""

    department: str
    restore: Restore
    state: str
    """How far it is, as a sentence."""
    wish: Wish | None = None
    """What is to be done for it; none where nothing is due."""


def judge(
    departments: Iterable[Department], backups: Sequence[BackupRecord], restores: Sequence[RestoreRecord], today: date
) -> tuple[Judged, ...]:
    """Judge every request that is declared, against the last state of each snapshot and what was restored so far."""
    return tuple(
        _judge(department, restore, backups, [r for r in restores if _answers(r, department, restore)], today)
        for department in departments
        for restore in department.restores
    )


def _answers(record: RestoreRecord, department: Department, restore: Restore) -> bool:
    return (record.department, record.request) == (department.name, restore.key)


def _judge(
    department: Department, restore: Restore, backups: Sequence[BackupRecord], own: Sequence[RestoreRecord], today: date
) -> Judged:
    if done := next((r for r in own if r.outcome is Outcome.VERIFIED), None):
        return Judged(department.name, restore, f"done {done.ended_at:%Y-%m-%d %H:%M}Z, as of {_instant(done)}")
    if waits := _waits(department, restore, today):
        return Judged(department.name, restore, waits)
    snapshot = _choose(department, restore, backups, own)
    if snapshot is None:
        since = f" that is not younger than {restore.at:%Y-%m-%d %H:%M}Z" if restore.at else ""
        return Judged(department.name, restore, f"waits: the vault has no good snapshot of it{since}")
    asked = Asked(restore.key, restore.reason, ", ".join(restore.approved_by) if restore.overwrite else "")
    wish = Wish(snapshot, restore.destination, restore.overwrite, asked=asked)
    return Judged(department.name, restore, _due(snapshot, own), wish)


def _waits(department: Department, restore: Restore, today: date) -> str:
    if restore.is_lapsed(today):
        return f"ended on {restore.expires} and does nothing"
    if today < restore.not_before:
        return f"waits until {restore.not_before}"
    if restore.target_kind == "volume" and (users := find_users(department, Thing(ThingKind.VOLUME, restore.target))):
        return f"waits: {users[0]} uses volume {restore.target}; take it from the server first"
    return ""


def _choose(
    department: Department, restore: Restore, backups: Sequence[BackupRecord], own: Sequence[RestoreRecord]
) -> BackupRecord | None:
    """Give the snapshot that an earlier run began with, where it is still kept; else the one that is asked for."""
    begun = {record.snapshot_id for record in own}
    source, name = Source(restore.source), restore.name
    kept = [
        b for b in backups if b.snapshot_id in begun and (b.department, b.source, b.name) == (department.name, source, name)
    ]
    found = choose(kept, department.name, source, name) or choose(backups, department.name, source, name, restore.at)
    return found[0] if found else None


def _due(snapshot: BackupRecord, own: Sequence[RestoreRecord]) -> str:
    said = f"due, as of {snapshot.started_at:%Y-%m-%d %H:%M}Z"
    if not own:
        return said
    return f"{said}; failed before: {own[-1].reason}" if own[-1].outcome is Outcome.FAILED else f"{said}; was interrupted"


def _instant(record: RestoreRecord) -> str:
    return f"{record.recovery_point_at:%Y-%m-%d %H:%M}Z"
