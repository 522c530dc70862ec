"""What is due: jobs without a recent enough good snapshot, and jobs whose last identical restore is too long ago. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from backup.plan import Job
from backup.policy import Policy
from backup.records import BackupRecord, DrillRecord, Source

Key = tuple[str, Source, str]


def backups_due(jobs: Iterable[Job], newest: Mapping[Key, BackupRecord], now: datetime) -> tuple[Job, ...]:
    """Give the jobs whose newest restorable snapshot is older than the time between two backups of their tier."""
    return tuple(
        job
        for job in jobs
        if (snapshot := newest.get((job.department, job.source, job.name))) is None or now - snapshot.started_at >= job.every
    )


def drills_due(jobs: Iterable[Job], drills: Iterable[DrillRecord], policy: Policy, now: datetime) -> tuple[Job, ...]:
    """Give the jobs whose last drill failed, or is longer ago than their tier asks for, or never was."""
    last = {(drill.department, drill.source, drill.name): drill for drill in sorted(drills, key=lambda d: d.started_at)}
    return tuple(
        job
        for job in jobs
        if (drill := last.get((job.department, job.source, job.name))) is None
        or not drill.identical
        or now - drill.started_at >= policy.tiers[job.tier].drill_every
    )
