"""So many at once and no more; nobody waits for ever; a killed run keeps no place."""

from __future__ import annotations

import heapq
import itertools
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from backup.plan import Job
from backup.records import BackupRecord, Outcome, Source
from backup.turns import Ticket, due_since, may_run, turn
from tenants.installation import repository

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
HOLD = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from backup.turns import turn
with turn(Path(sys.argv[1]), datetime.fromtimestamp(int(sys.argv[2]), UTC), int(sys.argv[3]), lambda: None):
    print("begin", sys.argv[2], flush=True)
    while not Path(sys.argv[4]).exists():
        time.sleep(0.05)
    print("end", sys.argv[2], flush=True)
"""


def hold(directory: Path, since: int, at_once: int, until: Path, output: int) -> subprocess.Popen[bytes]:
    """Hold a turn until a file is there."""
    words = [sys.executable, "-c", HOLD, str(directory), str(since), str(at_once), str(until)]
    return subprocess.Popen(words, stdout=output, env={**os.environ, "PYTHONPATH": str(repository())})


def job(name: str) -> Job:
    return Job("health", Source.VOLUME, name, "gold", timedelta(hours=4), timedelta(0), timedelta(days=14))


def test_it_is_due_since_its_longest_waiting_job() -> None:
    def record(name: str, hours: int, outcome: Outcome = Outcome.GOOD) -> BackupRecord:
        when = NOW - timedelta(hours=hours)
        return BackupRecord("health", Source.VOLUME, name, when, when, f"{name}{hours}", 1, "a", outcome)

    records = [record("prod/a", 9), record("prod/b", 5), record("prod/a", 1, Outcome.FAILED)]
    assert due_since([job("prod/b")], records) == NOW - timedelta(hours=1)
    assert due_since([job("prod/a"), job("prod/b")], records) == NOW - timedelta(hours=5)
    assert due_since([job("prod/b"), job("prod/c")], records) < NOW - timedelta(days=9000)


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 600), st.integers(1, 900)), min_size=100, max_size=100), st.integers(1, 5))
def test_a_hundred_departments_finish_in_the_order_of_their_waiting(work: list[tuple[int, int]], at_once: int) -> None:
    """A simulated clock: each is due at an instant and takes its time; who was due first begins first."""
    waiting = [Ticket(since, str(number), running=False) for number, (since, _) in enumerate(work)]
    arriving, ends, running, begun, clock = sorted(waiting), [], {}, [], 0  # type: ignore[var-annotated]
    queue: list[Ticket] = []
    while arriving or queue or running:
        queue += [t for t in arriving if t.since <= clock]
        arriving = [t for t in arriving if t.since > clock]
        everybody = [*queue, *(Ticket(t.since, t.name, running=True) for t in running.values())]
        for ticket in list(queue):
            if may_run(ticket, everybody, at_once):
                queue.remove(ticket)
                running[ticket.name] = ticket
                begun.append((clock, ticket))
                heapq.heappush(ends, (clock + work[int(ticket.name)][1], ticket.name))
                everybody = [*queue, *(Ticket(t.since, t.name, running=True) for t in running.values())]
        assert len(running) <= at_once
        clock = min([e for e, _ in ends[:1]] + [t.since for t in arriving[:1]])
        while ends and ends[0][0] <= clock:
            del running[heapq.heappop(ends)[1]]
    assert len(begun) == 100
    for (started, one), (_, after) in itertools.pairwise(begun):
        assert one < after or after.since > started or one.since == after.since


def test_no_more_than_allowed_run_at_once_and_the_longest_waiting_is_next(tmp_path: Path) -> None:
    said, until = tmp_path / "said", [tmp_path / "first", tmp_path / "second"]
    with said.open("wb") as output:
        first = [hold(tmp_path / "turns", since, 2, until[since], output.fileno()) for since in (0, 1)]
        wait_for(lambda: said.read_bytes().count(b"begin") == 2)
        later = [hold(tmp_path / "turns", since, 2, until[0], output.fileno()) for since in (30, 20, 10)]
        wait_for(lambda: len(list((tmp_path / "turns").glob("waiting-*"))) == 3)
        until[0].touch()
        wait_for(lambda: said.read_bytes().count(b"begin") == 5)
        until[1].touch()
        assert [each.wait(60) for each in first + later] == [0] * 5
    lines = said.read_text().split("\n")
    assert [line for line in lines if line.startswith("begin")][2:] == ["begin 10", "begin 20", "begin 30"]
    at_once = 0
    for line in filter(None, lines):
        at_once += 1 if line.startswith("begin") else -1
        assert at_once <= 2


def test_a_killed_run_keeps_no_place(tmp_path: Path) -> None:
    dead = hold(tmp_path, 1, 1, tmp_path / "never", subprocess.PIPE)
    assert dead.stdout is not None
    assert dead.stdout.readline() == b"begin 1\n"
    dead.send_signal(signal.SIGKILL)
    dead.wait()
    waited: list[bool] = []
    with turn(tmp_path, NOW, 1, lambda: waited.append(True)):
        assert waited == []
    assert [f.name for f in tmp_path.iterdir()] == ["lock"]


def wait_for(happened: object, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not happened():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.05)
