"""Files that only this program knows, mounted for restic through FUSE; the one place that does so."""

from __future__ import annotations

import os
import sys
from typing import Any, Protocol

LIBRARY = "libfuse3.so.3"
ENDED_BY_SIGNAL = 8
"""What ``fuse_main`` gives then (libfuse's ``lib/helper.c``)."""
REMEMBERED_SECONDS = 3600
"""How long the kernel need not ask again for names and times, which never change."""


class Files(Protocol):
    """A tree: what ``stat`` shows of a path, names in a directory, and content when it is asked for."""

    def attributes(self, path: str) -> dict[str, int]:
        """Give what ``stat`` shows; raise ``FileNotFoundError``."""

    def names(self, path: str) -> list[str]:
        """List a directory."""

    def open(self, path: str) -> None:
        """Hear that a file is opened."""

    def read(self, path: str, size: int, offset: int) -> bytes:
        """Give a piece of a file; raise ``OSError`` where it cannot be had."""

    def close(self, path: str) -> None:
        """Hear that a file is closed."""


def complain(what: str) -> None:
    """Say what goes wrong on standard error, where the program that started this one reads it."""
    print(what, file=sys.stderr, flush=True)


def mount(files: Files, mountpoint: str) -> None:
    """Mount, say ``mounted``, and answer until a signal ends it; raise ``OSError`` where this machine cannot mount."""
    os.environ.setdefault("FUSE_LIBRARY_PATH", LIBRARY)  # else an older one may be found first
    import mfusepy

    class Mounted(mfusepy.Operations):  # type: ignore[misc]
        """What the kernel asks, handed on."""

        use_ns = True

        def init(self, path: str) -> None:  # noqa: ARG002
            print("mounted", flush=True)

        def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:  # noqa: ARG002
            return files.attributes(path)

        def readdir(self, path: str, fh: int) -> list[tuple[str, dict[str, int], int]]:  # noqa: ARG002
            # with its number: an entry without one is not shown
            return [(name, files.attributes(f"{path.rstrip('/')}/{name}"), 0) for name in files.names(path)]

        def open(self, path: str, flags: int) -> int:  # noqa: ARG002
            files.open(path)
            return 0

        def read(self, path: str, size: int, offset: int, fh: int) -> bytes:  # noqa: ARG002
            try:
                return files.read(path, size, offset)
            except OSError as error:
                complain(str(error))
                raise

        def release(self, path: str, fh: int) -> int:  # noqa: ARG002
            files.close(path)
            return 0

    remembered = {"entry_timeout": REMEMBERED_SECONDS, "attr_timeout": REMEMBERED_SECONDS}
    options = {"ro": True, "direct_io": True, "use_ino": True, "fsname": "oneroof"} | remembered
    try:
        mfusepy.FUSE(Mounted(), mountpoint, foreground=True, **options)
    except RuntimeError as error:
        if error.args != (ENDED_BY_SIGNAL,):
            raise OSError(f"nothing could be mounted: {error}") from error
