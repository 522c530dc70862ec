"""The SHA-512 of an image's file, remembered beside it as long as the file stays the one that was read."""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path

from tenants.writing import write_whole

SUMS = "sums.json"
_SETTLED_NS = 2_000_000_000
"""A file that changed so shortly ago may change again within one tick of its clock, so its sum is not remembered."""


def file_sha512(file: Path, now_ns: Callable[[], int] = time.time_ns) -> str:
    """Give the sum in hex; the file is read only where its length, times or inode are others than when it was read last."""
    told = file.stat()
    state = [told.st_size, told.st_mtime_ns, told.st_ctime_ns, told.st_ino]
    memory = file.with_name(SUMS)
    known: dict[str, list[object]] = {}
    with contextlib.suppress(OSError, ValueError):
        known = dict(json.loads(memory.read_text()))
    if (entry := known.get(file.name)) and entry[1:] == state:
        return str(entry[0])
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha512").hexdigest()
    if now_ns() - max(told.st_mtime_ns, told.st_ctime_ns) > _SETTLED_NS:
        with contextlib.suppress(OSError):  # a folder that may only be read: the sum is taken again next time
            write_whole(memory, json.dumps({**known, file.name: [digest, *state]}, indent=1))
    return digest
