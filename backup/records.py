"""Append-only evidence of backups and drills: one JSON object a line, on disk before anybody is told.

A snapshot's state is the ``outcome`` of its last line: *pending* when its bytes are in the vault, *good* when the source's
exit code, size and trailer were right and the repository passed ``restic check``, *verified* when a drill restored it byte
for byte, *failed* otherwise. Nothing is ever rewritten.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from tenants.problem import Problem, UserError

BACKUPS = "backups.jsonl"
DRILLS = "drills.jsonl"
REPOSITORIES = "repositories.jsonl"


class Source(StrEnum):
    """What was backed up."""

    VOLUME = "volume"
    CONTAINER = "container"
    CONTROL_PLANE = "control-plane"


class Outcome(StrEnum):
    """How far a snapshot is proven."""

    PENDING = "pending"
    GOOD = "good"
    VERIFIED = "verified"
    FAILED = "failed"


@dataclass(frozen=True)
class BackupRecord:
    """One state of one snapshot of a department's volume or container, or of the control plane."""

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
    """Of the stream (volume), or of the tree's ``SHA256SUMS`` (container, control plane)."""
    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True)
class DrillRecord:
    """One snapshot restored elsewhere, compared and timed."""

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
class RepositoryRecord:
    """A repository as it was first seen; a missing or different one later is an error."""

    department: str
    repository_id: str
    recorded_at: datetime


Record = TypeVar("Record", BackupRecord, DrillRecord, RepositoryRecord)


def render_record(record: BackupRecord | DrillRecord | RepositoryRecord) -> str:
    """Give a record as one line of JSON."""
    values = {k: v.isoformat() if isinstance(v, datetime) else v for k, v in asdict(record).items()}
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")) + "\n"


def parse_record(kind: type[Record], line: str) -> Record:
    """Give the record of one line; raise ``ValueError`` where it is none. Unknown fields are left out."""
    values: dict[str, Any] = json.loads(line)
    for name in ("started_at", "ended_at", "recovery_point_at", "recorded_at"):
        if name in values:
            values[name] = datetime.fromisoformat(values[name])
    for name, type_ in (("source", Source), ("outcome", Outcome)):
        if name in values:
            values[name] = type_(values[name])
    try:
        return kind(**{f.name: values[f.name] for f in fields(kind) if f.name in values})
    except TypeError as error:
        raise ValueError(str(error)) from error


def append_records(file: Path, records: Iterable[BackupRecord | DrillRecord | RepositoryRecord]) -> None:
    """Append records and wait until the disk has them."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        _drop_torn_line(descriptor)
        data = "".join(map(render_record, records)).encode()
        while data:
            data = data[os.write(descriptor, data) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _drop_torn_line(descriptor: int) -> None:
    """Cut off a last line without its end: power failed before anybody was told of it."""
    size = os.fstat(descriptor).st_size
    kept = size
    while kept:
        start = max(0, kept - 65536)
        cut = os.pread(descriptor, kept - start, start).rfind(b"\n")
        kept = start if cut < 0 else start + cut + 1
        if cut >= 0:
            break
    if kept != size:
        os.ftruncate(descriptor, kept)


def load_records(kind: type[Record], file: Path) -> tuple[Record, ...]:
    """Read every record, oldest first; none where the file is not there.

    A last line without its end is a write that power cut short and is left out; any other line that is no record raises
    :class:`UserError`, for evidence must not shrink unseen.
    """
    if not file.exists():
        return ()
    records: list[Record] = []
    problems: list[Problem] = []
    text = file.read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            records.append(parse_record(kind, line))
        except (ValueError, KeyError):
            if not (number == len(text.splitlines()) and not text.endswith("\n")):
                problems.append(Problem(f"this line is no {kind.__name__}", "Move the damaged line away.", file, number))
    if problems:
        raise UserError.of(problems)
    return tuple(records)


def load_backups(directory: Path) -> tuple[BackupRecord, ...]:
    """Give the last state of every snapshot and every failed run under ``records/``, oldest first."""
    return latest_states(load_records(BackupRecord, directory / BACKUPS))


def load_drills(directory: Path) -> tuple[DrillRecord, ...]:
    """Give every drill under ``records/``, oldest first."""
    return load_records(DrillRecord, directory / DRILLS)


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
