"""How it stands with everything that is backed up: what is proven, how old it is, when the next run comes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from backup.copies.record import Held, Thing, find_young
from backup.plan import Job
from backup.policy import Policy, Tier, render_duration
from backup.records import BackupRecord, Outcome, latest_states
from backup.tables import render_lines
from backup.timetable import next_start

PROVEN = (Outcome.GOOD, Outcome.VERIFIED)


class State(StrEnum):
    """What it comes to."""

    KEPT = "kept"
    """The newest good snapshot is as young as its tier promises, and the last run was good."""
    FAILING = "failing"
    """It is young enough still, and the last run failed."""
    LATE = "late"
    NEVER = "never"


@dataclass(frozen=True)
class Standing:
    """One job and what the records say of it."""

    job: Job
    recovery_point: timedelta
    pending: BackupRecord | None
    """A newer snapshot than the newest proven one, not checked yet: it counts for nothing."""
    good: BackupRecord | None
    """Newest that is good or verified."""
    verified: BackupRecord | None
    failed: BackupRecord | None
    """The last run, where it failed."""
    next_at: datetime
    now: datetime
    promised: int
    """Places that the tier promises, the cloud's own site included."""
    further: int
    """Copies outside both sites that are proven and young enough."""

    @property
    def places(self) -> int:
        """Places that hold the data."""
        return 1 + (self.good is not None) + self.further

    @property
    def age(self) -> timedelta | None:
        """Of the data that a loss now would leave."""
        return None if self.good is None else self.now - self.good.started_at

    @property
    def state(self) -> State:
        """What it comes to."""
        if self.age is None:
            return State.NEVER
        if self.age > self.recovery_point:
            return State.LATE
        return State.FAILING if self.failed else State.KEPT


def build_standings(
    jobs: Iterable[Job],
    records: Iterable[BackupRecord],
    policy: Policy,
    now: datetime,
    held: Mapping[Thing, Sequence[Held]] | None = None,
) -> tuple[Standing, ...]:
    """Give how it stands with each job; ``held`` has its newest snapshots outside both sites."""
    own: dict[tuple[str, str, str], list[BackupRecord]] = {}
    for record in latest_states(records):
        own.setdefault((record.department, record.source, record.name), []).append(record)
    found = []
    for job in jobs:
        thing = (job.department, job.source, job.name)
        further = len(find_young((held or {}).get(thing, ()), policy.copied_within, now))
        found.append(_standing(job, own.get(thing, []), policy.tiers[job.tier], now, further))
    return tuple(found)


def _standing(job: Job, records: list[BackupRecord], tier: Tier, now: datetime, further: int) -> Standing:
    def newest(*outcomes: Outcome) -> BackupRecord | None:
        return next((r for r in reversed(records) if r.outcome in outcomes), None)

    good, pending = newest(*PROVEN), newest(Outcome.PENDING)
    ended = [r for r in records if r.outcome is not Outcome.PENDING]
    return Standing(
        job,
        tier.recovery_point,
        pending if pending and (good is None or pending.started_at > good.started_at) else None,
        good,
        newest(Outcome.VERIFIED),
        ended[-1] if ended and ended[-1].outcome is Outcome.FAILED else None,
        next_start(job.start, job.every, now),
        now,
        tier.copies,
        further,
    )


def render_standings(standings: Iterable[Standing]) -> str:
    """Give one line a job, and below them why the last run of each that failed did."""
    head = ("DEPARTMENT", "SOURCE", "NAME", "STATE", "AGE", "RPO", "GOOD", "VERIFIED", "PENDING", "PLACES", "NEXT (UTC)")
    rows, below = [], []
    for one in standings:
        job, age = one.job, "-" if one.age is None else render_age(one.age)
        proven = (_when(one.good), _when(one.verified), _when(one.pending))
        point = render_duration(one.recovery_point)
        places = f"{one.places} of {one.promised}"
        shown = (age, point, *proven, places, f"{one.next_at:%Y-%m-%d %H:%M}")
        rows.append((job.department, job.source, job.name, one.state, *shown))
        if one.good and one.places < one.promised:
            below.append(f"{job.label}: {places} places hold it; `oneroof backup copy {job.department}` makes another")
        if one.failed:
            below.append(f"{job.label}: the run of {_when(one.failed)} failed: {one.failed.reason}")
    return "\n".join([render_lines(head, rows), *below])


def render_values(one: Standing) -> dict[str, Any]:
    """Give it as what JSON can say: instants in ISO 8601, durations in seconds."""
    snapshots = {"good": one.good, "verified": one.verified, "pending": one.pending}
    return {
        "department": one.job.department,
        "source": str(one.job.source),
        "name": one.job.name,
        "tier": one.job.tier,
        "state": str(one.state),
        "at": one.now.isoformat(),
        "age_seconds": None if one.age is None else round(one.age.total_seconds()),
        "recovery_point_seconds": round(one.recovery_point.total_seconds()),
        "next_at": one.next_at.isoformat(),
        "places": one.places,
        "places_promised": one.promised,
        **{
            name: None if r is None else {"snapshot_id": r.snapshot_id, "data_at": r.started_at.isoformat()}
            for name, r in snapshots.items()
        },
        "last_error": None if one.failed is None else {"at": one.failed.ended_at.isoformat(), "reason": one.failed.reason},
    }


def render_age(age: timedelta) -> str:
    """Give an age to the minute: ``2 d 3 h``, ``3 h 5 m``, ``7 m``."""
    minutes = int(age.total_seconds() // 60)
    days, hours, left = minutes // 1440, minutes // 60 % 24, minutes % 60
    if minutes < 0:
        return "ahead"
    return f"{days} d {hours} h" if days else f"{hours} h {left} m" if hours else f"{left} m"


def _when(record: BackupRecord | None) -> str:
    return "-" if record is None else f"{record.started_at:%Y-%m-%d %H:%M}"
