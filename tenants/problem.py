"""What went wrong for the person at the keyboard: one sentence a mistake, all of them at once.

Every error a user can cause ends as a :class:`UserError`; the ``oneroof`` command prints its problems without a trace and
exits with 2. Anything else is a bug and shows its trace.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

_MENDABLE: Mapping[int, str] = {
    errno.EACCES: "Run it as the owner of the installation: root, in the lab.",
    errno.EPERM: "Run it as the owner of the installation: root, in the lab.",
    errno.ENOSPC: "Free some, and run it again: what was done is kept.",
    errno.EDQUOT: "Free some, and run it again: what was done is kept.",
    errno.EROFS: "Name another place with ONEROOF_STATE and ONEROOF_CACHE.",
}


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


def mendable(error: OSError) -> Problem | None:
    """Give what the machine refused as a problem where the user can mend it: no right, no room; else nothing."""
    if error.errno is None or error.errno not in _MENDABLE:
        return None
    file = None if error.filename is None else Path(str(error.filename))
    what = str(error.strerror or error)
    return Problem(what[:1].lower() + what[1:], _MENDABLE[error.errno], file)


class UserError(Exception):
    """Mistakes that the user can mend; ends the command with exit code 2."""

    def __init__(self, *problems: Problem | str) -> None:
        self.problems = tuple(p if isinstance(p, Problem) else Problem(p) for p in problems)
        super().__init__("\n".join(str(p) for p in self.problems))

    @classmethod
    def of(cls, problems: Iterable[Problem]) -> UserError:
        """Gather several problems, sorted by place."""
        return cls(*sorted(problems, key=lambda p: (str(p.file or ""), p.line or 0, p.what)))
