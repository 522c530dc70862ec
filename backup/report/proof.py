"""Entries of the ledger as the report cites them: every figure names the entry that it came from. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backup.ledger import Entry
from backup.records import BackupRecord, CheckRecord, DrillRecord, Outcome, Record, parse_values

SHORT = 12
"""Digits of a ledger's name that people need to tell one from another."""


def cite(entry: Entry) -> str:
    """Give how the report calls an entry: ``<begin of the ledger's name>#<number>``."""
    return f"{entry.ledger[:SHORT]}#{entry.number}"


def describe(entry: Entry) -> dict[str, Any]:
    """Give what an auditor needs to find an entry and see that it is the same."""
    return {
        "ledger": entry.ledger,
        "entry": entry.number,
        "kind": entry.kind,
        "at": entry.at.isoformat(),
        "hash": entry.hash,
        "commit": entry.declared.commit,
    }


@dataclass(frozen=True)
class Run:
    """The last state of one snapshot, or one run that failed, with the entries of all its states."""

    record: BackupRecord
    entries: tuple[Entry, ...]

    @property
    def counts(self) -> bool:
        """Whether it could be restored."""
        return self.record.outcome in (Outcome.GOOD, Outcome.VERIFIED)

    @property
    def entry(self) -> Entry:
        """The entry of its last state."""
        return self.entries[-1]


def find_runs(entries: Iterable[Entry]) -> tuple[Run, ...]:
    """Give every run, oldest data first; a snapshot that the vault's side deleted is still a run that was."""
    found: dict[tuple[str, ...], list[tuple[BackupRecord, Entry]]] = {}
    for record, entry in of_kind(BackupRecord, entries):
        own = record.snapshot_id or record.started_at.isoformat()
        found.setdefault((record.department, record.source, record.name, own), []).append((record, entry))
    runs = [Run(states[-1][0], tuple(entry for _, entry in states)) for states in found.values()]
    return tuple(sorted(runs, key=lambda run: run.record.started_at))


def of_kind(kind: type[Record], entries: Iterable[Entry]) -> list[tuple[Record, Entry]]:
    """Give the records of a kind, each with its entry; one that is none is left out, as `evidence verify` tells it."""
    found = []
    for entry in entries:
        if entry.kind == kind.KIND:
            try:
                found.append((parse_values(kind, entry.record), entry))
            except ValueError:
                continue
    return found


def drills_of(entries: Iterable[Entry]) -> list[tuple[DrillRecord, Entry]]:
    """Give every drill, oldest first."""
    return sorted(of_kind(DrillRecord, entries), key=lambda pair: pair[0].ended_at)


def checks_of(entries: Iterable[Entry]) -> list[tuple[CheckRecord, Entry]]:
    """Give every check, oldest first."""
    return sorted(of_kind(CheckRecord, entries), key=lambda pair: pair[0].started_at)


def last_good(entries: Iterable[Entry], kind: str, **wanted: str) -> Entry | None:
    """Give the last verified or good entry of a kind whose record has these values; of kinds of other modules too."""
    found = [
        entry
        for entry in entries
        if entry.kind == kind
        and entry.record.get("outcome") in (Outcome.VERIFIED, Outcome.GOOD)
        and all(entry.record.get(key) == value for key, value in wanted.items())
    ]
    return max(found, key=lambda entry: entry.at, default=None)


def instant(record: Mapping[str, Any], key: str) -> datetime | None:
    """Give an instant out of a record; nothing where it has none."""
    try:
        return datetime.fromisoformat(str(record[key]))
    except (KeyError, ValueError):
        return None
