"""A coverage as text: a table for people, JSON for programs, Markdown for an issue or a page. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from backup.coverage.holdings import Holdings
from backup.coverage.judgement import Judged, owner

SCHEMA_VERSION = 1
COLUMNS = ("DEPARTMENT", "KIND", "NAME", "MADE", "TIER", "STATE", "WHY")


def build_lines(judged: Iterable[Judged]) -> list[tuple[str, ...]]:
    """Give the cells of each thing under :data:`COLUMNS`, gaps first."""
    return [
        (
            owner(j.holding),
            j.holding.kind,
            j.holding.name,
            f"{j.holding.created_at:%Y-%m-%d %H:%M}" if j.holding.created_at else "-",
            j.tier or "-",
            f"GAP: {j.state}" if j.is_gap else str(j.state),
            j.why,
        )
        for j in sorted(judged, key=lambda j: (not j.is_gap, owner(j.holding), j.holding.name, j.holding.kind))
    ]


def render_sentence(judged: Sequence[Judged]) -> str:
    """Say in one sentence how it stands."""
    gaps = sum(j.is_gap for j in judged)
    counts: dict[str, int] = {}
    for each in judged:
        counts[each.state] = counts.get(each.state, 0) + 1
    told = ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
    return f"{len(judged)} things hold data: {told or 'none'}; " + (
        f"{gaps} {'is a gap' if gaps == 1 else 'are gaps'}" if gaps else "no gap"
    )


def render_json(judged: Sequence[Judged], holdings: Holdings) -> str:
    """Render all of it, with the version of this form."""
    told: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "at": holdings.at.isoformat(),
        "gaps": sum(j.is_gap for j in judged),
        "unread": [{"source": u.source, "error": u.error} for u in holdings.unread],
        "things": [build_values(j) for j in judged],
    }
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def build_values(judged: Judged) -> dict[str, Any]:
    """Give one thing as what JSON can say."""
    thing = judged.holding
    return {
        "department": owner(thing),
        "kind": thing.kind,
        "name": thing.name,
        "id": thing.id,
        "bytes": thing.bytes,
        "created_at": _iso(thing.created_at),
        "tier": judged.tier,
        "state": str(judged.state),
        "gap": judged.is_gap,
        "why": judged.why,
        "snapshot_at": _iso(judged.snapshot_at),
        "snapshot_id": judged.snapshot_id,
    }


def render_markdown(judged: Sequence[Judged], holdings: Holdings) -> str:
    """Render the sentence, then a table."""
    lines = [f"## Coverage of the backup at {holdings.at:%Y-%m-%d %H:%M}Z", "", render_sentence(judged).capitalize() + "."]
    if judged:
        lines += ["", _row(COLUMNS), "|" + "---|" * len(COLUMNS), *map(_row, build_lines(judged))]
    for unread in holdings.unread:
        lines += ["", f"**Not read: {unread.source}** ({_cell(unread.error)})."]
    return "\n".join([*lines, ""])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(_cell, cells))} |"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", r"\|").split())


def _iso(when: datetime | None) -> str | None:
    return when.isoformat() if when else None
