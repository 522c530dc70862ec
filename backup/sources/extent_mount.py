"""A program of its own: mounts a volume's extents for restic, says ``mounted``, and serves until it is interrupted.

    python -m backup.sources.extent_mount POOL IMAGE SNAPSHOT MOUNTPOINT < draft of the manifest

It is started beside a backup and ends with it; what goes wrong with the volume it says on standard error.
"""

from __future__ import annotations

import sys

from backup.sources.extent_files import IDLE_SECONDS, ExtentFiles, Frozen
from backup.sources.mounting import complain, mount
from backup.sources.stored_volume import Manifest, parse_manifest


def serve(volume: Frozen, draft: Manifest, mountpoint: str, idle: float = IDLE_SECONDS) -> None:
    """Mount, say so, and answer until a signal ends it; raise ``OSError`` where this machine cannot mount."""
    mount(ExtentFiles(volume, draft, complain, idle), mountpoint)


def main() -> None:
    """Serve the snapshot that the arguments name."""
    from backup.sources.rbd_image import open_image

    pool, image, snapshot, mountpoint = sys.argv[1:]
    draft = parse_manifest(sys.stdin.buffer.read())
    with open_image(pool, image, snapshot) as volume:
        serve(volume, draft, mountpoint)


if __name__ == "__main__":
    main()
