"""How a volume lies in a snapshot, and how its bytes come out of it again, whatever the form.

Two forms, told apart by what the snapshot holds:

- *extents*: ``extents/<number>/<offset>`` for each part of the volume that has storage (names are hexadecimal, so that they
  sort as the bytes do), then ``manifest``: a header, and for each of them offset, revision and sha256. What is in between is
  zeros. The sha256 of the manifest stands for the whole volume.
- *stream*: one file with all bytes, which older snapshots have.

It needs nothing but Python, and runs alone where oneroof is not installed: ``restic dump SNAPSHOT / | python3 THIS FILE``.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import sys
import tarfile
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import IO, Any

MANIFEST = "manifest"
EXTENTS = "extents"
FORMAT = 1
PIECE = 1 << 20
BEHIND = 4
"""Pieces that may have gone on before they are in the sum."""
FOLDER_SHIFT = 30
"""A folder of extents holds a GiB: where nothing in it changed, restic stores nothing anew for it."""

_LINE = re.compile(rb"([0-9a-f]{16}) ([0-9a-f]{8}) ([0-9a-f]{64})\n")
LINE_BYTES = 16 + 1 + 8 + 1 + 64 + 1


class StoredVolumeError(ValueError):
    """What a snapshot holds is not a volume, or not the one that its manifest describes."""


@dataclass(frozen=True)
class Extent:
    """A part of a volume that has storage."""

    offset: int
    revision: int
    """Of the run that last read it."""
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a volume held at one instant."""

    size: int
    extent: int
    """Bytes of an extent; the last one of a volume may be shorter."""
    image: str
    """The storage's own id of the image: another volume of the same name has another."""
    snapshot: str
    """The storage's snapshot that was read."""
    revision: int
    read_at: str
    """When everything was last read, whatever the storage said of it (ISO 8601)."""
    alone: bool
    """Whether the image then had no snapshot of anybody else: after a rollback to an older one, its map of objects lies."""
    extents: tuple[Extent, ...]

    def length(self, offset: int) -> int:
        """Give the bytes of the extent at an offset."""
        return min(self.extent, self.size - offset)


def extent_path(offset: int) -> str:
    """Give where an extent lies in the snapshot."""
    return f"{EXTENTS}/{offset >> FOLDER_SHIFT:06x}/{offset:016x}"


def render_header(manifest: Manifest) -> bytes:
    """Give the first line: all but the extents."""
    values = {
        "format": FORMAT,
        "size": manifest.size,
        "extent": manifest.extent,
        "image": manifest.image,
        "snapshot": manifest.snapshot,
        "revision": manifest.revision,
        "read_at": manifest.read_at,
        "alone": manifest.alone,
    }
    return json.dumps(values, separators=(",", ":")).encode() + b"\n"


def render_manifest(manifest: Manifest) -> bytes:
    """Give a manifest as it is stored. Its size follows from the number of extents alone."""
    lines = [f"{e.offset:016x} {e.revision:08x} {e.sha256}\n".encode() for e in manifest.extents]
    return render_header(manifest) + b"".join(lines)


def parse_manifest(data: bytes) -> Manifest:
    """Give a manifest; raise :class:`StoredVolumeError` where it is none."""
    header, _, rest = data.partition(b"\n")
    try:
        told: dict[str, Any] = json.loads(header)
        if told["format"] != FORMAT:
            raise StoredVolumeError(f"the manifest has format {told['format']}, expected {FORMAT}")
        found = [(int(m[1], 16), int(m[2], 16), m[3].decode()) for m in _LINE.finditer(rest)]
        manifest = Manifest(
            int(told["size"]),
            int(told["extent"]),
            str(told["image"]),
            str(told["snapshot"]),
            int(told["revision"]),
            str(told["read_at"]),
            bool(told["alone"]),
            tuple(Extent(*values) for values in found),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise StoredVolumeError(f"the manifest cannot be read: {error}") from error
    offsets = [e.offset for e in manifest.extents]
    in_order = all(a < b for a, b in itertools.pairwise(offsets))
    aligned = manifest.extent > 0 and all(o % manifest.extent == 0 and o < manifest.size for o in offsets)
    if len(rest) != len(found) * LINE_BYTES or not in_order or not aligned:
        raise StoredVolumeError("the manifest cannot be read: its lines are not a list of extents")
    return manifest


class StoredVolume:
    """A volume coming out of a snapshot, as ``restic dump SNAPSHOT /`` gives it: a tar.

    Every extent is compared with the manifest, which comes last: the bytes count only once :attr:`sha256` is there.
    """

    def __init__(self, tar: IO[bytes]) -> None:
        self._tar = tar
        self.size = 0
        self.sha256 = ""
        """Of the manifest, or of the stream; set at the end."""

    def pieces(self) -> Iterator[tuple[int, bytes]]:
        """Give offset and bytes of all that is stored, in order. Raises :class:`StoredVolumeError`."""
        found: dict[int, tuple[int, str]] = {}
        manifest: bytes | None = None
        source = _Forward(self._tar)
        try:
            with ThreadPoolExecutor(1) as pool, tarfile.open(fileobj=source, mode="r:") as tar:  # type: ignore[call-overload]
                for member in tar:
                    if not member.isfile():
                        continue
                    name, digest = member.name.lstrip("/"), hashlib.sha256()
                    if manifest is not None or self.sha256:
                        raise StoredVolumeError(f"the snapshot holds {name}, which no volume has")
                    source.seek(member.offset_data)
                    if name == MANIFEST:
                        manifest = source.read(member.size)
                    elif match := re.fullmatch(rf"{EXTENTS}/[0-9a-f]{{6}}/([0-9a-f]{{16}})", name):
                        offset = int(match[1], 16)
                        yield from _read(source, member.size, offset, digest, pool)
                        found[offset] = (member.size, digest.hexdigest())
                    elif "/" not in name and not found:
                        yield from _read(source, member.size, 0, digest, pool)
                        self.size, self.sha256 = member.size, digest.hexdigest()
                    else:
                        raise StoredVolumeError(f"the snapshot holds {name}, which no volume has")
            while source.read(PIECE):  # the tar's own end
                pass
        except tarfile.TarError as error:
            raise StoredVolumeError(f"the snapshot did not arrive whole: {error}") from error
        if manifest is not None:
            self.size, self.sha256 = compare(found, parse_manifest(manifest)), hashlib.sha256(manifest).hexdigest()
        if not self.sha256:
            raise StoredVolumeError("the snapshot holds no whole volume")

    def stream(self) -> Iterator[bytes]:
        """Give all bytes of the volume, the zeros as well."""
        place = 0
        for offset, data in self.pieces():
            yield from _zeros(offset - place)
            yield data
            place = offset + len(data)
        yield from _zeros(self.size - place)

    def write(self, file: IO[bytes]) -> None:
        """Write the volume into a new file, which stays sparse where the volume is."""
        for offset, data in self.pieces():
            file.seek(offset)
            file.write(data)
        file.truncate(self.size)


def compare(found: dict[int, tuple[int, str]], manifest: Manifest) -> int:
    """Give the volume's size; raise :class:`StoredVolumeError` where size and sha256 of an extent are not the manifest's."""
    expected = {e.offset: (manifest.length(e.offset), e.sha256) for e in manifest.extents}
    if found != expected:
        wrong = sorted(o for o in expected.keys() | found.keys() if found.get(o) != expected.get(o))
        raise StoredVolumeError(
            f"{len(wrong)} of {len(expected)} extents differ from the manifest, the first at byte {wrong[0]}"
        )
    return manifest.size


class _Forward:
    """A stream as :mod:`tarfile` wants a file: it is only ever asked to go on, and hands pieces out without copying them."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._place = stream, 0

    def tell(self) -> int:
        return self._place

    def seek(self, place: int) -> None:
        while self._place < place and self.read(min(PIECE, place - self._place)):
            pass
        if self._place != place:
            raise StoredVolumeError("the snapshot did not arrive whole")

    def read(self, count: int) -> bytes:
        data = self._stream.read(count)
        self._place += len(data)
        return data


def _read(source: _Forward, size: int, offset: int, digest: Any, pool: ThreadPoolExecutor) -> Iterator[tuple[int, bytes]]:
    summing: deque[Future[None]] = deque()
    while size > 0:
        data = source.read(min(PIECE, size))
        if not data:
            raise StoredVolumeError("the snapshot did not arrive whole")
        summing.append(pool.submit(digest.update, data))  # while the piece, and those after it, are on their way
        yield offset, data
        if len(summing) > BEHIND:
            summing.popleft().result()
        offset, size = offset + len(data), size - len(data)
    for left in summing:
        left.result()


def _zeros(count: int) -> Iterable[bytes]:
    piece = bytes(min(PIECE, max(count, 0)))
    while count > 0:
        yield piece[:count]
        count -= PIECE


def main() -> None:
    """Write the volume to the file that is named; say its size and sha256 as JSON, or what is wrong with it."""
    volume = StoredVolume(sys.stdin.buffer)
    try:
        with open(sys.argv[1], "xb") as file:  # noqa: PTH123 - nothing but what it needs
            volume.write(file)
    except StoredVolumeError as error:
        sys.exit(str(error))
    print(json.dumps({"bytes": volume.size, "sha256": volume.sha256}))


if __name__ == "__main__":
    main()
