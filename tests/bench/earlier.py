"""Departments that a benchmark which was killed left behind: taken back before the next one begins, or right after it ended.

Only what oneroof recorded: what is left of it fails the tests of the lab that come after.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from keeper import kept, wait_for_end

ONEROOF = Path(sys.executable).parent / "oneroof"


def find_left(departments: Path, prefix: str) -> tuple[str, ...]:
    """Give the benchmark's departments in an installation's folder of what was applied."""
    pattern = re.compile(rf"{re.escape(prefix)}-[0-9]{{3}}")
    return tuple(sorted(file.stem for file in departments.glob("*.json") if pattern.fullmatch(file.stem)))


def take_back(departments: Path, prefix: str) -> tuple[str, ...]:
    """Withdraw them, give their names; raise ``subprocess.CalledProcessError`` where some cannot be."""
    if left := find_left(departments, prefix):
        subprocess.run([str(ONEROOF), "withdraw", *left, "--yes"], stdout=subprocess.DEVNULL, check=True)
    return left


@contextmanager
def taken_back(departments: Path, prefix: str) -> Iterator[None]:
    """See to it that none is left behind the block, or soon after this process was killed."""
    with kept([__file__, str(departments), prefix], f"departments {prefix}-…"):
        yield


def main() -> None:
    """Wait until the benchmark is over, then take back what it left."""
    wait_for_end()
    take_back(Path(sys.argv[1]), sys.argv[2])


if __name__ == "__main__":
    main()
