"""Names of objects become names of files; an object is carried over only where the store lists it as it was."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from backup.records import BackupRecord, Outcome, Source
from backup.sources.container import Base, carry_over, object_file, parse_base, render_sums, sum_of_tree
from backup.sources.taken import render_sums as sums_of_files

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LAST = BackupRecord("health", Source.CONTAINER, "prod/bulletins", NOW, NOW, "a" * 64, 1, "b" * 64, Outcome.GOOD)
LISTED = {
    "name": "公报.pdf",
    "hash": "c" * 32,
    "bytes": 5,
    "last_modified": "2026-11-20T10:00:00.123",
    "content_type": "x/y",
}
KNOWN = {"name": "公报.pdf", "file": object_file("公报.pdf"), "bytes": 5, "sha256": "d" * 64, "revision": 3,
         "listed": {k: v for k, v in LISTED.items() if k != "name"}}  # fmt: skip
WITHIN = timedelta(days=14)


def manifest(**more: Any) -> bytes:
    return json.dumps({"revision": 3, "read_at": NOW.isoformat(), "objects": [KNOWN]} | more).encode()


def base() -> Base:
    made = parse_base(LAST, manifest(), NOW + timedelta(days=1), WITHIN)
    assert made is not None
    return made


def test_every_object_name_has_a_file_of_its_own() -> None:
    names = ["a", "a/b", "../../etc/passwd", "/", "公报.pdf", "x" * 1000, "\udcff"]
    files = {object_file(name) for name in names}
    assert len(files) == len(names)
    assert all(len(file) == 64 and file.isalnum() for file in files)


def test_what_is_listed_as_it_was_is_carried_over() -> None:
    assert carry_over(LISTED, base()) == KNOWN


@pytest.mark.parametrize(
    "other", [{"hash": "e" * 32}, {"bytes": 6}, {"last_modified": "2026-11-21"}, {"content_type": "z"}, {"name": "new"}]
)
def test_what_is_listed_otherwise_is_fetched(other: dict[str, Any]) -> None:
    assert carry_over(LISTED | other, base()) is None


def test_what_the_listing_cannot_tell_is_fetched() -> None:
    """An object that is put together of others: they change, it does not."""
    told = parse_base(LAST, manifest(objects=[KNOWN | {"listed": {}}]), NOW, WITHIN)
    assert carry_over(LISTED, told) is None


@pytest.mark.parametrize("days", [-1, 14, 100])
def test_everything_is_fetched_in_time_and_where_the_clock_is_wrong(days: int) -> None:
    assert parse_base(LAST, manifest(), NOW + timedelta(days=days), WITHIN) is None


def test_without_a_manifest_everything_is_fetched() -> None:
    older = json.dumps({"container": "prod/bulletins", "objects": []}).encode()
    assert parse_base(LAST, b"", NOW, WITHIN) is parse_base(LAST, older, NOW, WITHIN) is None
    assert carry_over(LISTED, None) is None


def test_sums_are_those_of_the_files(tmp_path: Path) -> None:
    contents = {name: name.encode() * 3 for name in ("b", "a", "公报")}
    (tmp_path / "objects").mkdir()
    for name, content in contents.items():
        (tmp_path / "objects" / object_file(name)).write_bytes(content)
    objects = [{"file": object_file(n), "sha256": hashlib.sha256(c).hexdigest()} for n, c in contents.items()]
    told = json.dumps({"objects": objects}).encode()
    (tmp_path / "manifest.json").write_bytes(told)
    assert render_sums(told, objects) == sums_of_files(tmp_path)
    assert sum_of_tree(told) == hashlib.sha256(sums_of_files(tmp_path)).hexdigest()
    assert sum_of_tree(b"{}") == sum_of_tree(b"x") == ""
