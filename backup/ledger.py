"""The ledger: append-only, hash-chained, signed evidence. One file for each machine that writes, one JSON object a line.

Each entry names the hash of the line before it and the digest of the declarations and the policy it was made under, and is
signed. Beside the file stands its *head*: how far it was told. What stands behind the head was never told to anybody, so
what power cut short there is dropped; what is missing before it was taken away, and the next entry says so for ever.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from backup.signing import SigningKey, fingerprint, is_signed, obtain_key
from tenants.problem import Problem, UserError
from tenants.writing import write_private

FOLDER = "ledger"
KEY = "ledger.key"
BEGINNING = "0" * 64
"""Hash before the first entry."""
BORN, GAP, WITNESS = "ledger", "gap", "witness"
"""Kinds of entries that speak of ledgers themselves."""


@dataclass(frozen=True)
class Declared:
    """What was declared when an entry was made."""

    digest: str
    """SHA-256 of the declarations and the policy."""
    commit: str = ""
    """Their git commit; empty on a machine without the repository, where another entry with the digest names it."""


@dataclass(frozen=True)
class Entry:
    """One line of a ledger."""

    ledger: str
    number: int
    """Counted from 1."""
    at: datetime
    kind: str
    declared: Declared
    previous: str
    record: Mapping[str, Any]
    hash: str
    """SHA-256 of the whole line."""


@dataclass(frozen=True)
class Head:
    """How far a ledger was told."""

    number: int
    bytes: int
    hash: str


def append(directory: Path, records: Sequence[tuple[str, Mapping[str, Any]]], declared: Declared) -> None:
    """Append records, each with its kind, to this machine's own ledger, and wait until the disk has them."""
    folder = directory / FOLDER
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _locked(folder):
        key = obtain_key(directory / KEY)
        file = folder / f"{key.fingerprint}.jsonl"
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            _append(descriptor, file, key, records, declared)
        finally:
            os.close(descriptor)


def list_ledgers(directory: Path) -> list[Path]:
    """Give the files of all ledgers this machine holds, its own and copies of others'."""
    return sorted((directory / FOLDER).glob("*.jsonl"))


def load_entries(directory: Path) -> tuple[Entry, ...]:
    """Read every entry of every ledger, in the order of time.

    What stands behind the last told entry and is none is a write that power cut short, and left out; any other line that
    is none raises :class:`UserError`, for evidence must not shrink unseen.
    """
    entries: list[Entry] = []
    problems: list[Problem] = []
    for file in list_ledgers(directory):
        told, place = read_head(file), 0
        for number, line in enumerate(file.read_bytes().splitlines(keepends=True), start=1):
            try:
                entries.append(parse_entry(file.stem, line))
            except ValueError:
                untold = place >= told.bytes if told else not line.endswith(b"\n")
                if untold:
                    break
                hint = "`oneroof evidence verify` says what else was changed; a copy is on the other machine."
                problems.append(Problem("this line is no entry of a ledger", hint, file, number))
            place += len(line)
    if problems:
        raise UserError.of(problems)
    return tuple(sorted(entries, key=lambda e: e.at))


def parse_entry(ledger: str, line: bytes) -> Entry:
    """Give the entry of one line; raise ``ValueError`` where it is none or has no end. The signature is not looked at."""
    if not line.endswith(b"\n"):
        raise ValueError("the line has no end")
    values = json.loads(line)
    try:
        return Entry(
            ledger,
            int(values["entry"]),
            datetime.fromisoformat(values["at"]),
            str(values["kind"]),
            Declared(str(values["declared"]), str(values["commit"])),
            str(values["previous"]),
            dict(values["record"]),
            hash_line(line),
        )
    except (TypeError, KeyError) as error:
        raise ValueError(str(error)) from error


def hash_line(line: bytes) -> str:
    """Give the hash by which the next entry names this one."""
    return hashlib.sha256(line.rstrip(b"\n")).hexdigest()


def is_line_signed(line: bytes, public: str) -> bool:
    """Tell whether a line is signed, as it stands, by a key."""
    body, mark, rest = line.rstrip(b"\n").rpartition(b',"signature":"')
    return bool(mark) and rest.endswith(b'"}') and is_signed(public, body + b"}", rest[:-2].decode("ascii", "replace"))


def public_key(file: Path) -> str:
    """Give the key a ledger tells in its first entry, if the ledger is called after it; else nothing."""
    with file.open("rb") as stream:
        try:
            first = parse_entry(file.stem, stream.readline())
        except ValueError:
            return ""
    public = str(first.record.get("public_key", ""))
    return public if first.kind == BORN and first.number == 1 and fingerprint(public) == file.stem else ""


def read_head(file: Path) -> Head | None:
    """Give how far a ledger was told; nothing where no head stands beside it that the ledger's own key signed."""
    try:
        values = json.loads(file.with_suffix(".head").read_bytes())
        found = Head(int(values["entry"]), int(values["bytes"]), str(values["hash"]))
        signature = str(values["signature"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if is_signed(public_key(file), _told(found), signature) else None


def _append(
    descriptor: int, file: Path, key: SigningKey, records: Sequence[tuple[str, Mapping[str, Any]]], declared: Declared
) -> None:
    told, missing = _recover(descriptor, file, key)
    if told.number == 0:
        born = {"machine": socket.gethostname(), "public_key": key.public}
        told = _write(descriptor, file, key, told, [(BORN, born)], declared)
    _write(descriptor, file, key, told, [*missing, *records], declared)


def _recover(descriptor: int, file: Path, key: SigningKey) -> tuple[Head, list[tuple[str, Mapping[str, Any]]]]:
    """Give where the ledger ends, and the entry that says what was taken from it; cut off what power cut short."""
    missing: list[tuple[str, Mapping[str, Any]]] = []
    told = read_head(file)
    content = os.pread(descriptor, os.fstat(descriptor).st_size, 0) if told is None else b""
    if told is not None and _stands(descriptor, told):
        end = told
    elif told is None and content.count(b"\n") <= 1:  # power failed before the first head
        end = Head(0, 0, BEGINNING)
    else:
        lines = os.pread(descriptor, os.fstat(descriptor).st_size, 0).splitlines(keepends=True)
        end = _last_of(lines, file.stem)
        expected = {"expected_entry": told.number, "expected_hash": told.hash} if told else {"expected_head": True}
        missing = [(GAP, {**expected, "found_entry": end.number, "found_hash": end.hash})]
    tail = os.pread(descriptor, os.fstat(descriptor).st_size - end.bytes, end.bytes)
    for line in tail.splitlines(keepends=True):  # written, and not told yet when power failed
        try:
            entry = parse_entry(file.stem, line)
        except ValueError:
            break
        if entry.number != end.number + 1 or entry.previous != end.hash or not is_line_signed(line, key.public):
            break
        end = Head(entry.number, end.bytes + len(line), entry.hash)
    os.ftruncate(descriptor, end.bytes)
    return end, missing


def _stands(descriptor: int, told: Head) -> bool:
    """Tell whether the last told entry is still where it was told to be."""
    if os.fstat(descriptor).st_size < told.bytes:
        return False
    size = 1 << 16
    while True:
        start = max(0, told.bytes - size)
        block = os.pread(descriptor, told.bytes - start, start)
        cut = block.rfind(b"\n", 0, len(block) - 1)
        if cut >= 0 or start == 0:
            return block.endswith(b"\n") and hash_line(block[cut + 1 :]) == told.hash
        size *= 2


def _last_of(lines: Sequence[bytes], ledger: str) -> Head:
    end, place = Head(0, 0, BEGINNING), 0
    for line in lines:
        place += len(line)
        try:
            entry = parse_entry(ledger, line)
        except ValueError:
            continue
        end = Head(entry.number, place, entry.hash)
    return end


def _write(
    descriptor: int,
    file: Path,
    key: SigningKey,
    told: Head,
    records: Sequence[tuple[str, Mapping[str, Any]]],
    declared: Declared,
) -> Head:
    data = b""
    for kind, record in records:
        body = {
            "entry": told.number + 1,
            "at": datetime.now(UTC).isoformat(),
            "kind": kind,
            "declared": declared.digest,
            "commit": declared.commit,
            "previous": told.hash,
            "record": record,
        }
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        line = text[:-1] + b',"signature":"' + key.sign(text).encode() + b'"}\n'
        told = Head(told.number + 1, told.bytes + len(line), hash_line(line))
        data += line
    while data:
        data = data[os.write(descriptor, data) :]
    os.fsync(descriptor)
    values = {"entry": told.number, "bytes": told.bytes, "hash": told.hash, "signature": key.sign(_told(told))}
    write_private(file.with_suffix(".head"), json.dumps(values) + "\n")
    return told


def _told(head: Head) -> bytes:
    return f"{head.number} {head.bytes} {head.hash}".encode()


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
