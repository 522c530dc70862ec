"""Sums of images' files: remembered while the file is the one that was read, and no longer."""

import hashlib
import json
import time
from pathlib import Path

from infra.image.sums import SUMS, file_sha512


def _later() -> int:
    return time.time_ns() + 60_000_000_000


def test_a_sum_is_remembered_until_the_file_is_another(tmp_path: Path) -> None:
    disk = tmp_path / "disk.raw"
    disk.write_bytes(b"one")
    assert file_sha512(disk, _later) == hashlib.sha512(b"one").hexdigest()
    memory = tmp_path / SUMS
    told = json.loads(memory.read_text())
    memory.write_text(json.dumps({"disk.raw": ["remembered", *told["disk.raw"][1:]]}))
    assert file_sha512(disk, _later) == "remembered"
    disk.write_bytes(b"two")
    assert file_sha512(disk, _later) == hashlib.sha512(b"two").hexdigest()


def test_what_changed_a_moment_ago_and_what_is_no_memory_are_read(tmp_path: Path) -> None:
    disk = tmp_path / "disk.raw"
    disk.write_bytes(b"one")
    (tmp_path / SUMS).write_text("{")
    assert file_sha512(disk) == hashlib.sha512(b"one").hexdigest()
    assert (tmp_path / SUMS).read_text() == "{"
