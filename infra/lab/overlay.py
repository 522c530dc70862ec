"""Clones of a directory by overlayfs: the clone costs nothing until it is written to."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from pathlib import Path

from infra.lab.command import CommandError, run

_MOUNTINFO = Path("/proc/self/mountinfo")
_BUSY_SECONDS = 5.0


def mounted(below: Path) -> tuple[Path, ...]:
    """Give every mount point at or below a directory, deepest first."""
    points = [
        Path(re.sub(r"\\(\d{3})", lambda m: chr(int(m[1], 8)), line.split()[4]))
        for line in _MOUNTINFO.read_text().splitlines()
    ]
    return tuple(reversed([point for point in points if point == below or below in point.parents]))


def lower_directories() -> frozenset[Path]:
    """Give every directory that some overlay of this machine is mounted over: they must stay as they are."""
    found = re.findall(r" - overlay .*?\blowerdir=([^, \n]+)", _MOUNTINFO.read_text())
    return frozenset(Path(layer) for layers in found for layer in layers.split(":"))


def mount(lowers: Sequence[Path], directory: Path) -> Path:
    """Mount a clone of ``lowers`` (uppermost first) whose changes live in ``directory``; gives the mounted root."""
    root = directory / "root"
    for name in ("upper", "work", "root"):
        (directory / name).mkdir(parents=True, exist_ok=True)
    if not mounted(root):
        options = f"lowerdir={':'.join(map(str, lowers))},upperdir={directory / 'upper'},workdir={directory / 'work'}"
        run(["mount", "-t", "overlay", "oneroof", "-o", options, str(root)])
    return root


def unmount(below: Path) -> None:
    """Unmount everything at or below a directory; what somebody still has open goes when it is closed."""
    for point in mounted(below):
        deadline = time.monotonic() + _BUSY_SECONDS
        while True:
            try:
                run(["umount", str(point)])
                break
            except CommandError:
                if point not in mounted(point):
                    break
                if time.monotonic() > deadline:
                    run(["umount", "--lazy", str(point)])
                    break
                time.sleep(0.2)
