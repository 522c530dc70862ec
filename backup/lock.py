"""Locks in a repository: which of them are dead for certain, and waiting for those that are not.

restic removes what is older than half an hour by the clock of who asks, so a clock that is wrong lets one machine remove
another's living lock. Here a lock goes only if this very machine made it and its maker cannot be alive: made before this
boot, or by a process that is gone. Everything else is waited for, and at last named.
"""

from __future__ import annotations

import json
import os
import re
import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from backup.command import Command, Completed, run
from backup.ending import Ending, Version, judge
from backup.restic import Repository, build_list_locks, build_read_lock, build_unlock

PATIENCE = timedelta(minutes=35)
"""How long another's lock is waited for: longer than the half hour after which restic itself calls it stale."""
PAUSE = timedelta(seconds=20)

Ask = Callable[[Command], Completed]
"""What runs restic to its end, here or on another machine."""


@dataclass(frozen=True)
class Lock:
    """One lock, as its maker wrote it."""

    made_at: datetime
    hostname: str
    pid: int
    exclusive: bool

    def __str__(self) -> str:
        kind = "exclusive" if self.exclusive else "shared"
        return f"{kind} lock of process {self.pid} on {self.hostname}, made {self.made_at:%Y-%m-%d %H:%M:%S}Z"


@dataclass(frozen=True)
class Alive:
    """What is known of this machine: enough to say that a process is dead."""

    hostname: str
    booted_at: datetime
    is_restic: Callable[[int], bool]
    """Whether a process of this number runs restic now."""


def is_dead(lock: Lock, here: Alive) -> bool:
    """Tell whether a lock's maker is dead for certain."""
    if lock.hostname != here.hostname:
        return False
    return lock.made_at < here.booted_at or not here.is_restic(lock.pid)


def parse_lock(text: bytes) -> Lock:
    """Give a lock as restic prints it; raise ``ValueError`` where it is none."""
    try:
        values = json.loads(text)
        made_at = datetime.fromisoformat(re.sub(r"(\.\d{6})\d*", r"\1", str(values["time"])))  # Go writes nanoseconds
        return Lock(made_at.astimezone(UTC), str(values["hostname"]), int(values["pid"]), bool(values["exclusive"]))
    except (KeyError, TypeError) as error:
        raise ValueError(str(error)) from error


def this_machine() -> Alive:
    """Give what the kernel says of this machine."""
    return Alive(
        socket.gethostname(), datetime.now(UTC) - timedelta(seconds=time.clock_gettime(time.CLOCK_BOOTTIME)), _is_restic
    )


def clear_dead_locks(repository: Repository, here: Alive | None = None, ask: Ask = run) -> tuple[Lock, ...]:
    """Remove the locks of dead makers if all that restic would remove are such; give the locks that are left alone.

    ``here`` is the machine on which ``ask`` runs restic.
    """
    here = here or this_machine()
    locks = tuple(_read_locks(repository, ask))
    living = tuple(lock for lock in locks if not is_dead(lock, here))
    if locks and not living:
        ask(build_unlock(repository))
    return living


def run_unlocked(
    repository: Repository,
    command: Command,
    version: Version,
    say: Callable[[str], None],
    *,
    patience: timedelta = PATIENCE,
    pause: timedelta = PAUSE,
    timeout: timedelta = timedelta(hours=6),
) -> Completed:
    """Run restic; where the repository is locked, clear the dead locks and wait for the living, but not for ever."""
    until = time.monotonic() + patience.total_seconds()
    told = False
    while True:
        ended = run(command, timeout=timeout)
        if judge(ended, version) is not Ending.LOCKED or time.monotonic() >= until:
            return ended
        living = clear_dead_locks(repository)
        if living and not told:
            say(f"{repository.department}: waiting for the {living[0]}")
            told = True
        if living:
            time.sleep(min(pause.total_seconds(), max(0.0, until - time.monotonic())))


def _read_locks(repository: Repository, ask: Ask) -> Iterable[Lock]:
    listed = ask(build_list_locks(repository))
    for name in re.findall(r"^[0-9a-f]{64}$", listed.stdout.decode("ascii", "replace"), re.MULTILINE):
        try:
            yield parse_lock(ask(build_read_lock(repository, name)).stdout)
        except ValueError:  # cut short when its maker died, or gone meanwhile: it blocks nothing
            continue


def _is_restic(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip() == "restic"
    except OSError:
        return False
