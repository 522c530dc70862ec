"""Waits for what comes about by itself, and says what was seen last where it does not."""

from __future__ import annotations

import time
from collections.abc import Callable


def awaits(what: Callable[[], bool], seconds: float, told: Callable[[], object], every: float = 1.0) -> None:
    """Ask until it is so; fails with what ``told`` gives after so many seconds."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, told()
        time.sleep(every)
