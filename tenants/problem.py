"""What went wrong for the person at the keyboard: one sentence a mistake, all of them at once.

Every error a user can cause ends as a :class:`UserError`; the ``oneroof`` command prints its problems without a trace and
exits with 2. Anything else is a bug and shows its trace.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake: where it is, what was found, what was expected, and what to do."""

    what: str
    """The sentence: subject first, then "got …, expected …" where there are two values to compare."""
    hint: str = ""
    """What to do about it, as one sentence; empty where the sentence says it already."""
    file: Path | None = None
    line: int | None = None
    """Counted from 1."""

    def __str__(self) -> str:
        place = "" if self.file is None else f"{self.file}:{self.line}: " if self.line else f"{self.file}: "
        return place + self.what + (f"\n  HINT: {self.hint}" if self.hint else "")


class UserError(Exception):
    """Mistakes that the user can mend; ends the command with exit code 2."""

    def __init__(self, *problems: Problem | str) -> None:
        self.problems = tuple(p if isinstance(p, Problem) else Problem(p) for p in problems)
        super().__init__("\n".join(str(p) for p in self.problems))

    @classmethod
    def of(cls, problems: Iterable[Problem]) -> UserError:
        """Gather several problems, sorted by place."""
        return cls(*sorted(problems, key=lambda p: (str(p.file or ""), p.line or 0, p.what)))
