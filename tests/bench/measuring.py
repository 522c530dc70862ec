"""One command measured: wall time, processors' time of its own and of the cloud's machines, and its peak memory."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from memory import children, descendants, pss_bytes

_LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class Cost:
    """What one piece of work took."""

    seconds: float
    client_cpu: float
    """Seconds of processor of the command and all it started."""
    cloud_cpu: float
    """Seconds of processor of everything on the cloud's machines meanwhile."""
    peak_bytes: int
    """Largest sum of the proportional set sizes of the command and all below it, as seen five times a second."""


class _Peak(threading.Thread):
    """Watches a process and all below it until told to stop."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.bytes = 0
        self._pid = pid
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(_LOOK_SECONDS):
            self.bytes = max(self.bytes, sum(pss_bytes(pid) for pid in descendants(self._pid, children())))

    def stop(self) -> int:
        self._over.set()
        self.join()
        return self.bytes


def measure(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str],
    log: Path,
    cloud_cpu: Callable[[], float],
    good: frozenset[int] = frozenset({0}),
) -> Cost:
    """Run a command to its end, its words to ``log``; raises CalledProcessError where its exit code is not ``good``."""
    before, cloud_before, started = resource.getrusage(resource.RUSAGE_CHILDREN), cloud_cpu(), time.monotonic()
    with log.open("a") as said:
        said.write(f"$ {' '.join(argv)}\n")
        said.flush()
        process = subprocess.Popen(argv, env={**os.environ, **environment}, stdout=said, stderr=said)
        peak = _Peak(process.pid)
        peak.start()
        try:
            code = process.wait()
        except BaseException:
            process.send_signal(signal.SIGINT)  # as Ctrl-C would: it finishes and records what is under way
            process.wait()
            raise
        finally:
            peak_bytes = peak.stop()
    seconds, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if code not in good:
        raise subprocess.CalledProcessError(code, argv)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(seconds, spent, cloud_cpu() - cloud_before, peak_bytes)


def cpu_seconds(pids: Sequence[int], proc: Path = Path("/proc")) -> float:
    """Give the seconds of processor that the processes below these, and their ended children, took so far: proc(5), stat."""
    ticks, tree = 0, children(proc)
    for pid in {member for leader in pids for member in descendants(leader, tree)}:
        try:
            fields = (proc / str(pid) / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")
