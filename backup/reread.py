"""Which part of a repository is read again when, so that every pack is read within the policy's time. Pure.

restic splits packs by the first byte of their names (``check --read-data-subset=n/t``): each pack, also a later one, is in
one part for good, so the parts' last reads say of every pack when it was read. Random percentages would not.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from backup.records import BackupRecord, CheckRecord, Outcome

MOST_PARTS = 256
"""As many as a byte has values."""
MARGIN = 0.8
"""A round is planned in this share of its time, so that a day off breaks no promise."""


def count_parts(within: timedelta) -> int:
    """Give into how many parts a repository is split: about one a day."""
    return max(1, min(MOST_PARTS, int(within / timedelta(days=1) * MARGIN)))


def last_reads(checks: Iterable[CheckRecord], parts: int) -> dict[int, CheckRecord]:
    """Give the last check of each part, among checks that split into this many."""
    found: dict[int, CheckRecord] = {}
    for check in sorted(checks, key=lambda c: c.started_at):
        if check.parts == parts and check.part:
            found[check.part] = check
    return found


def parts_due(checks: Iterable[CheckRecord], within: timedelta, born: datetime, now: datetime) -> tuple[int, ...]:
    """Give the parts to read now: those that failed last, then the longest unread, as many as time has gone by for."""
    parts = count_parts(within)
    last = last_reads(checks, parts)
    failed = [part for part, check in last.items() if check.outcome is Outcome.FAILED]
    others = sorted(
        (p for p in range(1, parts + 1) if p not in failed), key=lambda p: (last[p].started_at if p in last else born, p)
    )
    slot = within * MARGIN / parts
    behind = max((check.started_at for check in last.values()), default=born)
    share = math.floor((now - behind) / slot) if now > behind else 0
    overdue = [p for p in others if now - (last[p].started_at if p in last else born) >= within]
    return tuple(sorted(failed) + others[: max(share, len(overdue))])


def reread_since(checks: Iterable[CheckRecord], within: timedelta, born: datetime) -> datetime:
    """Give the instant since which every pack was read again: of the part that was read longest ago."""
    return _read_since(checks, count_parts(within), born)


def last_read_since(checks: Iterable[CheckRecord], born: datetime) -> datetime:
    """Give the same for who does not know the promise: by the number of parts of the last check that read one."""
    checks = sorted(checks, key=lambda c: c.started_at)
    return _read_since(checks, next((c.parts for c in reversed(checks) if c.part), 0), born)


def _read_since(checks: Iterable[CheckRecord], parts: int, born: datetime) -> datetime:
    good = last_reads((c for c in checks if c.outcome is Outcome.GOOD), parts)
    return min((good[p].started_at if p in good else born for p in range(1, parts + 1)), default=born)


def in_doubt(checks: Iterable[CheckRecord]) -> str:
    """Give why a repository cannot be trusted now: the reason of a part, or of the whole, whose last check failed."""
    last: dict[tuple[int, int], CheckRecord] = {}
    for check in sorted(checks, key=lambda c: c.started_at):
        last[(check.part, check.parts)] = check
        if check.outcome is Outcome.GOOD:  # reading any part looks at the whole structure as well
            last[(0, 0)] = check
    failed = [check for check in last.values() if check.outcome is Outcome.FAILED]
    return failed[-1].reason if failed else ""


def verified_by_reading(snapshots: Iterable[BackupRecord], since: datetime, now: datetime) -> list[BackupRecord]:
    """Give the next state of good snapshots all of whose packs were read again after they were made."""
    return [
        replace(s, ended_at=now, outcome=Outcome.VERIFIED, reason="")
        for s in snapshots
        if s.outcome is Outcome.GOOD and s.ended_at <= since
    ]
