"""A plain file shown as extents, by the product's own program: ``file_of_extents.py FILE MOUNTPOINT < draft``."""

from __future__ import annotations

import os
import sys

from backup.sources.extent_mount import serve
from backup.sources.stored_volume import parse_manifest


class PlainFile:
    """A volume that is a file."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_RDONLY)

    def read(self, offset: int, length: int) -> bytes:
        return os.pread(self._file, length, offset)


if __name__ == "__main__":
    serve(PlainFile(sys.argv[1]), parse_manifest(sys.stdin.buffer.read()), sys.argv[2], idle=2)
