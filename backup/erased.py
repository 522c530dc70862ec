"""What was erased is not backed up any more, though it stays in the file until its department's next request. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from backup.records import ErasureRecord, Outcome
from tenants.declaration.erasure import Erasure, without
from tenants.declaration.model import Department


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
