"""What a merge would change on the protected branch, file by file: from what git prints to values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tenants.declaration.load import CATALOGUE_NAME
from tenants.declaration.words import NAME_PATTERN

ABSENT = "000000"
PLAIN = "100644"

_DECLARATION = re.compile(rf"tenants/(?P<slug>{NAME_PATTERN[1:-1]})\.yaml")


@dataclass(frozen=True)
class FileChange:
    """One file that would not be the same."""

    path: str
    """As git has it: any bytes but NUL; what is not UTF-8 stands as surrogates."""
    mode: str
    """Of what would be there: :data:`PLAIN`, :data:`ABSENT` where it is deleted, others for links and programs."""
    old: str
    """Object's name of the content before."""
    new: str

    @property
    def department(self) -> str | None:
        """Give the department whose declaration it is, or nothing where it is another file."""
        found = _DECLARATION.fullmatch(self.path)
        return found["slug"] if found and self.path != f"tenants/{CATALOGUE_NAME}" else None

    @property
    def is_deleted(self) -> bool:
        """Whether it would be gone."""
        return self.mode == ABSENT

    @property
    def is_plain(self) -> bool:
        """Whether it is a file and nothing else: no link, no program, no other repository."""
        return self.mode in (PLAIN, ABSENT)


def parse_changes(printed: bytes) -> tuple[FileChange, ...]:
    """Read ``git diff-tree -r -z --raw --no-renames``: pairs of ``:old_mode new_mode old new letter`` and a path."""
    parts = printed.split(b"\0")[:-1]
    changes = []
    for head, path in zip(parts[::2], parts[1::2], strict=True):
        _, mode, old, new, _ = head.decode("ascii").split()
        changes.append(FileChange(path.decode("utf-8", errors="surrogateescape"), mode, old, new))
    return tuple(changes)


def departments_of(changes: Iterable[FileChange]) -> tuple[str, ...]:
    """Give the departments whose declarations a change touches, sorted."""
    return tuple(sorted({each.department for each in changes if each.department}))


def blobs(changes: Iterable[FileChange]) -> Mapping[str, str]:
    """Give each declaration's path and the object's name of its new content; all zeros where it is deleted."""
    return {each.path: each.new for each in changes if each.department}
