"""What one department's user tries against another's things: a row an attempt.

``{…}`` is the other's, ``{own_…}`` the intruder's. A service refuses with 403 or 404; where it words "not found" otherwise,
the row says how.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Attempt:
    """One request that has to be refused."""

    what: str
    service: str
    method: str
    path: str
    body: Mapping[str, Any] | None = None
    refused: frozenset[int] = frozenset({403, 404})
    headers: Mapping[str, str] = field(default_factory=dict)
    known: str = ""
    """Why it is not refused today, where that is known: the test tells when it changes."""

    @property
    def name(self) -> str:
        """Name of the test."""
        return f"{self.service}: {self.what}"


def fill(value: Any, things: Mapping[str, str]) -> Any:
    """Put the things' ids into a path, a header or a body."""
    if isinstance(value, str):
        return value.format_map(things)
    if isinstance(value, Mapping):
        return {key: fill(part, things) for key, part in value.items()}
    if isinstance(value, list):
        return [fill(part, things) for part in value]
    return value


BAD = frozenset({400, 403, 404})
"""Nova and Cinder say 400 of something in a body that they cannot find."""
