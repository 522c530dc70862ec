"""What of a container is put back, and when its restored files count."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from backup.restore.container import check_tree, left_to_put, read_files
from backup.restore.running import split_target
from backup.sources.taken import SUMS, NotTakenError, render_sums

OBJECTS = [{"name": "a", "etag": "1"}, {"name": "b/c", "etag": "2"}]


@pytest.mark.parametrize(
    ("present", "left"),
    [({}, ["a", "b/c"]), ({"a": "1"}, ["b/c"]), ({"a": "1", "b/c": "2", "new": "9"}, [])],
)
def test_only_what_is_missing_is_put(present: dict[str, str], left: list[str]) -> None:
    assert [entry["name"] for entry in left_to_put(OBJECTS, present, overwrite=False, container="prod/x")] == left


def test_what_differs_is_replaced_only_when_told() -> None:
    with pytest.raises(NotTakenError, match="1 objects that are not as in the snapshot, 'a' the first: tell --overwrite"):
        left_to_put(OBJECTS, {"a": "7", "b/c": "2"}, overwrite=False, container="prod/x")
    assert left_to_put(OBJECTS, {"a": "7", "b/c": "2"}, overwrite=True, container="prod/x") == OBJECTS[:1]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "objects").mkdir()
    (tmp_path / "objects" / "one").write_bytes(b"one")
    (tmp_path / "objects" / "two").write_bytes(b"two")
    (tmp_path / SUMS).write_bytes(render_sums(tmp_path))
    return tmp_path


def test_the_files_of_a_dump_become_objects_with_the_store_s_own_checksum(tree: Path) -> None:
    held = read_files(tree)
    assert [entry["name"] for entry in held] == [SUMS, "objects/one", "objects/two"]
    assert held[1] == {
        "name": "objects/one",
        "file": "objects/one",
        "etag": "f97c5d29941bfb1b2fdab0874906ab82",
        "headers": {},
    }


@pytest.mark.parametrize(
    ("target", "parts"),
    [
        ("prod/papers", ("prod/papers", "")),
        ("prod/papers/back/", ("prod/papers", "back/")),
        ("prod/papers/back/2026/", ("prod/papers", "back/2026/")),
    ],
)
def test_what_is_put_before_the_names_stands_behind_the_container(target: str, parts: tuple[str, str]) -> None:
    assert split_target(target) == parts


def recorded(tree: Path) -> str:
    return hashlib.sha256((tree / SUMS).read_bytes()).hexdigest()


def test_a_whole_tree_counts(tree: Path) -> None:
    check_tree(tree, recorded(tree))


@pytest.mark.parametrize("damage", ["changed", "missing", "more"])
def test_a_tree_that_is_not_what_its_sums_say_does_not(tree: Path, damage: str) -> None:
    expected, file = recorded(tree), tree / "objects" / "one"
    match damage:
        case "changed":
            file.write_bytes(b"onE")
        case "missing":
            file.unlink()
        case "more":
            (tree / "objects" / "three").write_bytes(b"")
    with pytest.raises(NotTakenError, match="not those of their sums"):
        check_tree(tree, expected)


def test_a_tree_of_another_snapshot_does_not(tree: Path) -> None:
    with pytest.raises(NotTakenError, match="the record says abababababababab"):
        check_tree(tree, "ab" * 32)
