"""What the machine refuses is a mistake to mend where the user can: no right, no room."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from tenants.problem import mendable


@pytest.mark.parametrize(
    ("code", "words"), [(errno.EACCES, "as the owner"), (errno.ENOSPC, "Free some"), (errno.EROFS, "ONEROOF_STATE")]
)
def test_no_right_and_no_room_can_be_mended(code: int, words: str) -> None:
    problem = mendable(OSError(code, os.strerror(code), "/var/lib/oneroof/x"))
    assert problem is not None
    assert problem.file == Path("/var/lib/oneroof/x")
    assert words in problem.hint
    assert problem.what[0].islower()


def test_the_file_may_be_unknown() -> None:
    assert str(mendable(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))).startswith("no space left on device\n  HINT: ")


def test_anything_else_is_a_bug() -> None:
    assert mendable(FileNotFoundError(errno.ENOENT, "No such file or directory", "x")) is None
    assert mendable(TimeoutError()) is None
