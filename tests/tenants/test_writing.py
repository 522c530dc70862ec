from __future__ import annotations

from pathlib import Path

import pytest

from tenants.writing import write_private, write_whole


def test_what_is_private_is_its_owners_alone_from_the_first_byte(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "secret"
    write_private(file, "old")
    write_private(file, b"\x00\xff")
    assert file.read_bytes() == b"\x00\xff"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text("old")
    with file.open() as reader:
        write_whole(file, "né")
        assert reader.read() == "old"
    assert file.read_text(encoding="utf-8") == "né"
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    folder = tmp_path / "taken"
    (folder / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match="taken"):
        write_whole(folder, "new")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
