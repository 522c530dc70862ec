"""Finds the machines that run, and their memory, in /proc and the control groups: never by a stale pid file."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_GROUPS_V1 = ("systemd", "memory")
"""Hierarchies in which a machine gets a group of its own: systemd inside tracks its services by one, the other counts."""


MARK = "ONEROOF_ROOT"
"""Environment variable of a machine's first process: which root is its own."""


@dataclass(frozen=True)
class Running:
    """A machine that runs: the container manager's process and the machine's own first one, either of which may be gone."""

    nspawn: int | None
    leader: int | None
    """None also for the moment before systemd inside has started."""

    @property
    def whole(self) -> bool:
        """Whether both are there: without its leader it is ending, and a leader lives on alone where nspawn was killed."""
        return self.nspawn is not None and self.leader is not None

    @property
    def pid(self) -> int:
        """The process that stands for it."""
        return self.nspawn or self.leader or 0


def find_running(root: Path) -> Running | None:
    """Find the machine whose file system is ``root``; None where it does not run."""
    directory, mark = f"--directory={root}".encode(), f"{MARK}={root}".encode()
    managers: dict[int, int] = {}
    leader = None
    for pid, parent, argv in _processes():
        program = argv[0].rsplit(b"/", 1)[-1] if argv else b""
        if program == b"systemd-nspawn" and directory in argv:
            managers[pid] = parent
        elif program in (b"systemd", b"init") and _is_first(pid) and mark in _environment(pid):
            leader = pid
    # while it starts, nspawn's own children look like it: the eldest is the one
    eldest = next((pid for pid, parent in sorted(managers.items()) if parent not in managers), None)
    return Running(eldest, leader) if eldest or leader else None


def _is_first(pid: int) -> bool:
    """Tell whether a process is the first of a namespace of its own."""
    with contextlib.suppress(OSError):
        found = re.search(r"^NSpid:((?:\s+\d+)+)$", (_PROC / str(pid) / "status").read_text(), re.M)
        return found is not None and len(found[1].split()) > 1 and found[1].split()[-1] == "1"
    return False


def _environment(pid: int) -> list[bytes]:
    with contextlib.suppress(OSError):
        return (_PROC / str(pid) / "environ").read_bytes().split(b"\0")
    return []


def _processes() -> Iterable[tuple[int, int, list[bytes]]]:
    for entry in os.listdir(_PROC):  # noqa: PTH208 - names are enough, hundreds of them
        if not entry.isdigit():
            continue
        with contextlib.suppress(OSError):  # it ended meanwhile
            stat = (_PROC / entry / "stat").read_bytes()
            parent = int(stat[stat.rindex(b")") + 2 :].split()[1])
            yield int(entry), parent, (_PROC / entry / "cmdline").read_bytes().split(b"\0")[:-1]


def boot_time() -> float:
    """Give when the kernel started, seconds since the epoch."""
    match = re.search(r"^btime (\d+)$", (_PROC / "stat").read_text(), re.M)
    return float(match.group(1)) if match else 0.0


def started_at(pid: int) -> float | None:
    """Give when a process started, seconds since the epoch; None where it is gone."""
    try:
        stat = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    return boot_time() + int(stat[stat.rindex(")") + 2 :].split()[19]) / os.sysconf("SC_CLK_TCK")


def group_mounts(mountinfo: str) -> dict[str, Path]:
    """Give the control group hierarchies to use, from /proc/self/mountinfo, as ``systemd``, ``memory``, ``unified``."""
    found: dict[str, Path] = {}
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        point, (kind, _, options) = Path(before.split()[4]), after.split(maxsplit=2)
        if kind == "cgroup2":
            found["unified"] = point
        elif kind == "cgroup":
            words = options.replace("name=", "").split(",")
            found |= {name: point for name in _GROUPS_V1 if name in words}
    return found


def group_paths(pid: int | str) -> dict[str, str]:
    """Give the control groups that a process is in, by hierarchy as :func:`group_mounts` names them."""
    found = {}
    for line in (_PROC / str(pid) / "cgroup").read_text().splitlines():
        _, names, path = line.split(":", 2)
        for name in names.replace("name=", "").split(","):
            found[name or "unified"] = path
    return found


def machine_groups(lab: str, machine: str) -> tuple[Path, ...]:
    """Name the control groups of a machine, one in each hierarchy, below this process's own; they may not exist yet.

    Without groups of their own, two machines' systemd would share one tree and take each other's services for their own.
    """
    own = group_paths("self")
    mounts = group_mounts((_PROC / "self/mountinfo").read_text())
    top = {name: "/" if own[name].startswith("/..") else own[name] for name in mounts if name in own}
    return tuple(mounts[name] / path.lstrip("/") / "oneroof" / lab / machine for name, path in top.items())


def make_groups(groups: Iterable[Path]) -> None:
    """Make empty control groups: what an ended machine left in them goes first."""
    for group in groups:
        _remove_tree(group)
        while not group.is_dir():
            # another machine, ending, takes the common parent away in between: before a child of it is made, or is looked at
            with contextlib.suppress(FileNotFoundError, FileExistsError):
                group.mkdir(parents=True, exist_ok=True)


def remove_groups(groups: Iterable[Path]) -> None:
    """Remove control groups whose processes have ended, children first; then the lab's own where it was the last."""
    for group in groups:
        _remove_tree(group)
        for parent in (group.parent, group.parent.parent):
            with contextlib.suppress(OSError):  # another machine's, another lab's
                parent.rmdir()


def _remove_tree(group: Path) -> None:
    for directory, _, _ in os.walk(group, topdown=False):
        with contextlib.suppress(OSError):  # a process is still ending: the next call gets it
            Path(directory).rmdir()


def memory_bytes(pid: int) -> int | None:
    """Give what a machine really uses, bytes: anonymous and shared memory, no page cache; None where it is not counted."""
    mounts = group_mounts((_PROC / "self/mountinfo").read_text())
    with contextlib.suppress(OSError):
        paths = group_paths(pid)
        for name, keys in (("memory", ("total_rss", "total_shmem")), ("unified", ("anon", "shmem"))):
            path = re.sub(r"(/payload|/supervisor|/init\.scope)+$", "", paths.get(name, "/"))
            if name in mounts and path != "/":
                lines = (mounts[name] / path.lstrip("/") / "memory.stat").read_text().splitlines()
                counted = {key: int(value) for key, value in (line.split() for line in lines)}
                return sum(counted.get(key, 0) for key in keys)
    return None
