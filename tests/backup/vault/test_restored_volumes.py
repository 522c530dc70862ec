"""A volume comes out of a real snapshot byte for byte, whatever its form; where it cannot, nobody takes it for whole."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from real_vault import Vault

from backup.command import Command, pipe, run
from backup.records import BackupRecord, Outcome, Source
from backup.restic import build_backup_stream, build_backup_tree
from backup.sources.stored_volume import MANIFEST, Extent, Manifest, extent_path, render_manifest
from backup.sources.taken import identify
from backup.sources.volume_restore import feed_volume

EXTENT = 1 << 20


def record(snapshot_id: str, size: int, sha256: str) -> BackupRecord:
    now = datetime.now(UTC)
    return BackupRecord("health", Source.VOLUME, "prod/data", now, now, snapshot_id, size, sha256, Outcome.GOOD)


@pytest.fixture(params=["one stream", "extents"])
def stored(request: pytest.FixtureRequest, vault: Vault, tmp_path: Path) -> tuple[bytes, BackupRecord]:
    """Give a volume and the record of its snapshot."""
    content = os.urandom(EXTENT) + bytes(3 * EXTENT) + os.urandom(EXTENT + 5000) + bytes(100)
    vault.open()
    if request.param == "one stream":
        (tmp_path / "raw").write_bytes(content)
        source = Command(("cat", str(tmp_path / "raw")))
        piped = pipe(source, build_backup_stream(vault.repository, "/prod-data.raw", "volume:prod/data"))
        return content, record(identify(vault.repository, piped.sink.stdout).snapshot_id, len(content), piped.sha256)
    extents = []
    for offset in (0, 4 * EXTENT, 5 * EXTENT):
        part = content[offset : offset + EXTENT]
        file = tmp_path / "tree" / extent_path(offset)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(part)
        extents.append(Extent(offset, 1, hashlib.sha256(part).hexdigest()))
    manifest = render_manifest(
        Manifest(len(content), EXTENT, "12", "a", 1, "2026-05-01T00:00:00+00:00", True, tuple(extents))
    )
    (tmp_path / "tree" / MANIFEST).write_bytes(manifest)
    ended = run(build_backup_tree(vault.repository, tmp_path / "tree", "volume:prod/data"))
    sha256 = hashlib.sha256(manifest).hexdigest()
    return content, record(identify(vault.repository, ended.stdout).snapshot_id, len(content), sha256)


STORE = "import sys; data = sys.stdin.buffer.read(); open(sys.argv[1], 'wb').write(data)"


def sink(file: Path) -> Command:
    """Give a program that stores what it read when it sees its end, and nothing when it is interrupted."""
    return Command((sys.executable, "-c", STORE, str(file)))


def test_it_comes_out_as_it_was(vault: Vault, stored: tuple[bytes, BackupRecord], tmp_path: Path) -> None:
    content, snapshot = stored
    done = feed_volume(snapshot, vault.repository, sink(tmp_path / "out"))
    assert done.reason == ""
    assert (tmp_path / "out").read_bytes() == content
    assert done.bytes == len(content)


@pytest.mark.parametrize("wrong", [{"sha256": "0" * 64}, {"bytes": 7}])
def test_another_content_than_the_records_is_never_whole(
    vault: Vault, stored: tuple[bytes, BackupRecord], tmp_path: Path, wrong: dict[str, object]
) -> None:
    done = feed_volume(replace(stored[1], **wrong), vault.repository, sink(tmp_path / "out"))  # type: ignore[arg-type]
    assert "does not hold what was backed up" in done.reason
    assert not (tmp_path / "out").exists()


def test_a_damaged_pack_is_named_by_restic_and_nothing_is_taken_for_whole(
    vault: Vault, stored: tuple[bytes, BackupRecord], tmp_path: Path, damage: Callable[[Path, str], None]
) -> None:
    for pack in vault.packs():
        damage(pack, "zeroed")
    done = feed_volume(stored[1], vault.repository, sink(tmp_path / "out"))
    assert done.reason.startswith("restic ended with ")
    assert not (tmp_path / "out").exists()
