"""Asks a department's server over HTTP, as a citizen would, and says what came back."""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

MAXIMUM_BODY = 1 << 20
PAUSE = timedelta(seconds=0.5)


@dataclass(frozen=True)
class ProbeResult:
    """What one URL answered."""

    url: str
    answered: bool
    """Whether a whole HTTP answer came, of whatever status."""
    status: int | None
    matched: bool
    """Whether the status was 200 to 299 and the expected text was in the first MiB of the body."""
    seconds: float
    """From the first try to the last answer."""
    error: str
    """Why there was no answer, or why it did not match; empty where it did."""


def probe(
    url: str,
    expect: str,
    deadline: timedelta = timedelta(seconds=10),
    *,
    persist: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> ProbeResult:
    """Ask once within the deadline; with ``persist`` ask again until it matches or the deadline has passed.

    No redirect is followed and no proxy used: what counts is that very address.
    """
    begun = clock()
    while True:
        left = deadline.total_seconds() - (clock() - begun)
        status, body, error = _ask(url, max(left, 0.1))
        result = judge(url, expect, status, body, error, clock() - begun)
        if result.matched or not persist or result.seconds + PAUSE.total_seconds() >= deadline.total_seconds():
            return result
        time.sleep(PAUSE.total_seconds())


def judge(url: str, expect: str, status: int | None, body: bytes, error: str, seconds: float) -> ProbeResult:
    """Say whether an answer is the expected one."""
    if status is None:
        return ProbeResult(url, False, None, False, seconds, error)
    if not 200 <= status < 300:
        return ProbeResult(url, True, status, False, seconds, f"got status {status}, expected 200 to 299")
    if expect.encode() not in body:
        start = body[:60].decode(errors="replace")
        return ProbeResult(url, True, status, False, seconds, f"got a page that begins {start!r}, expected {expect!r} in it")
    return ProbeResult(url, True, status, True, seconds, "")


def _ask(url: str, timeout: float) -> tuple[int | None, bytes, str]:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"got {url!r}, expected an http or https URL")
    end = time.monotonic() + timeout
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=timeout, context=context)
    else:
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
    try:
        connection.request("GET", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
        response = connection.getresponse()
        body = b""
        # a socket's timeout is for one wait; a server that drips must not outlast the deadline
        while len(body) < MAXIMUM_BODY and (part := response.read1(MAXIMUM_BODY - len(body))):
            body += part
            if time.monotonic() > end:
                return None, b"", f"TimeoutError: the answer was not whole after {timeout:.1f} s"
        return response.status, body, ""
    except (OSError, http.client.HTTPException) as error:
        return None, b"", f"{type(error).__name__}: {error}"
    finally:
        connection.close()
