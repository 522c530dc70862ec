"""The departments as they are declared, without what was erased."""

from __future__ import annotations

from pathlib import Path

from backup.erased import leave_out
from backup.records import ErasureRecord, load_records
from tenants.declaration.load import load_departments
from tenants.declaration.model import Department
from tenants.installation import repository


def load_kept(records: Path, directory: Path | None = None) -> tuple[Department, ...]:
    """Read the declarations, and the records only where somebody declares an erasure; raises :class:`UserError`."""
    declared = load_departments(directory or repository() / "tenants")
    erased = load_records(ErasureRecord, records) if any(d.erasures for d in declared) else ()
    return leave_out(declared, erased)
