"""The record of sharing: each thing given to another department, changed or taken back, one JSON line each, never altered.

Each line names the SHA-256 of the line before it, so that what was changed or taken out of the middle can be named.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from infra.sharing.grants import Standing
from tenants.declaration.sharing import Grant, Kind
from tenants.installation import Installation
from tenants.problem import Problem, UserError

GRANTED, CHANGED, WITHDRAWN = "granted", "changed", "withdrawn"
BEGINNING = "0" * 64
"""Hash before the first line."""

Terms = Mapping[str, Any]


@dataclass(frozen=True)
class Entry:
    """One line."""

    at: str
    """ISO 8601, UTC."""
    event: str
    cloud: str
    owner: str
    """Department."""
    kind: str
    place: str
    grantee: str
    access: str
    terms: Terms
    """Purpose, legal basis, data items, first and last day, approvals: as declared when it was given."""
    reason: str
    """Why it was taken back."""

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells two of one owner apart."""
        return self.kind, self.place, self.grantee


Build = Callable[[Sequence[Entry]], Iterable[Entry]]
"""Gives new lines for those that are there."""


def record_file(installation: Installation) -> Path:
    """Give the file of this machine."""
    return installation.records / "sharing.jsonl"


def build_entries(
    known: Iterable[Entry],
    stands: Iterable[Standing],
    grants: Sequence[Grant],
    *,
    cloud: str,
    owner: str,
    now: datetime,
    reason: str = "",
) -> Iterator[Entry]:
    """Give what is new beside the lines that are there: what was given, changed and taken back of one owner. Pure.

    Without a ``reason``, what is no longer there ended, or is no longer declared.
    """
    last = {entry.key: entry for entry in known if (entry.cloud, entry.owner) == (cloud, owner)}
    before = {key: entry for key, entry in last.items() if entry.event != WITHDRAWN}
    at = now.isoformat(timespec="seconds")
    after = {each.key: each for each in sorted(stands)}
    for key, share in after.items():
        terms, old = _terms(grants, key, now), before.get(key)
        event = GRANTED if old is None else CHANGED
        if old is None or old.access != share.access or (terms and old.terms != terms):
            yield Entry(at, event, cloud, owner, share.kind, share.place, share.grantee, share.access, terms, "")
    for key, old in before.items():
        if key not in after:
            why = reason or _why(grants, old, now)
            yield Entry(at, WITHDRAWN, cloud, owner, *key, old.access, old.terms, why)


def build_ended(known: Iterable[Entry], grant: Grant, cloud: str, owner: str, now: datetime) -> Iterator[Entry]:
    """Give the line that says that a grant which ended was taken back. Pure."""
    of_it = _told_of(known, cloud, owner, grant.key)
    if not of_it or of_it[-1].event != WITHDRAWN:
        at, terms = now.isoformat(timespec="seconds"), build_terms(grant)
        yield Entry(at, WITHDRAWN, cloud, owner, *grant.key, _access(grant), terms, f"ended on {grant.last_day}")


def build_undeclared(known: Iterable[Entry], entry: Entry, now: datetime) -> Iterator[Entry]:
    """Give the line that says that what one line gave was taken back, as nothing declares it any more. Pure."""
    of_it = _told_of(known, entry.cloud, entry.owner, entry.key)
    if of_it and of_it[-1].event != WITHDRAWN:
        at = now.isoformat(timespec="seconds")
        yield replace(of_it[-1], at=at, event=WITHDRAWN, reason="no longer declared")


def build_begun(known: Iterable[Entry], grant: Grant, cloud: str, owner: str, now: datetime) -> Iterator[Entry]:
    """Give the line that says that a grant whose first day came was given. Pure."""
    access = _access(grant)
    of_it = _told_of(known, cloud, owner, grant.key)
    if not of_it or of_it[-1].event == WITHDRAWN or of_it[-1].access != access:
        event = CHANGED if of_it and of_it[-1].event != WITHDRAWN else GRANTED
        yield Entry(now.isoformat(timespec="seconds"), event, cloud, owner, *grant.key, access, build_terms(grant), "")


def append_entries(file: Path, build: Build) -> tuple[Entry, ...]:
    """Append what ``build`` gives for the lines that are there, and wait until the disk has it."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        content = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
        whole = content[: content.rfind(b"\n") + 1]  # power failed in the midst of the last line
        if len(whole) < len(content):
            os.ftruncate(descriptor, len(whole))
        lines = whole.splitlines()
        made = tuple(build(list(_readable(lines))))
        previous, data = _hash(lines[-1]) if lines else BEGINNING, b""
        for entry in made:
            line = json.dumps({**asdict(entry), "previous": previous}, ensure_ascii=False).encode()
            previous, data = _hash(line), data + line + b"\n"
        while data:
            data = data[os.write(descriptor, data) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return made


def load_entries(file: Path) -> tuple[Entry, ...]:
    """Read every line; raises UserError naming the first that is not what was recorded."""
    previous, entries = BEGINNING, []
    lines = file.read_bytes().splitlines() if file.exists() else []
    for number, line in enumerate(lines, start=1):
        try:
            entry, told = _parse(line), json.loads(line)["previous"]
        except (ValueError, KeyError, TypeError):
            if number == len(lines):
                break  # cut short by a power failure: the next line replaces it
            told, entry = "", None
        if told != previous or entry is None:
            what = "this line, or the one before it, is not what was recorded"
            hint = "What comes is written below it all the same; keep the file as it is for who looks into it."
            raise UserError(Problem(what, hint, file, number))
        previous = _hash(line)
        entries.append(entry)
    return tuple(entries)


def load_readable(file: Path) -> tuple[Entry, ...]:
    """Read every line that says something, altered or not: for who acts on it, not for who judges it."""
    return tuple(_readable(file.read_bytes().splitlines())) if file.exists() else ()


def _why(grants: Sequence[Grant], old: Entry, now: datetime) -> str:
    """Give why something was taken back: by the day that is declared, else by the one it was given with."""
    declared = max((grant.last_day for grant in _of(grants, old.key)), default=None)
    last_day = declared.isoformat() if declared else str(old.terms.get("to", ""))
    if last_day and last_day < now.date().isoformat():
        return f"ended on {last_day}"
    return "not in force yet" if declared else "no longer declared"


def _access(grant: Grant) -> str:
    return str(grant.access) if grant.kind is Kind.CONTAINER else "use"


def _told_of(known: Iterable[Entry], cloud: str, owner: str, key: tuple[str, str, str]) -> list[Entry]:
    return [entry for entry in known if (entry.cloud, entry.owner, entry.key) == (cloud, owner, key)]


def _of(grants: Sequence[Grant], key: tuple[str, str, str]) -> list[Grant]:
    return [grant for grant in grants if grant.key == key]


def _terms(grants: Sequence[Grant], key: tuple[str, str, str], now: datetime) -> Terms:
    same = _of(grants, key)
    same = [grant for grant in same if grant.in_force(now.date())] or same
    return build_terms(same[0]) if same else {}


def build_terms(grant: Grant) -> Terms:
    """Give what was agreed, as JSON values."""
    wanted = {"purpose", "legal_basis", "data_items", "first_day", "last_day", "approved_by"}
    return grant.model_dump(mode="json", by_alias=True, include=wanted)


def _readable(lines: Iterable[bytes]) -> Iterator[Entry]:
    """Give the lines that say something: one that was altered stops nobody from taking access back."""
    for line in lines:
        with suppress(ValueError, TypeError):
            yield _parse(line)


def _parse(line: bytes) -> Entry:
    values = json.loads(line)
    return Entry(**{name: value for name, value in values.items() if name != "previous"})


def _hash(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()
