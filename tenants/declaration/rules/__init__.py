"""What declarations must keep to beyond their shape; pure functions over all of them at once.

Each module holds rules on one subject; a rule gives a :class:`Finding` for each place that breaks it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date

from tenants.declaration.catalogue import Catalogue
from tenants.declaration.model import Department
from tenants.declaration.rules import (
    addresses,
    borrowing,
    credentials,
    erasures,
    names,
    people,
    placeholders,
    quotas,
    reach,
    references,
    restores,
    sharing,
    waivers,
)
from tenants.declaration.rules.finding import Finding

__all__ = ["Finding", "check", "check_day"]


def check(departments: Sequence[Department], stems: Sequence[str], catalogue: Catalogue) -> Iterator[Finding]:
    """Check completed departments as one government; ``stems`` are their file names without ``.yaml``."""
    for index, (department, stem) in enumerate(zip(departments, stems, strict=True)):
        for finding in (
            *names.check(department, stem),
            *placeholders.check(department),
            *references.check(department, catalogue),
            *reach.check(department, catalogue),
            *quotas.check(department, catalogue),
            *people.check(department),
            *credentials.check(department),
            *erasures.check(department, catalogue),
            *waivers.check(department, catalogue),
            *restores.check(department),
            *addresses.check(department, catalogue),
        ):
            yield replace(finding, index=index)
    yield from names.check_together(departments)
    yield from addresses.check_together(departments, stems, catalogue)
    yield from sharing.check_together(departments, catalogue)
    yield from borrowing.check_together(departments)


def check_day(departments: Sequence[Department], today: date, only: Collection[str]) -> Iterator[Finding]:
    """Check the files of ``only`` for what has ended."""
    yield from sharing.check_day(departments, today, only)
    yield from borrowing.check_day(departments, today, only)
    for index, department in enumerate(departments):
        if department.name in only:
            for finding in (
                *credentials.check_ends(department, today),
                *erasures.check_today(department, today),
                *waivers.check_today(department, today),
                *restores.check_today(department, today),
            ):
                yield replace(finding, index=index)
