"""A process of its own, in a session of its own, that takes back what a benchmark made once that ended, killed or not."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager


@contextmanager
def kept(program: Sequence[str], what: str) -> Iterator[None]:
    """Run a program that takes back when its input ends: behind the block, or soon after this process was killed."""
    with subprocess.Popen([sys.executable, *program], stdin=subprocess.PIPE, start_new_session=True) as keeper:
        try:
            yield
        finally:
            keeper.communicate()
    if keeper.returncode:
        raise RuntimeError(f"{what} may be left: run the benchmark again")


def wait_for_end() -> None:
    """Wait until the benchmark is over, deaf to what would end this before its work is done."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    sys.stdin.read()
