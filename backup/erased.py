"""What was erased is not backed up any more, though it stays in the file until its department's next request. Pure.

Nor is anybody to be alarmed for it: what its last run or drill came to is history.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from backup.records import BackupRecord, DrillRecord, ErasureRecord, Outcome, Source
from tenants.declaration.erasure import Erasure, Thing, ThingKind, parse_thing
from tenants.declaration.model import Department
from tenants.declaration.things import without

_ENDED = (Outcome.VERIFIED, Outcome.FAILED, Outcome.GOOD)
_KINDS = {Source.VOLUME: ThingKind.VOLUME, Source.CONTAINER: ThingKind.CONTAINER}
Run = TypeVar("Run", BackupRecord, DrillRecord)


def is_of(record: ErasureRecord, erasure: Erasure) -> bool:
    """Tell whether a record is of this very approval, not of an earlier one for something of the same name."""
    days = (erasure.approved_on.isoformat(), erasure.not_before.isoformat(), erasure.expires.isoformat())
    return record.name == str(erasure.thing) and (record.approved_on, record.not_before, record.expires) == days


def leave_out(departments: Iterable[Department], records: Iterable[ErasureRecord]) -> tuple[Department, ...]:
    """Give the departments without what is on record as erased under an approval that still stands in the file."""
    ended = [record for record in records if record.outcome in (Outcome.VERIFIED, Outcome.FAILED)]
    return tuple(
        without(
            department,
            {e.thing for e in department.erasures if any(r.department == department.slug and is_of(r, e) for r in ended)},
        )
        for department in departments
    )


def leave_out_runs(runs: Iterable[Run], records: Iterable[ErasureRecord]) -> tuple[Run, ...]:
    """Give the backups and drills without those of what was erased since they began."""
    erased: dict[str, list[tuple[ErasureRecord, Thing]]] = {}
    for record in records:
        if record.outcome in _ENDED:
            erased.setdefault(record.department, []).append((record, parse_thing(record.name)))

    def is_gone(run: Run) -> bool:
        kind = _KINDS.get(run.source)  # an image or a database goes with its project
        what = Thing(kind, run.name) if kind else Thing(ThingKind.PROJECT, run.name.partition("/")[0])
        return any(
            thing.holds(what) and run.started_at <= record.ended_at for record, thing in erased.get(run.department, ())
        )

    return tuple(run for run in runs if not is_gone(run))
