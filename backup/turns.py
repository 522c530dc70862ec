"""Turns of all runs on this host: so many departments at once and no more, the one that has waited longest first.

A run's ticket is a file that it holds locked; the lock goes with the process, so a run that was killed never blocks another.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from backup.plan import Job
from backup.records import BackupRecord, newest_restorable

PAUSE = 0.5
"""Seconds between two looks at the others."""
_RUNNING, _WAITING = "running", "waiting"
_NEVER = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, order=True)
class Ticket:
    """One run's place in the queue; the lesser one comes first."""

    since: int
    """Microseconds of the instant since which it is due."""
    name: str
    running: bool


def due_since(jobs: Iterable[Job], records: Iterable[BackupRecord]) -> datetime:
    """Give since when the longest waiting of some jobs is due; one that was never backed up waits longest. Pure."""
    newest = newest_restorable(records)
    last = [(newest.get((job.department, job.source, job.name)), job.every) for job in jobs]
    return min((snapshot.started_at + every if snapshot else _NEVER for snapshot, every in last), default=_NEVER)


def may_run(own: Ticket, others: Iterable[Ticket], at_once: int) -> bool:
    """Tell whether it is a ticket's turn: a place is free, and of those that wait nobody came before. Pure."""
    present = [other for other in others if other.name != own.name]
    running = sum(other.running for other in present)
    return running < at_once and all(other.running or own < other for other in present)


@contextmanager
def turn(directory: Path, since: datetime, at_once: int, waiting: Callable[[], None]) -> Iterator[None]:
    """Wait for a place among ``at_once``, and hold it through the block; ``waiting`` is called once where one must wait."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = f"{int(since.timestamp() * 10**6):020d}-{os.getpid()}-{time.monotonic_ns()}"
    file = directory / f"{_WAITING}-{name}"
    with _alone(directory):
        held = file.open("x")
        fcntl.flock(held, fcntl.LOCK_EX)
    told = False
    try:
        while True:
            with _alone(directory):
                tickets = list(_living(directory))
                own = next(ticket for ticket in tickets if ticket.name == name)
                if may_run(own, tickets, at_once):
                    file = file.rename(directory / f"{_RUNNING}-{name}")
                    break
            if not told:
                waiting()
                told = True
            time.sleep(PAUSE)
        yield
    finally:
        file.unlink(missing_ok=True)
        held.close()


def _living(directory: Path) -> Iterator[Ticket]:
    """List the tickets; take away those whose run is dead."""
    for file in sorted(directory.glob("*-*-*-*")):
        state, _, name = file.name.partition("-")
        try:
            with file.open() as stream:
                fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
                file.unlink(missing_ok=True)
        except BlockingIOError:  # its run lives
            yield Ticket(int(name.partition("-")[0]), name, state == _RUNNING)
        except FileNotFoundError:
            continue


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
