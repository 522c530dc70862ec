"""A drift as text: JSON for programs, Markdown for an issue or a page."""

from __future__ import annotations

import json
from dataclasses import asdict

from infra.drift.comparison import Drift

SCHEMA_VERSION = 1
NOT_COMPARED = "limits of compute, block storage and objects, texts of descriptions"
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
    said = render_reading(drift)
    return "\n".join([*lines, "", f"{said[0].upper()}{said[1:]}.", ""])


def render_reading(drift: Drift) -> str:
    """Tell how the cloud was read, and how old the oldest look is at what is looked at in turns."""
    said = f"read by {drift.calls} calls in {drift.seconds:.1f} s"
    late = [each for each in drift.looked if each.oldest and each.oldest < drift.collected_at]
    if late:
        told = ", ".join(f"{each.what} of {each.places} places, the oldest look at {each.oldest}" for each in late)
        said += f"; in turns: {told}"
    return f"{said}; not compared: {NOT_COMPARED}"


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(map(_cell, cells))} |"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", r"\|").split())
