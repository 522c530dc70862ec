"""What the cloud's own door saw: the requests in HAProxy's ring, counted by who asked.

The role ``haproxy`` keeps the last requests in memory (``show events requests``); in the lab the socket is reached by ssh.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

_SHOW = 'echo "show events requests" | socat -t9 - /run/haproxy/admin.sock'
# httplog of HAProxy 2.6, section 8.2.3 of its configuration manual
_LINE = re.compile(
    r"(?P<source>[0-9a-f.:]+):\d+ \[(?P<when>[^\]]+)\] (?P<service>[\w-]+)~? \S+ \S+ (?P<status>\d+) .*?"
    r'"(?P<method>[A-Z]+) (?P<path>\S+)'
)


@dataclass(frozen=True)
class Request:
    """One request as the proxy saw it."""

    source: str
    service: str
    method: str
    path: str
    status: int


def parse_requests(lines: Iterable[str]) -> tuple[Request, ...]:
    """Read log lines; what is no request of HTTP is left out."""
    found = (_LINE.search(line) for line in lines)
    return tuple(
        Request(each["source"], each["service"], each["method"], each["path"], int(each["status"])) for each in found if each
    )


def new_lines(before: Sequence[str], after: Sequence[str]) -> Sequence[str]:
    """Give the lines of a ring that came after those seen before; raises ValueError where some may be lost.

    >>> new_lines(["a", "b"], ["b", "c"])
    ['c']
    """
    if not before:
        return after
    if before[-1] not in after:
        raise ValueError("the ring of requests turned over meanwhile: not all were seen")
    return after[len(after) - after[::-1].index(before[-1]) :]


def from_clients(requests: Iterable[Request], clouds_own: frozenset[str]) -> tuple[Request, ...]:
    """Leave out what the cloud's own services ask each other."""
    return tuple(request for request in requests if request.source not in clouds_own)


class Door:
    """The lab's door: what it saw since it was asked last."""

    def __init__(self, oneroof: Path, machine: str, clouds_own: frozenset[str]) -> None:
        self._argv = [str(oneroof), "lab", "ssh", machine, "--", _SHOW]
        self._own = clouds_own
        self._seen = self._read()

    @property
    def is_open(self) -> bool:
        """Whether there is anything to count by: a cloud of another make, or an older one, keeps no ring."""
        return bool(self._seen)

    def since_last(self) -> tuple[Request, ...]:
        """Give the clients' requests since the last look."""
        now = self._read()
        fresh, self._seen = new_lines(self._seen, now), now
        return from_clients(parse_requests(fresh), self._own)

    def begin_anew(self) -> None:
        """Forget what was seen: for after a ring that turned over."""
        self._seen = self._read()

    def _read(self) -> list[str]:
        done = subprocess.run(self._argv, capture_output=True, text=True, check=False)
        return [line for line in done.stdout.splitlines() if line.strip()]
