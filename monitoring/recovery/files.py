"""Makes the recovery report's files, and holds one against the ledgers again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from backup.evidence import verify as verify_ledgers
from backup.ledger import load_entries
from backup.report.assembly import check_inputs, make_report
from backup.report.derive import find_changes
from monitoring.recovery.page import render_page, render_table
from monitoring.reports.files import Form, write_files
from tenants.installation import Installation, repository


def write_recovery(
    installation: Installation, cloud: str, days: int, folder: Path, pdf: bool, say: Callable[[str], None]
) -> dict[str, Any]:
    """Derive and write the report, name each file when it is there, and give it."""
    document = make_report(installation, cloud, timedelta(days=days), datetime.now(UTC).replace(microsecond=0))
    for file in write_files(folder, "recovery", document, Form(render_page, render_table), pdf):
        say(str(file))
    return document


def verify_recovery(told: Mapping[str, Any], records: Path) -> tuple[list[str], list[str], str]:
    """Derive every figure again; give what is wrong, what could not be looked at, and what it rests on."""
    wrong = list(find_changes(told, load_entries(records)))
    differing, unseen = check_inputs(told, records, repository())
    named = {head["ledger"] for head in told["inputs"]["ledgers"]}
    wrong += differing
    wrong += [f"ledger {e.ledger}: {said}" for e in verify_ledgers(records) if e.ledger in named for said in e.problems]
    return wrong, unseen, f"{len(told['evidence'])} entries of {len(named)} ledgers"
