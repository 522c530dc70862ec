"""A drift as text: JSON for programs, Markdown for an issue or a page."""

from __future__ import annotations

import json
from dataclasses import asdict

from infra.drift.comparison import Drift

SCHEMA_VERSION = 1
COLUMNS = ("department", "drift", "resource", "name", "what", "remedy")


def build_lines(drift: Drift) -> tuple[tuple[str, ...], ...]:
    """Give the cells of each finding, under :data:`COLUMNS`."""
    return tuple((f.department or "(nobody's)", f.kind, f.resource, f.name, f.what, f.remedy) for f in drift.findings)


def render_json(drift: Drift) -> str:
    """Render all of it, with the version of this form."""
    return (
        json.dumps({"schema_version": SCHEMA_VERSION, **asdict(drift)}, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    )


def render_markdown(drift: Drift) -> str:
    """Render a table of the findings, then what was not looked at."""
    lines = [f"## Drift at {drift.collected_at}", ""]
    if drift.findings:
        lines += [_row(COLUMNS), "|" + "---|" * len(COLUMNS)]
        lines += [_row((*cells[:-1], f"`{cells[-1]}`")) for cells in build_lines(drift)]
    elif not drift.unread:
        lines.append("Everything is as declared.")
    for unread in drift.unread:
        lines += [
            "",
            f"**Not read: {unread.source}** ({_cell(unread.error)}), so not looked at: {', '.join(unread.left_out)}.",
        ]
    return "\n".join([*lines, "", f"Read by {drift.calls} calls in {drift.seconds:.1f} s.", ""])


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(map(_cell, cells))} |"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", r"\|").split())
