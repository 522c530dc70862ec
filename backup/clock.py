"""Which instants of a ledger a machine's clock cannot have told truly, and what is known of them for certain. Pure.

Entries of a ledger follow each other. A clock that jumped ahead and was set right shows in their order: the most entries
that fit in one order are believed, the others are not, and nothing is of a time that has not come. What was dated ahead
counts as of the entry before it: data may be younger than a status says, never older, once as many true entries follow.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from backup.ledger import Entry

if TYPE_CHECKING:
    from backup.records import Record

SKEW = timedelta(minutes=5)
"""By so much two clocks may differ without being wrong."""
BEFORE_ALL = datetime(2000, 1, 1, tzinfo=UTC)
"""What an instant counts as of which nothing is known."""
_INSTANTS = ("started_at", "ended_at", "recovery_point_at", "recorded_at")
Place = tuple[str, int]
"""Ledger, and number of the entry in it."""


@dataclass(frozen=True)
class Span:
    """Between these an entry was written, by the entries around it."""

    earliest: datetime
    latest: datetime


def believe(instants: Sequence[datetime], now: datetime) -> list[bool]:
    """Tell of each instant whether it is among the most that never go back, none of them later than now."""
    ends: list[datetime] = []  # of the best order of each length, its last instant
    last: list[int] = []
    before: list[int | None] = []
    for index, at in enumerate(instants):
        if at > now + SKEW:
            before.append(None)
            continue
        length = bisect_right(ends, at)
        before.append(last[length - 1] if length else None)
        ends[length : length + 1] = [at]
        last[length : length + 1] = [index]
    believed = [False] * len(instants)
    place = last[-1] if last else None
    while place is not None:
        believed[place] = True
        place = before[place]
    return believed


def find_spans(entries: Iterable[Entry], now: datetime) -> dict[Place, Span]:
    """Give between which instants each entry was written."""
    ledgers: dict[str, list[Entry]] = {}
    for entry in entries:
        ledgers.setdefault(entry.ledger, []).append(entry)
    spans: dict[Place, Span] = {}
    for ledger, own in ledgers.items():
        own.sort(key=lambda e: e.number)
        believed = believe([e.at for e in own], now)
        earliest, latest = BEFORE_ALL, now
        before: list[datetime] = []
        for entry, true in zip(own, believed, strict=True):
            before.append(earliest)
            earliest = entry.at if true else earliest
        for entry, true, since in reversed(list(zip(own, believed, before, strict=True))):
            latest = entry.at if true else latest
            spans[ledger, entry.number] = Span(since, latest)
    return spans


def date_truly(told: Sequence[tuple[Entry, Record]], spans: Mapping[Place, Span]) -> tuple[Record, ...]:
    """Give the records of a kind; an instant later than its entry's becomes what was before it for certain.

    Several states of one thing name the same instant: it becomes the same in all of them.
    """
    truly: dict[datetime, datetime] = {}
    for entry, record in told:
        span = spans[entry.ledger, entry.number]
        for _, at in _instants(record):
            if at > span.latest + SKEW:
                truly[at] = min(span.earliest, truly.get(at, span.earliest))
    if not truly:
        return tuple(record for _, record in told)
    return tuple(replace(record, **{name: truly[at] for name, at in _instants(record) if at in truly}) for _, record in told)


def _instants(record: Record) -> list[tuple[str, datetime]]:
    return [(f.name, getattr(record, f.name)) for f in fields(record) if f.name in _INSTANTS]
