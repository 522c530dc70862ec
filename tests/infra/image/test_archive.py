"""The initramfs archive, read back by a reader written from the kernel's description of the format."""

from __future__ import annotations

import gzip
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.image.archive import write_initramfs


def entries(archive: bytes) -> Iterator[tuple[str, int, int, int, bytes]]:
    """Give name, mode, user, group and content of each entry, the trailer included."""
    at = 0
    while at < len(archive):
        head = archive[at : at + 110]
        assert head[:6] == b"070701"
        _, mode, user, group, _, _, size, *_, name_size, _ = (int(head[n : n + 8], 16) for n in range(6, 110, 8))
        name = archive[at + 110 : at + 110 + name_size]
        assert name.endswith(b"\0")
        start = at + 110 + name_size + -(110 + name_size) % 4
        yield name[:-1].decode(), mode, user, group, archive[start : start + size]
        at = start + size + -size % 4


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    (tree / "bin").mkdir(parents=True)
    (tree / "bin/busybox").write_bytes(b"\x7fELF!")
    (tree / "bin/busybox").chmod(0o755)
    (tree / "bin/sh").symlink_to("busybox")
    (tree / "empty").touch(0o600)
    (tree / "bin").chmod(0o755)
    return tree


def test_everything_is_in_it_parents_first_and_roots_own(tree: Path, tmp_path: Path) -> None:
    write_initramfs(tree, tmp_path / "initrd")
    found = list(entries(gzip.decompress((tmp_path / "initrd").read_bytes())))
    assert [entry[0] for entry in found] == ["bin", "bin/busybox", "bin/sh", "empty", "TRAILER!!!"]
    assert {(user, group) for _, _, user, group, _ in found} == {(0, 0)}
    modes = {name: mode for name, mode, *_ in found}
    contents = {name: content for name, *_, content in found}
    assert stat.S_ISDIR(modes["bin"])
    assert modes["bin/busybox"] == stat.S_IFREG | 0o755
    assert contents["bin/busybox"] == b"\x7fELF!"
    assert stat.S_ISLNK(modes["bin/sh"])
    assert contents["bin/sh"] == b"busybox"
    assert contents["empty"] == b""


def test_the_same_tree_gives_the_same_bytes_at_any_time(tree: Path, tmp_path: Path) -> None:
    write_initramfs(tree, tmp_path / "first")
    for path in tree.rglob("*"):
        os.utime(path, (1, 1), follow_symlinks=False)
    write_initramfs(tree, tmp_path / "second")
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()
