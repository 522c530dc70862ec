"""What a killed run left is told from what others have."""

from __future__ import annotations

from pathlib import Path

from earlier import find_left


def test_only_the_benchmarks_own_are_found(tmp_path: Path) -> None:
    for name in ("bench-000", "bench-011", "bench-offices", "bench-0", "speed-000", "health"):
        (tmp_path / f"{name}.json").touch()
    assert find_left(tmp_path, "bench") == ("bench-000", "bench-011")


def test_where_nothing_was_applied_nothing_is_left(tmp_path: Path) -> None:
    assert find_left(tmp_path / "departments", "bench") == ()
