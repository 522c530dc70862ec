"""Asks a department's server over HTTP whether it serves what it should: one real request from here to its address."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

_MOST_BYTES = 64 * 1024  # an answer is looked through this far
_AT_ONCE = 8


@dataclass(frozen=True)
class Probe:
    """What to ask of which server."""

    department: str
    project: str
    server: str
    address: str
    port: int
    path: str
    expect: str
    """Text that must be in the answer; empty: any answer with status 200."""

    @property
    def url(self) -> str:
        """The address a person would open."""
        return f"http://{self.address}{'' if self.port == 80 else f':{self.port}'}{self.path}"


@dataclass(frozen=True)
class Answer:
    """What came back, when, and how fast."""

    probe: Probe
    good: bool
    status: int | None
    """HTTP status; None where nothing answered."""
    seconds: float
    at: datetime
    reason: str
    """Why it is not good; empty when it is."""


def ask(probe: Probe, timeout: float = 5.0) -> Answer:
    """Ask once; a server that does not answer is an answer too, never an error."""
    at, begin = datetime.now(UTC), time.monotonic()
    connection = http.client.HTTPConnection(probe.address, probe.port, timeout=timeout)
    status: int | None = None
    try:
        connection.request("GET", probe.path, headers={"User-Agent": "oneroof-probe", "Connection": "close"})
        response = connection.getresponse()
        status = response.status
        body = response.read(_MOST_BYTES).decode(errors="replace")
        reason = judge(probe, status, body)
    except (OSError, http.client.HTTPException) as error:
        reason = str(error) or type(error).__name__
    finally:
        connection.close()
    return Answer(probe, not reason, status, time.monotonic() - begin, at, reason)


def judge(probe: Probe, status: int, body: str) -> str:
    """Give why this answer is not what was expected, or nothing."""
    if status != http.client.OK:
        return f"status: got {status}, expected 200"
    if probe.expect and probe.expect not in body:
        return f"answer: got {body.strip()[:60]!r}, expected it to contain {probe.expect!r}"
    return ""


def ask_all(probes: Iterable[Probe], timeout: float = 5.0) -> tuple[Answer, ...]:
    """Ask all, some at once, answers in the order of the probes."""
    with ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="probe") as pool:
        return tuple(pool.map(lambda probe: ask(probe, timeout), probes))


def ask_until_good(probe: Probe, patience: float, pause: float = 1.0) -> Answer:
    """Ask again until the answer is good or ``patience`` seconds have passed; give the last answer."""
    end = time.monotonic() + patience
    while not (answer := ask(probe)).good and time.monotonic() < end:
        time.sleep(pause)
    return answer
