"""When which run begins, how long it will last by what earlier ones took, and whether the promises can be kept. Pure."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from backup.plan import Job
from backup.policy import Policy, render_duration
from backup.records import BackupRecord, Outcome
from backup.tables import render_lines

EARLIER = 5
"""A run is expected to last as long as the longest of so many earlier ones."""
GUESS = timedelta(minutes=5)
"""What a run is expected to last of which there is none yet."""
DAY = timedelta(days=1)
Whose = tuple[str, str]
"""Department and tier: what one timer runs."""


@dataclass(frozen=True)
class Run:
    """One run of a timer: of everything that a department has in a tier."""

    whose: Whose
    at: datetime
    jobs: int
    lasts: timedelta
    known: bool
    """Whether earlier runs say how long it lasts."""
    begins: datetime
    """When its turn comes: so many at once, and one of a department at a time."""
    latest: datetime
    """Until then it must have ended, or the age of the newest good snapshot exceeds the tier's RPO."""

    @property
    def ends(self) -> datetime:
        """When it will have ended."""
        return self.begins + self.lasts


def starts(start: timedelta, every: timedelta, after: datetime) -> Iterator[datetime]:
    """Give every start of a timer after an instant, UTC, for ever: what its unit's calendar says."""
    midnight = after.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight + start % every
    number = math.floor((after - first) / every) + 1
    while True:
        yield first + number * every
        number += 1


def next_start(start: timedelta, every: timedelta, after: datetime) -> datetime:
    """Give the first start of a timer after an instant."""
    return next(starts(start, every, after))


def measure_runs(jobs: Iterable[Job], records: Iterable[BackupRecord]) -> dict[Whose, timedelta]:
    """Give how long the longest of the last runs of each department and tier lasted, its check included."""
    tiers = {(job.department, job.source, job.name): job.tier for job in jobs}
    runs: dict[Whose, dict[datetime, datetime]] = {}
    for record in records:  # all jobs of a run become good at the same instant; later states have other ends
        tier = tiers.get((record.department, record.source, record.name))
        if tier and record.outcome is Outcome.GOOD:
            of_one = runs.setdefault((record.department, tier), {})
            of_one[record.ended_at] = min(record.started_at, of_one.get(record.ended_at, record.started_at))
    return {whose: max(end - begin for end, begin in sorted(of_one.items())[-EARLIER:]) for whose, of_one in runs.items()}


def build_timetable(
    jobs: Sequence[Job], lasts: Mapping[Whose, timedelta], policy: Policy, after: datetime, until: datetime
) -> tuple[Run, ...]:
    """Give every run that starts in a span of time, in the order of their starts, with the turn that each will have."""
    counts: dict[Whose, list[Job]] = {}
    for job in jobs:
        counts.setdefault((job.department, job.tier), []).append(job)
    due: list[Run] = []
    for whose, own in counts.items():
        job, expected = own[0], lasts.get(whose)
        point = policy.tiers[job.tier].recovery_point
        for at in starts(job.start, job.every, after):
            if at >= until:
                break
            due.append(Run(whose, at, len(own), expected or GUESS, expected is not None, at, at - job.every + point))
    return _give_turns(sorted(due, key=lambda run: (run.at, run.whose)), policy.at_once)


def _give_turns(due: Sequence[Run], at_once: int) -> tuple[Run, ...]:
    """Say when each begins: the earliest start first, a free place among so many, and its department's last run over."""
    places = [datetime.min.replace(tzinfo=UTC)] * at_once
    busy: dict[str, datetime] = {}
    given: list[Run] = []
    for run in due:
        free = heapq.heappop(places)
        begins = max(run.at, free, busy.get(run.whose[0], run.at))
        turn = replace(run, begins=begins)
        heapq.heappush(places, turn.ends)
        busy[run.whose[0]] = turn.ends
        given.append(turn)
    return tuple(given)


def find_collisions(runs: Iterable[Run]) -> tuple[str, ...]:
    """Give a sentence for each department and tier whose promise its windows will not keep, at its worst run."""
    worst: dict[Whose, Run] = {}
    for run in runs:
        if run.ends > run.latest and run.ends - run.latest > (
            worst[run.whose].ends - worst[run.whose].latest if run.whose in worst else timedelta(0)
        ):
            worst[run.whose] = run
    return tuple(
        f"{department}, tier {tier}: the run of {run.at:%Y-%m-%d %H:%M}Z will end {_minutes(run.ends - run.latest)} "
        f"too late for its RPO: it waits {_minutes(run.begins - run.at)} and lasts {_minutes(run.lasts)}"
        for (department, tier), run in sorted(worst.items())
    )


def render_timetable(runs: Iterable[Run], count: int) -> str:
    """Give one line a run, the first so many."""
    head = ("START (UTC)", "DEPARTMENT", "TIER", "JOBS", "WAITS", "LASTS", "ENDS", "MUST END")
    rows = [
        (
            f"{run.at:%Y-%m-%d %H:%M}",
            *run.whose,
            str(run.jobs),
            _minutes(run.begins - run.at),
            _minutes(run.lasts) if run.known else f"{_minutes(run.lasts)}?",
            f"{run.ends:%m-%d %H:%M}",
            f"{run.latest:%m-%d %H:%M}",
        )
        for run in islice(runs, count)
    ]
    return render_lines(head, rows)


def render_values(run: Run) -> dict[str, Any]:
    """Give a run as what JSON can say: instants in ISO 8601, durations in seconds."""
    department, tier = run.whose
    return {
        "department": department,
        "tier": tier,
        "jobs": run.jobs,
        "at": run.at.isoformat(),
        "begins": run.begins.isoformat(),
        "ends": run.ends.isoformat(),
        "must_end": run.latest.isoformat(),
        "lasts_seconds": round(run.lasts.total_seconds()) if run.known else None,
    }


def _minutes(span: timedelta) -> str:
    whole = timedelta(minutes=math.ceil(span.total_seconds() / 60))
    return render_duration(whole) if whole else "0m"
