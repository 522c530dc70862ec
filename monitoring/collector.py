"""Reads slow sources in the background, so that nobody who asks for metrics ever waits for a cloud.

Each source has a thread, an interval and a last reading. A source that failed, or whose reading grew old, gives no values:
its metrics disappear instead of standing still, and ``oneroof_source_success`` says why.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")

_LOG = logging.getLogger(__name__)
_RETRY_SECONDS = 60.0
_INTERVALS_UNTIL_OLD = 3  # a reading may miss two turns before it is not shown any more


def _seconds_on() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)  # goes on while the machine sleeps, and no change of the time moves it


@dataclass(frozen=True)
class Source(Generic[Value]):
    """Something that takes a while to read."""

    name: str
    read: Callable[[], Value]
    interval: float
    """Seconds between the end of one reading and the begin of the next; at most a minute after one that failed."""


@dataclass(frozen=True)
class Reading(Generic[Value]):
    """The state of one source."""

    name: str
    value: Value | None = None
    error: str = ""
    duration: float | None = None
    """Seconds that the last reading took; None before the first."""
    read_at: float | None = None
    """Unix time of the last reading that succeeded."""

    @property
    def success(self) -> bool:
        """Whether the last reading succeeded."""
        return self.duration is not None and not self.error


class Collector:
    """Holds the last reading of every source."""

    def __init__(
        self,
        sources: Iterable[Source[Any]],
        clock: Callable[[], float] = time.time,
        after: Callable[[], None] = lambda: None,
        steady: Callable[[], float] = _seconds_on,
        retry: float = _RETRY_SECONDS,
    ) -> None:
        """``after`` is called behind each reading of the background, by its thread.

        ``clock`` tells when something was read; how old that is tells ``steady``, which nobody sets back or forth.
        """
        self._sources = {source.name: source for source in sources}
        self._readings: dict[str, Reading[Any]] = {name: Reading(name) for name in self._sources}
        self._clock, self._steady = clock, steady
        self._read: dict[str, float] = {}
        """By the steady clock."""
        self._after = after
        self._retry = retry
        self._stop = threading.Event()

    def start(self) -> None:
        """Start reading, each source in a thread of its own."""
        for source in self._sources.values():
            threading.Thread(target=self._follow, args=(source,), name=source.name, daemon=True).start()

    def stop(self) -> None:
        """Begin no further reading."""
        self._stop.set()

    def read_once(self, name: str) -> Reading[Any]:
        """Read one source now and keep what came of it."""
        source, begin = self._sources[name], time.monotonic()
        before = self._readings[name]
        try:
            value = source.read()
        except Exception as error:  # noqa: BLE001 — a source is foreign code: its failure is a metric, not the end of the exporter
            reason = f"{type(error).__name__}: {error}"
            if reason != before.error:
                _LOG.warning("source %s failed: %s", name, reason)
            reading = replace(before, value=None, error=reason, duration=time.monotonic() - begin)
        else:
            if before.error:
                _LOG.warning("source %s succeeds again", name)
            self._read[name] = self._steady()
            reading = Reading(name, value, "", time.monotonic() - begin, self._clock())
        self._readings[name] = reading
        return reading

    def readings(self) -> tuple[Reading[Any], ...]:
        """Give the last reading of every source, without the values that grew old."""
        return tuple(map(self._fresh, self._readings.values()))

    def value(self, name: str) -> Any:
        """Give the fresh value of a source, or None."""
        return self._fresh(self._readings[name]).value

    def _fresh(self, reading: Reading[Any]) -> Reading[Any]:
        if reading.value is None:
            return reading
        age = self._steady() - self._read[reading.name]
        limit = _INTERVALS_UNTIL_OLD * (self._sources[reading.name].interval + (reading.duration or 0.0))
        return reading if age <= limit else replace(reading, value=None, error=f"not read for {age:.0f} s")

    def _follow(self, source: Source[Any]) -> None:
        while not self._stop.is_set():
            reading = self.read_once(source.name)
            self._after()
            self._stop.wait(source.interval if reading.success else min(source.interval, self._retry))
