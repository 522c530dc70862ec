"""What is to be restored and where to: chosen from the ledger by a point in time, written down for the operations host."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from backup.records import BackupRecord, Outcome, Source, latest_states, parse_values, render_values
from tenants.declaration import words
from tenants.problem import Problem, UserError


@dataclass(frozen=True)
class Asked:
    """A department's request to have something back, as its record tells it."""

    key: str
    """What tells it from the department's other requests: done once, it is never done again."""
    reason: str
    approved_by: str
    """Owners who approved that data is replaced, with commas; empty where nothing may be."""


@dataclass(frozen=True)
class Wish:
    """One snapshot, and the volume, container or database of the same department that it goes into."""

    snapshot: BackupRecord
    target: str
    """``<project>/<volume or container>``; behind a container's, where told, what is put before its objects' names.

    Of a running database its own name; behind it, where it goes into new schemas, what is put behind their names.
    """
    overwrite: bool = False
    """Whether what the target holds now may be replaced."""
    is_lost: bool = False
    """Whether the target's data is known to be gone: what is there then was put there by an earlier run of this restore."""
    asked: Asked | None = None
    """The department's request that it answers; none where an engineer decided."""
    is_live: bool = False
    """Whether a database's dump goes into the running database; else into a container, as an object."""

    @property
    def label(self) -> str:
        """How people and progress lines call it."""
        one = self.snapshot
        into = f" into {self.target}" if self.target != one.name else ""
        return f"{one.department} {one.source} {one.name}{into}"


def parse_instant(text: str) -> datetime:
    """Read an instant such as ``2026-11-20T10:00``, UTC where no zone is told; raise :class:`UserError` for others."""
    try:
        return words.parse_instant(text)
    except ValueError as error:
        raise UserError(Problem(f"--at: got {text}, {error}")) from error


def choose(
    records: Iterable[BackupRecord],
    department: str,
    source: Source | None = None,
    name: str = "",
    at: datetime | None = None,
) -> tuple[BackupRecord, ...]:
    """Give of each volume and container of a department the newest good or verified snapshot not younger than ``at``."""
    newest: dict[tuple[str, str], BackupRecord] = {}
    for record in latest_states(records):
        meant = (
            record.department == department
            and (source or record.source) == record.source
            and (name or record.name) == record.name
        )
        if meant and record.outcome in (Outcome.GOOD, Outcome.VERIFIED) and (at is None or record.started_at <= at):
            newest[(record.source, record.name)] = record
    return tuple(newest[key] for key in sorted(newest))


def choose_one(
    records: Iterable[BackupRecord], department: str, source: Source, name: str, at: datetime | None
) -> BackupRecord:
    """Give the one snapshot that is meant; raise :class:`UserError` that says what there is instead."""
    known = tuple(records)
    if found := choose(known, department, source, name, at):
        return found[0]
    if older := choose(known, department, source, name):
        first = min(r.started_at for r in known if (r.department, r.source, r.name) == (department, source, name))
        hint = f"The oldest is of {first:%Y-%m-%d %H:%M:%S}Z, the newest of {older[0].started_at:%Y-%m-%d %H:%M:%S}Z."
        raise UserError(Problem(f"{department}: no snapshot of {source} {name} that counts is that old", hint))
    there = sorted({r.name for r in known if r.department == department and r.source is source})
    what = f"{department}: got {source} {name}, expected one that was backed up: {', '.join(there) or 'none was'}"
    raise UserError(Problem(what, "`oneroof backup list` shows every snapshot and how far it is proven."))


def render_wishes(wishes: Iterable[Wish]) -> str:
    """Give wishes as JSON, one a line."""
    return "".join(json.dumps(_values(wish), ensure_ascii=False) + "\n" for wish in wishes)


def parse_wishes(text: str) -> tuple[Wish, ...]:
    """Read wishes; raise :class:`UserError` for anything else."""
    try:
        told = [json.loads(line) for line in text.splitlines() if line.strip()]
        return tuple(
            Wish(
                parse_values(BackupRecord, each["snapshot"]),
                str(each["target"]),
                each["overwrite"] is True,
                each["is_lost"] is True,
                Asked(**each["asked"]) if each.get("asked") else None,
                each.get("is_live") is True,
            )
            for each in told
        )
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(Problem(f"this is no list of what to restore: {error}")) from error


def _values(wish: Wish) -> Mapping[str, Any]:
    return {
        "snapshot": render_values(wish.snapshot),
        "target": wish.target,
        "overwrite": wish.overwrite,
        "is_lost": wish.is_lost,
        "asked": asdict(wish.asked) if wish.asked else None,
        "is_live": wish.is_live,
    }
