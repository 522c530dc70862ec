"""A hundred departments are due at once: a real repository and a real restic each, all finish, nobody is passed over."""

from __future__ import annotations

import os
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backup.checking import check_repository
from backup.opening import open_repository, probe_version
from backup.policy import load_policy
from backup.restic import Repository
from backup.sources.taken import list_snapshots, store_tree
from backup.turns import turn

pytestmark = pytest.mark.slow
DEPARTMENTS = 100
NOON = datetime(2026, 5, 20, 12, tzinfo=UTC)


class Day:
    """What the departments do, and what was seen of it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.at_once, self.version = folder, load_policy().at_once, probe_version(print)
        self.lock = threading.Lock()
        self.running, self.most = 0, 0
        self.begun: list[tuple[float, datetime]] = []
        self.waited: dict[datetime, float] = {}

    def run(self, number: int, since: datetime) -> str:
        """Do a department's due job in its turn: repository, backup, listing and check; give why it does not count."""
        own = self.folder / str(number)
        (own / "tree").mkdir(parents=True)
        (own / "tree" / "data").write_bytes(os.urandom(20_000))
        (own / "address").write_text(str(own / "vault"))
        (own / "password").write_text(f"password {number}")
        repository = Repository(
            f"d{number}", own / "address", own / "password", cache=self.folder / "cache", version=self.version
        )
        asked = time.monotonic()
        with turn(self.folder / "turns", since, self.at_once, lambda: None):
            with self.lock:
                self.running += 1
                self.most = max(self.most, self.running)
                self.begun.append((time.monotonic(), since))
                self.waited[since] = time.monotonic() - asked
            try:
                known = open_repository(repository, own / "records", print)
                taken = store_tree(repository, own / "tree", "container:prod/papers", datetime.now(UTC))
                doubt = check_repository(repository, known, timedelta(days=1), own / "records", print)
                return doubt or ("" if taken.snapshot_id in list_snapshots(repository) else "it is not listed")
            finally:
                with self.lock:
                    self.running -= 1


def test_all_finish_and_the_longest_waiting_is_always_next(restic: Path, tmp_path: Path) -> None:  # noqa: ARG001 - on PATH
    day = Day(tmp_path)
    due = [NOON - timedelta(minutes=minute) for minute in range(DEPARTMENTS)]
    random.Random(5).shuffle(due)  # noqa: S311 - an order, no secret
    started = time.monotonic()
    with ThreadPoolExecutor(DEPARTMENTS) as pool:
        ended = list(pool.map(day.run, range(DEPARTMENTS), due))
    seconds = time.monotonic() - started
    assert ended == [""] * DEPARTMENTS
    assert day.most == day.at_once
    # the first ones came before the others had asked; and two that begin at once may be noted in either order
    queued = [since for _, since in day.begun[2 * day.at_once :]]
    passed = [since for place, since in enumerate(queued) if abs(sorted(queued).index(since) - place) >= day.at_once]
    assert not passed, f"{len(passed)} departments did not begin in the order of their waiting"
    longest = max(day.waited.values())
    print(f"{DEPARTMENTS} departments, {day.at_once} at once: {seconds:.0f} s, the longest waited {longest:.0f} s")
