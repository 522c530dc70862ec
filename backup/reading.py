"""What a program writes, read in a thread of its own."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

KEPT = 64 << 10
"""Bytes of a program's talk that are kept; a runaway message must not fill the memory."""


class Reader:
    """Empties a stream in its own thread, so that no program ever waits for us; keeps the last of it."""

    def __init__(self, stream: Any, say: Callable[[str], None] | None = None, *, limit: int | None = KEPT) -> None:
        self._stream, self._say, self._limit = stream, say, limit
        self._lines: deque[bytes] = deque()
        self._size = 0
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        for line in iter(lambda: self._stream.readline(KEPT), b""):
            self._lines.append(line)
            self._size += len(line)
            while self._limit is not None and self._size > self._limit and len(self._lines) > 1:
                self._size -= len(self._lines.popleft())
            if self._say is not None:
                self._say(line.decode("utf-8", "replace").rstrip("\n"))

    def finish(self) -> bytes:
        """Wait for the end of the stream; give what is kept of it."""
        self._thread.join()
        return b"".join(self._lines)
