"""A program that is told and heard line by line while something else is done."""

from __future__ import annotations

import contextlib
import subprocess
import threading
from collections import deque
from collections.abc import Iterator
from datetime import timedelta
from queue import Empty, SimpleQueue
from typing import Any

from backup.command import GRACE, Command, start, stop
from backup.reading import Reader


class Conversation:
    """A program that runs beside us, told and heard line by line."""

    def __init__(self, process: Any, lines: SimpleQueue[str | None], name: str) -> None:
        self._process, self._lines, self._name = process, lines, name

    def tell(self, line: str) -> None:
        """Give it a line; one that ended does not read it."""
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(f"{line}\n".encode())
            self._process.stdin.flush()

    def hear(self, patience: timedelta) -> str:
        """Give its next line; raise ``OSError`` where there is none in time, or none any more."""
        try:
            line = self._lines.get(timeout=patience.total_seconds())
        except Empty:
            raise OSError(f"{self._name} said nothing for {patience.total_seconds():.0f} s") from None
        if line is None:
            raise OSError(f"{self._name} ended without an answer")
        return line


@contextlib.contextmanager
def converse(command: Command) -> Iterator[Conversation]:
    """Run a program beside the block; its input ends with the block, and it then has a grace to end by itself.

    Raises ``OSError`` where it is not installed.
    """
    process = start(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bound_to_us=True)
    if process is None:
        raise OSError(f"{command.argv[0]} is not installed")
    lines: SimpleQueue[str | None] = SimpleQueue()
    said: deque[str] = deque(maxlen=20)
    talk, answer = Reader(process.stderr, said.append), Reader(process.stdout, lines.put)

    def watch_end() -> None:
        answer.finish()
        talk.finish()
        if said:  # why it ended is what it says last
            lines.put(" ".join(said))
        lines.put(None)

    watch = threading.Thread(target=watch_end, daemon=True)
    watch.start()
    try:
        yield Conversation(process, lines, command.argv[0])
    finally:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=GRACE.total_seconds())
        stop(process)
        watch.join()
