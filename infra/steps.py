"""Long steps side by side: each a command of its own, with a log, started when what it needs is done.

A step is a program, so that it can be run alone by hand, and so that one that fails or is interrupted leaves the others
whole. What a finished step left behind makes it quick the next time: that is the step's own business.
"""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

State = Literal["waiting", "running", "done", "failed", "left"]

_POLL_SECONDS = 0.1
_GRACE_SECONDS = 60.0  # what an interrupted step gets to put its things in order


@dataclass(frozen=True)
class Step:
    """One command and what must be done before it."""

    name: str
    title: str
    argv: tuple[str, ...]
    needs: frozenset[str] = frozenset()


@dataclass
class Progress:
    """How far one step is."""

    step: Step
    log: Path
    state: State = "waiting"
    started: float = 0.0
    seconds: float = 0.0
    """Wall-clock seconds: so far while it runs, in all when it ended."""
    returncode: int | None = None
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def last_line(self) -> str:
        """Give the newest non-empty line of the step's log, or nothing."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(0, self.log.stat().st_size - 2048))
                lines = log.read().decode(errors="replace").replace("\r", "\n").split("\n")
        except FileNotFoundError:
            return ""
        return next((line.strip() for line in reversed(lines) if line.strip()), "")


def ready(progress: Iterable[Progress], at_once: int) -> list[Progress]:
    """Choose which waiting steps can start now: all they need is done, and no more than ``at_once`` run."""
    progress = list(progress)
    done = {p.step.name for p in progress if p.state == "done"}
    room = at_once - sum(p.state == "running" for p in progress)
    return [p for p in progress if p.state == "waiting" and p.step.needs <= done][: max(room, 0)]


def run_steps(
    steps: Sequence[Step],
    logs: Path,
    *,
    environment: Mapping[str, str],
    at_once: int = 2,
    on_change: Callable[[Sequence[Progress]], None] = lambda _: None,
    clock: Callable[[], float] = time.monotonic,
) -> list[Progress]:
    """Run the steps; after a failure nothing new starts and what runs is waited for.

    On Ctrl-C every running step is interrupted, given a minute to end by itself, and ``KeyboardInterrupt`` goes on.
    ``on_change`` is called several times a second, for a display.
    """
    logs.mkdir(parents=True, exist_ok=True)
    progress = [Progress(step, logs / f"{step.name}.log") for step in steps]
    try:
        while True:
            failed = any(p.state == "failed" for p in progress)
            for p in [] if failed else ready(progress, at_once):
                _start(p, environment, clock)
            for p in progress:
                _observe(p, clock)
            on_change(progress)
            if not any(p.state == "running" for p in progress) and (
                any(p.state == "failed" for p in progress) or not ready(progress, at_once)
            ):
                break
            time.sleep(_POLL_SECONDS)
    except KeyboardInterrupt:
        _interrupt(progress)
        raise
    for p in progress:
        if p.state == "waiting":
            p.state = "left"
    on_change(progress)
    return progress


def _start(progress: Progress, environment: Mapping[str, str], clock: Callable[[], float]) -> None:
    with progress.log.open("wb") as log:
        progress.process = subprocess.Popen(
            progress.step.argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            start_new_session=True,  # Ctrl-C reaches a step through here alone, once
        )
    progress.started = clock()
    progress.state = "running"


def _observe(progress: Progress, clock: Callable[[], float]) -> None:
    if progress.state != "running" or progress.process is None:
        return
    progress.seconds = clock() - progress.started
    progress.returncode = progress.process.poll()
    if progress.returncode is not None:
        progress.state = "done" if progress.returncode == 0 else "failed"


def _interrupt(progress: Iterable[Progress]) -> None:
    running = [p.process for p in progress if p.state == "running" and p.process is not None]
    for process in running:
        process.send_signal(signal.SIGINT)
    deadline = time.monotonic() + _GRACE_SECONDS
    for process in running:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
