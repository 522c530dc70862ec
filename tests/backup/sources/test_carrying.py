"""What is carried over and what is read: never less than what may have changed."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backup.sources.carrying import (
    MOST_EXTENTS,
    Base,
    draft_changes,
    draft_whole,
    extent_bytes,
    lies,
    touched,
    why_not,
)
from backup.sources.extent_files import UNREAD
from backup.sources.stored_volume import Extent, Manifest, parse_manifest, render_manifest

EXTENT = 1024
NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
WITHIN = timedelta(days=14)


def manifest(size: int, *extents: Extent) -> Manifest:
    return Manifest(size, EXTENT, "image", "base", 7, (NOW - timedelta(days=1)).isoformat(), True, extents)


def held(volume: bytes, offset: int) -> Extent:
    return Extent(offset, 7, hashlib.sha256(volume[offset : offset + EXTENT]).hexdigest())


def test_everything_that_has_storage_is_read_at_first() -> None:
    draft = draft_whole(manifest(10 * EXTENT), [(3 * EXTENT, EXTENT, True), (100, 50, True), (5 * EXTENT, EXTENT, False)])
    assert [(e.offset, e.revision, e.sha256) for e in draft.extents] == [(0, 7, UNREAD), (3 * EXTENT, 7, UNREAD)]


WRITES = st.lists(st.tuples(st.integers(0, 12 * EXTENT), st.integers(1, 3 * EXTENT), st.booleans()), max_size=6)


@given(st.integers(1, 12 * EXTENT), st.integers(1, 12 * EXTENT), WRITES, WRITES)
def test_what_is_not_read_is_as_it_was(
    before: int, after: int, first: list[tuple[int, int, bool]], then: list[tuple[int, int, bool]]
) -> None:
    """Write and discard at random, resize in between: what the draft carries over has the content of its sum."""
    volume = bytearray(before)
    for offset, length, data in first:
        end = min(offset + length, before)
        if offset < end:
            volume[offset:end] = (b"a" if data else b"\0") * (end - offset)
    base = manifest(before, *(held(bytes(volume), o) for o in range(0, before, EXTENT) if any(volume[o : o + EXTENT])))
    volume = volume[:after].ljust(after, b"\0")
    changes = []
    for offset, length, data in then:
        end = min(offset + length, after)
        if offset < end:
            volume[offset:end] = (b"b" if data else b"\0") * (end - offset)
            changes.append((offset, end - offset, data))
    # what the storage tells in the end is of the end: a later discard hides an earlier write
    told = [(o, 1, bool(volume[o])) for c in changes for o in range(c[0], c[0] + c[1])]
    draft = draft_changes(base, after, "now", told, alone=True)
    seen = {e.offset for e in draft.extents}
    for offset in range(0, after, EXTENT):
        assert offset in seen or not any(volume[offset : offset + EXTENT])
    for extent in draft.extents:
        if extent.sha256 != UNREAD:
            assert extent == held(bytes(volume), extent.offset)
        else:
            assert extent.revision == 8
    assert parse_manifest(render_manifest(draft)) == draft


def test_the_time_of_a_read_extent_is_new_even_where_the_clock_went_back() -> None:
    base = manifest(2 * EXTENT, Extent(0, 7, "a" * 64), Extent(EXTENT, 3, "b" * 64))
    draft = draft_changes(base, 2 * EXTENT, "now", [(0, 1, True)], alone=False)
    assert [e.revision for e in draft.extents] == [8, 3]
    assert (draft.snapshot, draft.alone, draft.read_at) == ("now", False, base.read_at)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, ""),
        ({"image": "another"}, "the volume is another"),
        ({"extent": 2048}, "splits the volume differently"),
        ({"snapshot": "gone"}, "the storage has lost what was read last"),
        ({"read_at": (NOW - WITHIN).isoformat()}, "last read as a whole on 2026-05-06"),
        ({"read_at": (NOW + timedelta(hours=1)).isoformat()}, "last read as a whole on 2026-05-20"),  # the clock went back
    ],
)
def test_only_a_base_that_is_known_is_carried_on_from(change: dict[str, object], reason: str) -> None:
    base = Base("1234", replace(manifest(5 * EXTENT), **change))  # type: ignore[arg-type]
    found = why_not(base, "image", EXTENT, {"base", "now"}, NOW, WITHIN)
    assert (reason in found) if reason else found == ""


def test_without_a_base_everything_is_read() -> None:
    assert why_not(None, "image", EXTENT, {"now"}, NOW, WITHIN) == "there is no good snapshot of this form"


def test_what_changed_unseen_is_found_when_everything_is_read() -> None:
    base = manifest(4 * EXTENT, *(Extent(o * EXTENT, 7, str(o) * 64) for o in range(4)))
    whole = replace(base, extents=(base.extents[0], Extent(EXTENT, 8, "f" * 64), Extent(2 * EXTENT, 8, "f" * 64)))
    assert lies(whole, base, touched([(EXTENT, 1, True), (3 * EXTENT, EXTENT, False)], EXTENT)) == (2 * EXTENT,)


def test_what_lost_its_storage_unseen_is_found_too() -> None:
    base = manifest(2 * EXTENT, Extent(0, 7, "a" * 64))
    assert lies(replace(base, extents=()), base, {}) == (0,)


def test_a_large_volume_has_a_bounded_number_of_files() -> None:
    assert extent_bytes(10 << 30, 4 << 20) == 4 << 20
    assert extent_bytes(10 << 40, 4 << 20) * MOST_EXTENTS >= 10 << 40
