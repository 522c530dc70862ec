"""What a run may carry over from the last good snapshot of a volume, and what it must read. Pure.

An extent is carried over only where the storage says that it did not change since the very snapshot that was stored. The
storage itself is not believed for ever: after ``reread_within`` everything is read, whatever it says, and what it called
unchanged is compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from backup.sources.extent_files import UNREAD
from backup.sources.stored_volume import Extent, Manifest

Change = tuple[int, int, bool]
"""Offset, length, and whether there is data now."""


MOST_EXTENTS = 1 << 16
"""Each is a file that restic looks at in every run."""


@dataclass(frozen=True)
class Base:
    """The last good snapshot of a volume: its manifest, and where restic finds it."""

    snapshot_id: str
    manifest: Manifest


def extent_bytes(size: int, object_bytes: int) -> int:
    """Give how large a volume's extents are: the storage's objects, or several where a volume has too many of them."""
    extent = object_bytes
    while size > extent * MOST_EXTENTS:
        extent *= 2
    return extent


def touched(changes: Iterable[Change], extent: int) -> dict[int, bool]:
    """Give each extent that a change reaches into, and whether there is data in any of it."""
    found: dict[int, bool] = {}
    for offset, length, data in changes:
        for start in range(offset - offset % extent, offset + length, extent):
            found[start] = found.get(start, False) or data
    return found


def why_not(base: Base | None, image: str, extent: int, snapshots: Iterable[str], now: datetime, within: timedelta) -> str:
    """Give why everything must be read; nothing where the base can be carried on from."""
    if base is None:
        return "there is no good snapshot of this form"
    held = base.manifest
    if held.image != image:
        return "the volume is another than the one in the last good snapshot"
    if held.extent != extent:
        return "the storage splits the volume differently than before"
    if held.snapshot not in snapshots:
        return "the storage has lost what was read last"
    read_at = datetime.fromisoformat(held.read_at)
    if not read_at <= now < read_at + within:
        return f"it was last read as a whole on {read_at:%Y-%m-%d}"
    return ""


def draft_whole(empty: Manifest, stored: Iterable[Change]) -> Manifest:
    """Give the manifest of a run that reads all that has storage."""
    held = sorted(touched(stored, empty.extent).items())
    return replace(empty, extents=tuple(Extent(offset, empty.revision, UNREAD) for offset, data in held if data))


def draft_changes(base: Manifest, size: int, snapshot: str, changes: Sequence[Change], *, alone: bool) -> Manifest:
    """Give the manifest of a run that reads what changed since the base."""
    revision = base.revision + 1
    held: dict[int, Extent] = {e.offset: e for e in base.extents if e.offset < size}
    changed = touched(changes, base.extent)
    end = min(size, base.size) // base.extent * base.extent
    if size != base.size and end in held:  # the extent at the old or the new end has another length now
        changed.setdefault(end, True)
    for offset, data in changed.items():
        if offset < size and (data or (offset in held and _partly(changes, offset, base.extent))):
            held[offset] = Extent(offset, revision, UNREAD)
        else:
            held.pop(offset, None)
    extents = tuple(held[o] for o in sorted(held))
    return replace(base, size=size, snapshot=snapshot, revision=revision, alone=alone, extents=extents)


def _partly(changes: Iterable[Change], offset: int, extent: int) -> bool:
    """Tell whether part of an extent may still have data: no change takes it away as a whole."""
    return not any(start <= offset and offset + extent <= start + length for start, length, _ in changes)


def lies(whole: Manifest, base: Manifest, changes: Mapping[int, bool]) -> tuple[int, ...]:
    """Give the extents that the storage called unchanged since the base although they are not what they were."""
    now = {e.offset: e.sha256 for e in whole.extents}
    same_length = (e for e in base.extents if e.offset < whole.size and whole.length(e.offset) == base.length(e.offset))
    return tuple(e.offset for e in same_length if e.offset not in changes and now.get(e.offset) != e.sha256)
