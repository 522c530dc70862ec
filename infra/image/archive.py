"""The initramfs archive: cpio "newc", written directly so that nothing but Python is needed.

Format: https://docs.kernel.org/driver-api/early-userspace/buffer-format.html
"""

from __future__ import annotations

import gzip
import os
import stat
from collections.abc import Iterator
from pathlib import Path


def write_initramfs(tree: Path, target: Path) -> None:
    """Write ``tree`` as a gzip-compressed archive owned by root, the same bytes for the same tree."""
    with target.open("wb") as raw, gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=6, mtime=0) as out:
        for inode, path in enumerate(_entries(tree), start=1):
            out.write(_record(path.relative_to(tree).as_posix(), path, inode))
        out.write(_header("TRAILER!!!", 0, 0, 0))


def _entries(tree: Path) -> Iterator[Path]:
    """Give every file and folder, parents first, in a fixed order."""
    yield from sorted(tree.rglob("*"), key=lambda p: p.relative_to(tree).parts)


def _record(name: str, path: Path, inode: int) -> bytes:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        data = os.fsencode(path.readlink())
    elif stat.S_ISREG(mode):
        data = path.read_bytes()
    else:
        data = b""
    return _header(name, mode, len(data), inode) + data + b"\0" * (-len(data) % 4)


def _header(name: str, mode: int, size: int, inode: int) -> bytes:
    raw = os.fsencode(name) + b"\0"
    links = 1 if inode else 0
    fields = (inode, mode, 0, 0, links, 0, size, 0, 0, 0, 0, len(raw), 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + raw
    return head + b"\0" * (-len(head) % 4)
