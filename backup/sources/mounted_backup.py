"""Brings a mounted tree into the vault: the program that shows it is started beside restic, and ends with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from backup.command import Command, beside, run
from backup.ending import Ending, explain, judge
from backup.plan import Job
from backup.restic import Repository, Summary, build_backup_changes, watch_progress
from backup.sources.taken import NotTakenError, Say, demand, identify

MOUNTS = Path("/proc/self/mounts")
HOPELESS = frozenset({Ending.LOCKED, Ending.NO_REPOSITORY, Ending.WRONG_PASSWORD, Ending.REFUSED, Ending.FULL,
                      Ending.STOPPED, Ending.CANCELLED, Ending.KILLED, Ending.NOT_INSTALLED})  # fmt: skip
"""Ends after which reading everything would not help."""
Found = TypeVar("Found")


class CannotCarryError(NotTakenError):
    """What changed could not be put on top of the last good snapshot; everything must be read."""


@dataclass(frozen=True)
class Way:
    """How one job's tree gets into the vault."""

    job: Job
    repository: Repository
    mountpoint: Path
    say: Say


def back_up_mounted(
    way: Way, show: Command, told: bytes, parent: str, to_read: int, look: Callable[[Path, Callable[[], str]], Found]
) -> tuple[Summary, Found]:
    """Store what ``show`` mounts, reading only what has another size or time than in the parent; all without one.

    ``show`` reads ``told``; restic will read ``to_read`` bytes. ``look`` sees the mountpoint after restic ended well, and
    can ask what was said. Raises :class:`NotTakenError`; :class:`CannotCarryError` where it may succeed without a parent.
    """
    make_mountpoint(way.mountpoint)
    tag = f"{way.job.source}:{way.job.name}"
    with beside(show, stdin=told) as said:
        command = build_backup_changes(way.repository, way.mountpoint, tag, parent)
        ended = run(command, progress=_progress(way, to_read))
        if not ended.ok:
            reason = explain(ended, way.repository.version) + (f" ({words})" if (words := said()) else "")
            hopeless = not parent or judge(ended, way.repository.version) in HOPELESS
            raise (NotTakenError if hopeless else CannotCarryError)(reason)
        found = look(way.mountpoint, said)
    return identify(way.repository, ended.stdout), found


def make_mountpoint(mountpoint: Path) -> None:
    """Make an empty directory; take away what a killed run left mounted there."""
    name = str(mountpoint).replace("\\", "\\134").replace(" ", "\\040")
    if any(line.split(" ")[1] == name for line in MOUNTS.read_text(encoding="utf-8").splitlines()):
        demand(Command(("umount", "--lazy", str(mountpoint))))
    mountpoint.mkdir(parents=True, exist_ok=True, mode=0o700)


def _progress(way: Way, size: int) -> Callable[[str], bool]:
    went_on, told = watch_progress(), 0

    def progress(line: str) -> bool:
        nonlocal told
        moved = went_on(line)
        message = json.loads(line) if moved else None
        if isinstance(message, Mapping) and (done := int(message.get("bytes_done", 0)) * 10 // max(size, 1)) > told:
            told = min(done, 10)
            way.say(f"{way.job.label}: {told * 10} % of {size >> 20} MiB")
        return moved

    return progress
