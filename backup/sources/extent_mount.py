"""A program of its own: mounts a volume's extents for restic, says ``mounted``, and serves until it is interrupted.

    python -m backup.sources.extent_mount POOL IMAGE SNAPSHOT MOUNTPOINT < draft of the manifest

It is started beside a backup and ends with it; what goes wrong with the volume it says on standard error.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from backup.sources.extent_files import IDLE_SECONDS, ExtentFiles, Frozen
from backup.sources.stored_volume import Manifest, parse_manifest

LIBRARY = "libfuse3.so.3"
ENDED_BY_SIGNAL = 8
"""What ``fuse_main`` gives then (libfuse's ``lib/helper.c``)."""
REMEMBERED_SECONDS = 3600
"""How long the kernel need not ask again for names and times, which never change."""


def serve(volume: Frozen, draft: Manifest, mountpoint: str, idle: float = IDLE_SECONDS) -> None:
    """Mount, say so, and answer until a signal ends it; raise ``OSError`` where this machine cannot mount."""
    os.environ.setdefault("FUSE_LIBRARY_PATH", LIBRARY)  # else an older one may be found first
    import mfusepy

    def complain(what: str) -> None:
        print(what, file=sys.stderr, flush=True)

    files = ExtentFiles(volume, draft, complain, idle)

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
            raise OSError(f"the extents could not be mounted: {error}") from error


def main() -> None:
    """Serve the snapshot that the arguments name."""
    from backup.sources.rbd_image import open_image

    pool, image, snapshot, mountpoint = sys.argv[1:]
    draft = parse_manifest(sys.stdin.buffer.read())
    with open_image(pool, image, snapshot) as volume:
        serve(volume, draft, mountpoint)


if __name__ == "__main__":
    main()
