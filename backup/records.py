"""What the ledger tells of backups, checks and drills, as values; written by :mod:`backup.ledger` before anybody is told.

A snapshot's state is the ``outcome`` of its last entry: *pending* when its bytes are in the vault, *good* when the source's
exit code, size and trailer were right and the repository passed ``restic check``, *verified* when every pack was read again
since, or a drill restored it byte for byte, *failed* otherwise. Nothing is ever rewritten.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

from backup.clock import date_truly, find_spans
from backup.ledger import Entry, append, load_entries
from tenants.problem import Problem, UserError


class Source(StrEnum):
    """What was backed up."""

    VOLUME = "volume"
    CONTAINER = "container"
    IMAGE = "image"
    DATABASE = "database"
    CONTROL_PLANE = "control-plane"


class Outcome(StrEnum):
    """How far a snapshot is proven."""

    PENDING = "pending"
    GOOD = "good"
    VERIFIED = "verified"
    FAILED = "failed"


class Consistency(StrEnum):
    """What a volume's snapshot is like to who mounts it."""

    FROZEN = "frozen"
    """The server's file systems were held still, all that was written before is in it."""
    CRASH = "crash"
    """As after a power failure, which the journal of a file system is made for."""
    IDLE = "idle"
    """No server that runs had the volume."""
    UNKNOWN = ""
    """Of old records, and of what is no volume."""


@dataclass(frozen=True)
class BackupRecord:
    """One state of one snapshot of a department's volume or container, or of the control plane."""

    KIND: ClassVar[str] = "backup"

    department: str
    source: Source
    name: str
    """``<project>/<volume or container>``; ``control-plane`` for the control plane."""
    started_at: datetime
    """The instant the data is of: a restore gives what was there then."""
    ended_at: datetime
    snapshot_id: str
    """restic's full snapshot id; empty where there is none."""
    bytes: int
    sha256: str
    """Of the manifest (volume; of the stream in older ones), or of the tree's ``SHA256SUMS`` (container, control plane)."""
    outcome: Outcome
    reason: str = ""
    added_bytes: int | None = None
    """What of it the vault did not have yet, before compression; unknown in old records."""
    read_bytes: int | None = None
    """What of it was read, the rest being known not to have changed; unknown in old records."""
    consistency: Consistency = Consistency.UNKNOWN


@dataclass(frozen=True)
class DrillRecord:
    """One snapshot restored elsewhere, compared and timed."""

    KIND: ClassVar[str] = "drill"

    department: str
    source: Source
    name: str
    started_at: datetime
    ended_at: datetime
    snapshot_id: str
    outcome: Outcome
    recovery_point_at: datetime
    """The instant the restored data is of."""
    restored_bytes: int
    sha256_expected: str
    sha256_restored: str
    recovery_seconds: float
    """From the start of the restore until the data is there, the comparison not counted."""
    identical: bool
    reason: str = ""


@dataclass(frozen=True)
class CheckRecord:
    """One ``restic check`` of a repository: its structure, and where a part is named, every pack of that part read."""

    KIND: ClassVar[str] = "check"

    department: str
    repository_id: str
    started_at: datetime
    ended_at: datetime
    part: int
    """Counted from 1; 0 where only the structure was looked at."""
    parts: int
    outcome: Outcome
    code: int
    """restic's exit code."""
    reason: str = ""


@dataclass(frozen=True)
class RepositoryRecord:
    """A repository as it was first seen; a missing or different one later is an error."""

    KIND: ClassVar[str] = "repository"

    department: str
    repository_id: str
    recorded_at: datetime


@dataclass(frozen=True)
class ErasureRecord:
    """Something of a department that was erased: by whose leave, what is kept of it, and what was looked for afterwards."""

    KIND: ClassVar[str] = "erasure"

    department: str
    name: str
    """``<kind> <project>/<name>`` as it was declared; ``department`` for all of it."""
    started_at: datetime
    ended_at: datetime
    reason: str
    approved_by: Sequence[str]
    approved_on: str
    """Days, ISO 8601, as are the next two."""
    not_before: str
    expires: str
    quarantined_at: str
    """Since when nobody reached it (ISO 8601)."""
    snapshots: Mapping[str, str]
    """Each volume and container that went, to its last verified snapshot; empty text where there is none."""
    without_backup: str
    identifiers: Mapping[str, str]
    """Each thing that goes to its id in the cloud."""
    left: Sequence[str]
    """What was found afterwards all the same."""
    outcome: Outcome
    """Pending when it begins; verified once nothing is left, failed where something is, good where nobody looked."""


@dataclass(frozen=True)
class DeletionRecord:
    """Snapshots that the vault's side removed: written before it begins, and again when what is left was listed."""

    KIND: ClassVar[str] = "deletion"

    department: str
    repository_id: str
    started_at: datetime
    ended_at: datetime
    by: str
    """``<user>@<machine>`` of who ran it."""
    snapshots: Mapping[str, str]
    """Each snapshot's full id, to why it may go."""
    left: int
    """Snapshots that the repository holds afterwards."""
    outcome: Outcome
    """Pending when it begins; verified once exactly these are gone, failed otherwise."""
    reason: str = ""


class AnyRecord(Protocol):
    """A frozen dataclass of plain values that the ledger keeps under its kind."""

    KIND: ClassVar[str]
    __dataclass_fields__: ClassVar[dict[str, Any]]


Record = TypeVar("Record", bound=AnyRecord)


def render_values(record: AnyRecord) -> dict[str, Any]:
    """Give a record as what JSON can say."""
    return {k: v.isoformat() if isinstance(v, datetime) else v for k, v in asdict(record).items()}


def render_record(record: AnyRecord) -> str:
    """Give a record as one line of JSON."""
    return json.dumps(render_values(record), ensure_ascii=False, separators=(",", ":")) + "\n"


def parse_values(kind: type[Record], told: Mapping[str, Any]) -> Record:
    """Give the record of an entry; raise ``ValueError`` where it is none. Unknown fields are left out."""
    values = dict(told)
    try:
        for name in ("started_at", "ended_at", "recovery_point_at", "recorded_at"):
            if name in values:
                values[name] = datetime.fromisoformat(values[name])
        for name, type_ in (("source", Source), ("outcome", Outcome), ("consistency", Consistency)):
            if name in values:
                values[name] = type_(values[name])
        return kind(**{f.name: values[f.name] for f in fields(kind) if f.name in values})
    except TypeError as error:
        raise ValueError(str(error)) from error


def append_records(directory: Path, records: Iterable[AnyRecord]) -> None:
    """Append records to this machine's ledger under ``records/``, and wait until the disk has them."""
    from backup.declared import current_declared  # here: who only reads starts no program

    append(directory, [(record.KIND, render_values(record)) for record in records], current_declared())


def load_records(kind: type[Record], directory: Path) -> tuple[Record, ...]:
    """Give every record of a kind from every ledger under ``records/``, oldest first.

    What a wrong clock dated ahead is dated back (:mod:`backup.clock`).
    Raises :class:`UserError` for what is damaged: evidence must not shrink unseen.
    """
    told: list[tuple[Entry, Record]] = []
    problems: list[Problem] = []
    entries = load_entries(directory)
    for entry in entries:
        if entry.kind != kind.KIND:
            continue
        try:
            told.append((entry, parse_values(kind, entry.record)))
        except ValueError:
            problems.append(Problem(f"ledger {entry.ledger}: entry {entry.number} is no {kind.__name__}"))
    if problems:
        raise UserError.of(problems)
    return date_truly(told, find_spans(entries, datetime.now(UTC)))


def load_backups(directory: Path) -> tuple[BackupRecord, ...]:
    """Give the last state of every snapshot in the vault and of every failed run under ``records/``, oldest first."""
    gone = {i for d in load_records(DeletionRecord, directory) if d.outcome is not Outcome.PENDING for i in d.snapshots}
    return tuple(r for r in latest_states(load_records(BackupRecord, directory)) if r.snapshot_id not in gone)


def load_drills(directory: Path) -> tuple[DrillRecord, ...]:
    """Give every drill under ``records/``, oldest first."""
    return load_records(DrillRecord, directory)


def latest_states(records: Iterable[BackupRecord]) -> tuple[BackupRecord, ...]:
    """Fold the lines of each snapshot into its last one; runs without a snapshot stand for themselves."""
    last: dict[tuple[str, ...], BackupRecord] = {}
    for record in records:
        own = record.snapshot_id or record.started_at.isoformat()
        last[(record.department, record.source, record.name, own)] = record
    return tuple(sorted(last.values(), key=lambda r: r.started_at))


def newest_restorable(records: Iterable[BackupRecord]) -> dict[tuple[str, Source, str], BackupRecord]:
    """Give the newest good or verified snapshot of each (department, source, name)."""
    newest: dict[tuple[str, Source, str], BackupRecord] = {}
    for record in latest_states(records):
        if record.outcome in (Outcome.GOOD, Outcome.VERIFIED):
            newest[(record.department, record.source, record.name)] = record
    return newest
