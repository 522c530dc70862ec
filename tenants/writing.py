"""Files written in one step: who reads one meanwhile, or after a power cut, sees the old or the new one, never half."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(file: Path, content: str | bytes) -> None:
    """Replace a file that anybody on this machine may read; its folder is made where it is missing."""
    file.parent.mkdir(parents=True, exist_ok=True)
    _replace(file, content, 0o644)


def write_private(file: Path, content: str | bytes) -> None:
    """Replace a file that nobody but its owner may ever read, in a folder that is made for the owner alone."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _replace(file, content, 0o600)


def _replace(file: Path, content: str | bytes, mode: int) -> None:
    new = file.with_name(f".{file.name}.{os.getpid()}.new")
    new.unlink(missing_ok=True)  # of a run that was killed, had it the same process id
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content.encode() if isinstance(content, str) else content)
            stream.flush()
            os.fsync(stream.fileno())
        new.replace(file)
    finally:
        new.unlink(missing_ok=True)
