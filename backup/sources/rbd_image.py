"""An RBD image through Ceph's own library: snapshots, what changed between two, and bytes of one.

The library is Debian's ``python3-rbd``; it belongs to the system's Python, of the same version as ours.
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from typing import Any

CONFIGURATION = "/etc/ceph/ceph.conf"
SYSTEM_PACKAGES = "/usr/lib/python3/dist-packages"
PATIENCE = "300"
"""Seconds after which a storage that does not answer is an error."""


@dataclass(frozen=True)
class Snapshot:
    """One of an image's snapshots; a later one has a greater number."""

    number: int
    name: str


class Image:
    """One open image, or one of its snapshots."""

    def __init__(self, opened: Any, error: type[Exception]) -> None:
        self._opened, self._error = opened, error

    @property
    def id(self) -> str:
        """Ceph's own id: another image of the same name has another."""
        return str(self._opened.id())

    @property
    def size(self) -> int:
        """In bytes."""
        return int(self._opened.size())

    @property
    def object_bytes(self) -> int:
        """How large the objects are that Ceph splits the image into."""
        return int(self._opened.stat()["obj_size"])

    def read(self, offset: int, length: int) -> bytes:
        """Give these bytes; raise ``OSError`` where they cannot be had."""
        try:
            return bytes(self._opened.read(offset, length))
        except self._error as error:
            raise OSError(errno.EIO, f"{length} bytes at {offset} cannot be read: {error}") from error

    def snapshots(self) -> tuple[Snapshot, ...]:
        """List the image's snapshots, oldest first."""
        return tuple(sorted((Snapshot(s["id"], s["name"]) for s in self._opened.list_snaps()), key=lambda s: s.number))

    def create_snapshot(self, name: str) -> None:
        """Freeze the image as it is now."""
        self._opened.create_snap(name)

    def remove_snapshot(self, name: str) -> None:
        """Remove a snapshot."""
        self._opened.remove_snap(name)

    def changes(self, since: str | None, *, whole_objects: bool) -> tuple[tuple[int, int, bool], ...]:
        """Give (offset, length, whether there is data) of what differs from a snapshot; from nothing, all that is stored.

        With whole objects Ceph answers out of its map of objects, else by asking for the history of each object.
        """
        found: list[tuple[int, int, bool]] = []
        self._opened.diff_iterate(
            0, self.size, since, lambda offset, length, data: found.append((offset, length, bool(data))), True, whole_objects
        )
        return tuple(found)


@contextmanager
def open_image(pool: str, name: str, snapshot: str | None = None) -> Iterator[Image]:
    """Open an image, read-only where a snapshot of it is named; what Ceph refuses is an ``OSError``."""
    rados, rbd = _load("rados"), _load("rbd")
    settings = {"rados_osd_op_timeout": PATIENCE, "rados_mon_op_timeout": PATIENCE, "rbd_cache": "false"}
    try:
        with (
            rados.Rados(conffile=CONFIGURATION, conf=settings) as cluster,
            cluster.open_ioctx(pool) as place,
            rbd.Image(place, name, snapshot=snapshot, read_only=snapshot is not None) as opened,
        ):
            yield Image(opened, rbd.Error)
    except (rados.Error, rbd.Error) as error:
        raise OSError(getattr(error, "errno", None) or errno.EIO, f"{pool}/{name}: {error}") from error


@cache
def _load(name: str) -> Any:
    spec = PathFinder.find_spec(name, [SYSTEM_PACKAGES])
    if spec is None or spec.loader is None:
        raise OSError(errno.ENOENT, f"python3-{name} is not installed")
    module = module_from_spec(spec)
    sys.modules[name] = module  # rbd imports rados by its name
    spec.loader.exec_module(module)
    return module
