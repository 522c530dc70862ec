"""Makes the files of reports of a period."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from monitoring.periods.document import Stores, make_department, make_savings, make_utilisation
from monitoring.periods.page import render_page, render_table
from monitoring.periods.period import Period
from monitoring.reports.files import Form, write_files
from tenants.declaration.load import load_departments
from tenants.problem import Problem, UserError

FORM = Form(render_page, render_table)


def find_names() -> dict[str, str]:
    """Give every declared department with what people call it; raise UserError with every mistake of a declaration."""
    return {department.slug: department.local_name for department in load_departments()}


def write_report(
    kind: str, stores: Stores, period: Period, names: Mapping[str, str], folder: Path, pdf: bool, now: datetime
) -> Iterator[Path]:
    """Ask, and write the utilisation or the savings report; raise PrometheusError."""
    make = {"utilisation": make_utilisation, "savings": make_savings}[kind]
    yield from write_files(folder, kind, make(stores, period, names, now), FORM, pdf)


def write_department(
    stores: Stores, period: Period, department: str, names: Mapping[str, str], folder: Path, pdf: bool, now: datetime
) -> Iterator[Path]:
    """Ask, and write one department's report; raise PrometheusError, or UserError where nobody knows the department."""
    if not re.fullmatch(r"[a-z0-9-]+", department):
        raise UserError(Problem(f"got {department!r}, expected a department such as {next(iter(names), 'health')}"))
    document = make_department(stores, period, department, names.get(department, department), now)
    if department not in names and not any(document["figures"]["hours"].values()):
        hint = f"One of {', '.join(sorted(names))}, or one that had something in the period."
        raise UserError(Problem(f"nobody declared {department}, and it had nothing in the period", hint))
    yield from write_files(folder, f"department-{department}", document, FORM, pdf)
