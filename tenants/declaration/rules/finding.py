"""One rule broken by one declaration, before it is known on which line."""

from __future__ import annotations

from dataclasses import dataclass

from tenants.declaration.sentence import path
from tenants.declaration.source import Place


@dataclass(frozen=True)
class Finding:
    """A broken rule."""

    place: Place
    what: str
    hint: str = ""
    index: int = 0
    """Which of the checked departments it belongs to."""

    @property
    def path(self) -> str:
        """The place as people write it."""
        return path(self.place)
