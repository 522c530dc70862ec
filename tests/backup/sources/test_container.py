"""Names of objects become names of files."""

from __future__ import annotations

from backup.sources.container import object_file


def test_every_object_name_has_a_file_of_its_own() -> None:
    names = ["a", "a/b", "../../etc/passwd", "/", "公报.pdf", "x" * 1000, "\udcff"]
    files = {object_file(name) for name in names}
    assert len(files) == len(names)
    assert all(len(file) == 64 and file.isalnum() for file in files)
