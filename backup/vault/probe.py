"""Tries from the cloud's side what the vault must refuse: to overwrite, to delete, to read another department's repository.

It is tried on an object of the probe's own, which no snapshot knows of, so that a vault that does not refuse loses nothing
by being asked. restic counts such an object as one to be tidied up, and the next prune of the vault's side does.
"""

from __future__ import annotations

import hashlib
import ssl
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import unquote, urlsplit

from backup.records import Outcome
from backup.restic import Repository
from backup.vault.records import ProbeRecord

CONTENT = b"An object of oneroof's probe. Whoever may delete or overwrite it may do so with every backup.\n"
OTHER = b"Overwritten: the vault is not append-only.\n"
NAME = hashlib.sha256(CONTENT).hexdigest()
REFUSED = 403
"""What the store answers to a request that it understood and will not do."""
TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True)
class _Answer:
    status: int
    """HTTP status; 0 where there was no answer."""
    body: bytes = b""
    date: str = ""
    reason: str = ""


def probe(repository: Repository, others: Sequence[str]) -> ProbeRecord:
    """Try everything that must be refused, and give how the vault answered. ``others`` are other departments."""
    started_at = datetime.now(UTC)
    door = _Door(repository)
    path = f"{repository.department}/data/{NAME}"
    found = door.ask("GET", path)
    if found.status == 404:  # never written, or tidied up by a prune
        found = door.ask("POST", path, CONTENT)
    if found.status == 0 or found.status >= 400:
        reason = f"nothing could be tried: {found.reason or f'the vault answered {found.status} to its own object'}"
        now = datetime.now(UTC)
        return ProbeRecord(
            repository.department, started_at, now, path, found.status, found.status, 0, False, 0.0, Outcome.PENDING, reason
        )
    overwrite, delete = door.ask("POST", path, OTHER), door.ask("DELETE", path)
    foreign = door.ask("GET", f"{others[0]}/config") if others else _Answer(0)
    intact = door.ask("GET", path).body == CONTENT
    ended_at = datetime.now(UTC)
    wrong = [
        *(["an object could be overwritten"] if _done(overwrite) else []),
        *(["an object could be deleted"] if _done(delete) else []),
        *([f"the repository of {others[0]} could be read"] if others and _done(foreign) else []),
        *([] if intact else ["the probe's object is not there as it was written"]),
    ]
    odd = [a for a in (overwrite, delete) if not _done(a) and a.status != REFUSED]
    if wrong:
        outcome, reason = Outcome.FAILED, "; ".join(wrong)
    elif odd:
        outcome, reason = Outcome.PENDING, f"neither done nor refused: {odd[0].reason or odd[0].status}"
    else:
        outcome, reason = Outcome.VERIFIED, ""
    statuses = (delete.status, overwrite.status, foreign.status)
    offset = _offset(delete.date, ended_at)
    return ProbeRecord(repository.department, started_at, ended_at, path, *statuses, intact, offset, outcome, reason)


def next_department(departments: Sequence[str], department: str) -> tuple[str, ...]:
    """Give the one whose repository a department tries to read: the next by name, so that each is tried by one."""
    ring = sorted({*departments, department})
    return () if len(ring) < 2 else (ring[(ring.index(department) + 1) % len(ring)],)


def _done(answer: _Answer) -> bool:
    return 200 <= answer.status < 300


def _offset(date: str, here: datetime) -> float:
    try:
        return (parsedate_to_datetime(date) - here).total_seconds()
    except ValueError:
        return 0.0


class _Door:
    """The vault as a department's credential reaches it."""

    def __init__(self, repository: Repository) -> None:
        address = urlsplit(repository.repository_file.read_text(encoding="utf-8").strip().removeprefix("rest:"))
        self._address = f"{address.scheme}://{address.hostname}:{address.port}"
        pair = f"{unquote(address.username or '')}:{unquote(address.password or '')}"
        self._headers = {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"} if address.username else {}
        trusted = repository.ca_certificate
        self._trust = ssl.create_default_context(cafile=str(trusted)) if trusted else None

    def ask(self, method: str, path: str, data: bytes | None = None) -> _Answer:
        request = urllib.request.Request(f"{self._address}/{path}", data, self._headers, method=method)  # noqa: S310 - ours
        try:
            with urllib.request.urlopen(request, context=self._trust, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
                return _Answer(answer.status, answer.read(1 << 16), answer.headers.get("Date", ""))
        except urllib.error.HTTPError as error:
            with error:
                return _Answer(error.code, b"", error.headers.get("Date", ""), f"the vault answered {error.code}")
        except (OSError, ValueError) as error:
            return _Answer(0, reason=f"the vault did not answer: {error}")
