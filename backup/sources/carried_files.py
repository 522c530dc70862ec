"""A tree of which only what changed lies on a disk: restic knows the rest by size and time from the last good snapshot.

A file's time is not a clock's: it is the revision of the run that last fetched it, as with extents. Content
that is not here is refused to whoever asks: restic knows it, or the run fails.

    python -m backup.sources.carried_files TREE MOUNTPOINT < JSON of what is carried over: path to size and revision
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path

from backup.sources.extent_files import BEGINNING

Carried = Mapping[str, tuple[int, int]]
"""Each file that is not here, by its path in the tree: its size, and the revision that last fetched it."""


def set_revision(file: Path, revision: int) -> None:
    """Give a file that is here the time of the run that fetched it."""
    os.utime(file, ns=((BEGINNING + revision) * 10**9,) * 2)


class CarriedFiles:
    """The tree that restic sees."""

    def __init__(self, tree: Path, carried: Carried) -> None:
        self._tree, self._carried = tree, dict(carried)
        self._folders: dict[str, set[str]] = {"": set()}
        here = [str(f.relative_to(tree)) for f in tree.rglob("*") if f.is_file()]
        for path in (*here, *carried):
            folder, _, name = path.rpartition("/")
            self._folders.setdefault(folder, set()).add(name)
            if folder:  # one level is all there is
                self._folders[""].add(folder)

    def attributes(self, path: str) -> dict[str, int]:
        """Give what ``stat`` shows."""
        own = path.strip("/")
        inode = 1 + int.from_bytes(hashlib.sha256(own.encode()).digest()[:6], "big")
        if own in self._folders:
            return _times(BEGINNING * 10**9) | {"st_mode": stat.S_IFDIR | 0o500, "st_nlink": 2, "st_ino": inode}
        if own in self._carried:
            size, revision = self._carried[own]
            when = (BEGINNING + revision) * 10**9
        else:
            told = (self._tree / own).lstat()
            size, when = told.st_size, told.st_mtime_ns
        return _times(when) | {"st_mode": stat.S_IFREG | 0o400, "st_nlink": 1, "st_size": size, "st_ino": inode}

    def names(self, path: str) -> list[str]:
        """List a directory."""
        return sorted(self._folders[path.strip("/")])

    def open(self, path: str) -> None:
        """Nothing is kept open."""

    def read(self, path: str, size: int, offset: int) -> bytes:
        """Give a piece of a file that is here; refuse what is not."""
        if path.strip("/") in self._carried:
            raise OSError(errno.EIO, f"{path.strip('/')} is to be carried over, and restic does not know it")
        with (self._tree / path.strip("/")).open("rb", buffering=0) as stream:
            stream.seek(offset)
            return stream.read(size)

    def close(self, path: str) -> None:
        """Nothing is kept open."""


def _times(when: int) -> dict[str, int]:
    return {"st_mtime": when, "st_ctime": when, "st_atime": when}


def main() -> None:
    """Serve the tree that the arguments name."""
    from backup.sources.mounting import mount

    tree, mountpoint = sys.argv[1:]
    carried = {path: (int(size), int(revision)) for path, (size, revision) in json.load(sys.stdin).items()}
    mount(CarriedFiles(Path(tree), carried), mountpoint)


if __name__ == "__main__":
    main()
