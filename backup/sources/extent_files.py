"""A volume's extents as files: restic reads those whose time changed, and each one's sha256 is taken as it goes by.

A file's time is not a clock's: it is the revision of the run that last read the extent, so it changes exactly when the run
says that the content may have. The manifest is one of the files, the last one in restic's order; reading it waits until
all that must be read was read, and fails where restic leaves an extent out or where one that the storage called unchanged
is not. Nothing of the volume is ever written to a disk.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Protocol

from backup.sources.stored_volume import (
    EXTENTS,
    FOLDER_SHIFT,
    LINE_BYTES,
    MANIFEST,
    Manifest,
    render_header,
    render_manifest,
)

UNREAD = "0" * 64
"""In a draft of a manifest: the sha256 of an extent that must be read."""
READERS = 4
AHEAD = 6
"""Extents that are fetched before restic asks for them."""
IDLE_SECONDS = 60.0
"""How long the manifest waits while nothing is being read."""
BEGINNING = 946684800
"""Revisions count in seconds from here, 2000-01-01, so that no tool takes them for a date of today."""


class Frozen(Protocol):
    """What a volume was at one instant."""

    def read(self, offset: int, length: int) -> bytes:
        """Give these bytes; raise ``OSError`` where they cannot be had."""


class ExtentFiles:
    """The tree that restic sees: names, sizes, times, and content when it is asked for."""

    def __init__(self, volume: Frozen, draft: Manifest, complain: Callable[[str], None], idle: float = IDLE_SECONDS) -> None:
        self._volume, self._draft, self._complain, self._idle = volume, draft, complain, idle
        self._extents = {e.offset: e for e in draft.extents}
        self._folders: dict[str, list[str]] = {}
        for offset in self._extents:
            self._folders.setdefault(f"{offset >> FOLDER_SHIFT:06x}", []).append(f"{offset:016x}")
        self._queue = [e.offset for e in draft.extents if e.sha256 == UNREAD]
        self._place = {offset: place for place, offset in enumerate(self._queue)}
        self._missing = set(self._queue)
        self._sums: dict[int, str] = {}
        self._fetched: dict[int, Future[bytes]] = {}
        self._open: dict[int, int] = {}
        self._changed = threading.Condition()
        self._pool = ThreadPoolExecutor(READERS)
        self._manifest = b""

    def attributes(self, path: str) -> dict[str, int]:
        """Give what ``stat`` shows."""
        kind, _, rest = path.strip("/").partition("/")
        folder, _, name = rest.partition("/")
        if path == "/" or (kind == EXTENTS and not name and (not folder or folder in self._folders)):
            inode = 1 if path == "/" else 3 + int(folder, 16) if folder else 2
            return self._times(0) | {"st_mode": stat.S_IFDIR | 0o500, "st_nlink": 2, "st_ino": inode}
        if path == f"/{MANIFEST}":
            size = len(render_header(self._draft)) + LINE_BYTES * len(self._extents)
            return self._file(size, self._draft.revision, 1 << 32)
        extent = self._extents[self._offset(path)]
        inode = (1 << 33) + extent.offset // self._draft.extent
        return self._file(self._draft.length(extent.offset), extent.revision, inode)

    def names(self, path: str) -> list[str]:
        """List a directory."""
        if path == "/":
            return [EXTENTS, MANIFEST] if self._extents else [MANIFEST]
        if path == f"/{EXTENTS}":
            return sorted(self._folders)
        return self._folders[path.rpartition("/")[2]]

    def open(self, path: str) -> None:
        """Begin to fetch an extent, and those that will be asked for next."""
        if path == f"/{MANIFEST}":
            return
        offset = self._offset(path)
        place = self._place.get(offset)
        ahead = [] if place is None else self._queue[place + 1 : place + 1 + AHEAD]
        with self._changed:
            self._open[offset] = self._open.get(offset, 0) + 1
            for wanted in (offset, *ahead):
                if wanted not in self._fetched and (wanted == offset or wanted in self._missing):
                    self._fetched[wanted] = self._pool.submit(self._fetch, wanted)

    def read(self, path: str, size: int, offset: int) -> bytes:
        """Give a piece of a file."""
        if path == f"/{MANIFEST}":
            return self._finish()[offset : offset + size]
        start = self._offset(path)
        content = self._fetched[start].result()
        if offset + size >= len(content):
            self._done(start)
        return content if offset == 0 and size >= len(content) else content[offset : offset + size]

    def close(self, path: str) -> None:
        """Forget an extent's content."""
        if path == f"/{MANIFEST}":
            return
        offset = self._offset(path)
        with self._changed:
            self._open[offset] -= 1
            if not self._open[offset]:
                del self._open[offset]
                self._fetched.pop(offset, None)
            self._changed.notify_all()

    def _fetch(self, offset: int) -> bytes:
        length = self._draft.length(offset)
        content = self._volume.read(offset, length)
        if len(content) != length:
            raise OSError(errno.EIO, f"the storage gave {len(content)} bytes at {offset}, expected {length}")
        self._sums[offset] = hashlib.sha256(content).hexdigest()
        return content

    def _done(self, offset: int) -> None:
        with self._changed:
            self._missing.discard(offset)
            self._changed.notify_all()

    def _finish(self) -> bytes:
        with self._changed:
            waited = 0.0
            while self._missing:
                before = len(self._missing)
                started = time.monotonic()
                self._changed.wait(timeout=1)
                moved = self._open or len(self._missing) != before
                waited = 0.0 if moved else waited + time.monotonic() - started
                if waited >= self._idle:
                    self._complain(
                        f"restic left out {len(self._missing)} extents that must be read, {min(self._missing):#x} first"
                    )
                    raise OSError(errno.EIO, "incomplete")
            if not self._manifest:
                wrong = [
                    e.offset for e in self._draft.extents if e.sha256 not in (UNREAD, self._sums.get(e.offset, e.sha256))
                ]
                if wrong:
                    self._complain(f"the extent at byte {wrong[0]} changed although the storage calls it unchanged")
                    raise OSError(errno.EIO, "changed")
                extents = tuple(replace(e, sha256=self._sums.get(e.offset, e.sha256)) for e in self._draft.extents)
                self._manifest = render_manifest(replace(self._draft, extents=extents))
            return self._manifest

    def _offset(self, path: str) -> int:
        name = path.rpartition("/")[2]
        try:
            offset = int(name, 16)
        except ValueError:
            offset = -1
        if offset not in self._extents or path != f"/{EXTENTS}/{offset >> FOLDER_SHIFT:06x}/{offset:016x}":
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return offset

    def _file(self, size: int, revision: int, inode: int) -> dict[str, int]:
        mode = {"st_mode": stat.S_IFREG | 0o400, "st_nlink": 1, "st_size": size, "st_ino": inode}
        return self._times(revision) | mode

    @staticmethod
    def _times(revision: int) -> dict[str, int]:
        when = (BEGINNING + revision) * 10**9
        return {"st_mtime": when, "st_ctime": when, "st_atime": when}
