"""Records and plans as tables for people. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from backup.evidence import Examined
from backup.plan import Job
from backup.policy import Policy, render_duration
from backup.records import BackupRecord, DrillRecord
from backup.restore.record import RecoveryStepsRecord, RestoreRecord
from backup.restore.requests import Judged
from backup.restore.wish import Wish


def render_backups(records: Iterable[BackupRecord]) -> str:
    """Give one line a snapshot or failed run, oldest first."""
    head = ("DEPARTMENT", "SOURCE", "NAME", "AS OF", "SNAPSHOT", "SIZE", "CONSISTENCY", "OUTCOME")
    rows = [
        (
            r.department,
            r.source,
            r.name,
            _instant(r.started_at),
            r.snapshot_id[:8] or "-",
            _size(r.bytes),
            r.consistency or "-",
            _outcome(r),
        )
        for r in records
    ]
    return _table(head, rows)


def render_drills(records: Iterable[DrillRecord]) -> str:
    """Give one line a drill."""
    head = ("DEPARTMENT", "SOURCE", "NAME", "RESTORED TO", "SIZE", "SECONDS", "IDENTICAL", "OUTCOME")
    rows = [
        (
            r.department,
            r.source,
            r.name,
            _instant(r.recovery_point_at) if r.snapshot_id else "-",
            _size(r.restored_bytes),
            f"{r.recovery_seconds:.1f}",
            "yes" if r.identical else "no",
            _outcome(r),
        )
        for r in records
    ]
    return _table(head, rows)


def render_restores(records: Iterable[RestoreRecord]) -> str:
    """Give one line a restore."""
    head = ("DEPARTMENT", "SOURCE", "NAME", "INTO", "RESTORED TO", "SIZE", "SECONDS", "OUTCOME")
    rows = [
        (
            r.department,
            r.source,
            r.name,
            r.target,
            _instant(r.recovery_point_at),
            _size(r.restored_bytes),
            f"{r.recovery_seconds:.1f}",
            _outcome(r),
        )
        for r in records
    ]
    return _table(head, rows)


def render_steps(record: RecoveryStepsRecord) -> str:
    """Give one line a step of a recovery, in their order, and the time from first to last."""
    rows = [(name, f"{seconds:.1f}") for name, seconds in record.seconds.items()]
    whole = (record.ended_at - record.started_at).total_seconds()
    return _table(("STEP", "SECONDS"), [*rows, ("from first to last", f"{whole:.1f}")])


def render_wishes(wishes: Iterable[Wish]) -> str:
    """Give one line for each snapshot that would be restored."""
    head = ("DEPARTMENT", "SOURCE", "NAME", "INTO", "AS OF", "SNAPSHOT", "SIZE", "PROVEN")
    rows = [
        (s.department, s.source, s.name, w.target, _instant(s.started_at), s.snapshot_id[:8], _size(s.bytes), s.outcome)
        for w in wishes
        for s in [w.snapshot]
    ]
    return _table(head, rows)


def render_requests(judged: Iterable[Judged]) -> str:
    """Give one line for each restore that a department asks for."""
    head = ("DEPARTMENT", "WHAT", "AS OF", "INTO", "OVER", "FROM", "TO", "STATE")
    rows = [
        (
            each.department,
            each.restore.what,
            _instant(each.restore.at) if each.restore.at else "newest",
            each.restore.destination,
            "yes, by " + ", ".join(each.restore.approved_by) if each.restore.overwrite else "no",
            each.restore.not_before.isoformat(),
            each.restore.expires.isoformat(),
            each.state,
        )
        for each in judged
    ]
    return _table(head, rows)


def render_plan(jobs: Iterable[Job], policy: Policy) -> str:
    """Give one line a job."""
    head = ("DEPARTMENT", "SOURCE", "NAME", "TIER", "FIRST (UTC)", "EVERY", "RPO", "RTO", "KEPT", "DRILL EVERY", "REREAD")
    rows = []
    for job in jobs:
        tier, minutes = policy.tiers[job.tier], int(job.start.total_seconds() // 60)
        promised = (
            tier.every,
            tier.recovery_point,
            tier.recovery_time,
            tier.keep_within,
            tier.drill_every,
            job.reread_within,
        )
        first = f"{minutes // 60:02}:{minutes % 60:02}"
        rows.append((job.department, job.source, job.name, job.tier, first, *map(render_duration, promised)))
    return _table(head, rows)


def render_ledgers(examined: Iterable[Examined]) -> str:
    """Give one line a ledger."""
    head = ("LEDGER", "MACHINE", "ENTRIES", "FROM", "TO", "LAST HASH", "STATE")
    rows = []
    for ledger in examined:
        first, last = (ledger.entries[0], ledger.entries[-1]) if ledger.entries else (None, None)
        spans = (_instant(first.at), _instant(last.at), last.hash[:16]) if first and last else ("-", "-", "-")
        state = f"changed: {len(ledger.problems)} findings" if ledger.problems else "unchanged"
        rows.append((ledger.ledger, ledger.machine or "-", str(len(ledger.entries)), *spans, state))
    return _table(head, rows)


def render_lines(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Give any rows under their heads, in columns."""
    return _table(head, rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in (head, *rows))


def _outcome(record: BackupRecord | DrillRecord | RestoreRecord) -> str:
    return f"{record.outcome}: {record.reason}" if record.reason else str(record.outcome)


def _instant(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M:%S}Z"


def _size(count: int) -> str:
    size = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"
