"""A volume's bytes come out of a snapshot whole, or not at all."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backup.sources import stored_volume
from backup.sources.stored_volume import (
    MANIFEST,
    Extent,
    Manifest,
    StoredVolume,
    StoredVolumeError,
    extent_path,
    parse_manifest,
    render_manifest,
)

EXTENT = 4096


def describe(volume: bytes, held: list[int]) -> Manifest:
    extents = [Extent(o, 3, hashlib.sha256(volume[o : o + EXTENT]).hexdigest()) for o in held]
    return Manifest(len(volume), EXTENT, "1234", "backup.x.snap.1", 3, "2026-05-01T00:00:00+00:00", True, tuple(extents))


def pack(files: dict[str, bytes]) -> io.BytesIO:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return io.BytesIO(packed.getvalue())


def store(volume: bytes, held: list[int]) -> dict[str, bytes]:
    files = {extent_path(o): volume[o : o + EXTENT] for o in held}
    return files | {MANIFEST: render_manifest(describe(volume, held))}


VOLUME = b"a" * EXTENT + bytes(2 * EXTENT) + b"b" * EXTENT + bytes(100)
HELD = [0, 3 * EXTENT]


@given(st.integers(1, 9 * EXTENT), st.sets(st.integers(0, 8)), st.randoms(use_true_random=False))
def test_every_volume_comes_out_as_it_was(size: int, numbers: set[int], random: object) -> None:
    held = sorted(n * EXTENT for n in numbers if n * EXTENT < size)
    content = bytearray(size)
    for offset in held:
        end = min(offset + EXTENT, size)
        content[offset:end] = random.randbytes(end - offset)  # type: ignore[attr-defined]
    reader = StoredVolume(pack(store(bytes(content), held)))
    assert b"".join(reader.stream()) == content
    assert reader.size == size
    assert reader.sha256 == hashlib.sha256(render_manifest(describe(bytes(content), held))).hexdigest()


def test_a_manifest_is_read_as_it_was_written() -> None:
    manifest = describe(VOLUME, HELD)
    assert parse_manifest(render_manifest(manifest)) == manifest


def test_a_snapshot_of_one_stream_comes_out_as_it_was() -> None:
    reader = StoredVolume(pack({"prod-data.raw": VOLUME}))
    assert b"".join(reader.stream()) == VOLUME
    assert (reader.size, reader.sha256) == (len(VOLUME), hashlib.sha256(VOLUME).hexdigest())


def changed(name: str, content: bytes) -> dict[str, bytes]:
    return store(VOLUME, HELD) | {name: content}


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        (changed(extent_path(0), b"x" * EXTENT), "1 of 2 extents differ from the manifest, the first at byte 0"),
        (changed(extent_path(0), b"a" * 9), "the first at byte 0"),
        ({n: c for n, c in store(VOLUME, HELD).items() if n != extent_path(3 * EXTENT)}, "the first at byte 12288"),
        ({extent_path(EXTENT): b"y" * EXTENT, **store(VOLUME, HELD)}, "the first at byte 4096"),
        ({n: c for n, c in store(VOLUME, HELD).items() if n != MANIFEST}, "holds no whole volume"),
        (changed(MANIFEST, b"{}"), "the manifest cannot be read"),
        (changed(MANIFEST, render_manifest(describe(VOLUME, HELD))[:-9]), "its lines are not a list of extents"),
        (store(VOLUME, HELD) | {"zzz": b""}, "holds zzz, which no volume has"),
        ({"a.raw": b"a", "b.raw": b"b"}, "holds b.raw, which no volume has"),
        ({"etc/passwd": b"a"}, "holds etc/passwd, which no volume has"),
        ({}, "holds no whole volume"),
    ],
)
def test_what_is_not_the_volume_is_refused(files: dict[str, bytes], reason: str) -> None:
    with pytest.raises(StoredVolumeError, match=reason):
        b"".join(StoredVolume(pack(files)).stream())


@pytest.mark.parametrize("cut", [300, 5000, 9000])
def test_a_snapshot_cut_short_is_refused(cut: int) -> None:
    with pytest.raises(StoredVolumeError):
        b"".join(StoredVolume(io.BytesIO(pack(store(VOLUME, HELD)).getvalue()[:cut])).stream())


@pytest.mark.parametrize("change", [{"size": 2 * EXTENT}, {"extent": 1000}, {"extent": 0}])
def test_a_manifest_that_contradicts_itself_is_refused(change: dict[str, int]) -> None:
    with pytest.raises(StoredVolumeError, match="its lines are not a list of extents"):
        parse_manifest(render_manifest(replace(describe(VOLUME, HELD), **change)))  # type: ignore[arg-type]


def test_it_runs_alone_and_leaves_a_sparse_file(tmp_path: Path) -> None:
    volume = bytes(8 << 20) + b"end"
    script = [sys.executable, "-I", stored_volume.__file__, str(tmp_path / "volume.raw")]
    tar = pack(store(volume, [len(volume) - 3])) if (len(volume) - 3) % EXTENT == 0 else pack({})
    done = subprocess.run(script, input=tar.getvalue(), capture_output=True, check=True)
    file = tmp_path / "volume.raw"
    assert file.read_bytes() == volume
    assert json.loads(done.stdout)["bytes"] == len(volume)
    assert file.stat().st_blocks * 512 < 1 << 20


def test_run_alone_it_says_in_one_sentence_what_is_wrong(tmp_path: Path) -> None:
    script = [sys.executable, "-I", stored_volume.__file__, str(tmp_path / "volume.raw")]
    done = subprocess.run(script, input=pack({}).getvalue(), capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (1, b"the snapshot holds no whole volume\n")
