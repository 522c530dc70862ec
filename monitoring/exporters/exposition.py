"""The text that Prometheus gets: made when something was read, not when somebody asks.

Each part of it is rendered and compressed once a reading of its sources and kept; an answer is those pieces one after the
other. So what an answer costs does not grow with the cloud but by the bytes that are sent. Kept are one text and its
compressed form for each of two formats at most: what Prometheus asks for (OpenMetrics) and the plain text. About 110 bytes
a series and format, with the compressed form; a thousand departments with five servers each have 120,000 series.
"""

from __future__ import annotations

import logging
import struct
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, gzip_accepted
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector as MetricCollector

from monitoring.collector import Collector, Reading
from monitoring.exporters.families import PARTS, Part
from monitoring.exporters.sources import build_call_metrics, build_source_metrics
from monitoring.usage import CloudUsage

_LOG = logging.getLogger(__name__)
_END = b"# EOF\n"
_OPENMETRICS_TYPE = "application/openmetrics-text"
_GZIP_HEAD = bytes((0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255))  # RFC 1952: deflate, no name, no time, system unknown
_DEFLATE_END = b"\x03\x00"  # RFC 1951: a last block with nothing in it


@dataclass(frozen=True)
class Piece:
    """A part of the text, and the same as raw deflate that others may follow."""

    text: bytes
    deflated: bytes

    @classmethod
    def of(cls, text: bytes) -> Piece:
        """Compress; quickly rather than well: names and labels repeat, a tenth is left all the same."""
        packer = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
        return cls(text, packer.compress(text) + packer.flush(zlib.Z_FULL_FLUSH))


def join_gzip(pieces: Iterable[Piece]) -> tuple[bytes, ...]:
    """Give one gzip stream of all pieces (not one for each, which not every client reads)."""
    checksum = size = 0
    deflated = []
    for piece in pieces:
        checksum, size = zlib.crc32(piece.text, checksum), size + len(piece.text)
        deflated.append(piece.deflated)
    return (_GZIP_HEAD, *deflated, _DEFLATE_END, struct.pack("<LL", checksum, size & 0xFFFFFFFF))


@dataclass(frozen=True)
class Page:
    """One whole answer in one format."""

    text: tuple[bytes, ...]
    gzip: tuple[bytes, ...]
    shown: frozenset[str]
    """The sources whose values are in it."""


class Metrics(MetricCollector):
    """Turns the last readings of all sources into metrics, part by part."""

    def __init__(self, collector: Collector, site: str, calls: Callable[[], int]) -> None:
        self._collector, self._site, self._calls = collector, site, calls
        self._parts_read_at: dict[str, float] = {}

    def describe(self) -> list[Metric]:
        """Name nothing beforehand: what is there depends on what could be read."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Give every family whose sources have a fresh value."""
        readings = self.readings()
        yield from self.of_measuring(readings)
        for _, values, part in known_parts(readings):
            yield from part.build(self._site, *values)

    def readings(self) -> Mapping[str, Reading[Any]]:
        """Give the last reading of each source, without values that grew old."""
        return {reading.name: reading for reading in self._collector.readings()}

    def of_measuring(self, readings: Mapping[str, Reading[Any]]) -> Iterator[Metric]:
        """Give whether the measuring works, and what it asks of the cloud."""
        usage: CloudUsage | None = readings["cloud"].value if "cloud" in readings else None
        if usage:
            self._parts_read_at |= {part: usage.read_at for part, good in usage.parts.items() if good}
        parts, seconds = (usage.parts, usage.seconds) if usage else ({}, {})
        yield from build_source_metrics(self._site, readings.values(), parts, seconds, self._parts_read_at)
        yield from build_call_metrics(self._site, self._calls(), usage.calls if usage else None)

    def of_part(self, part: Part, values: Sequence[Any]) -> Iterator[Metric]:
        """Give the families of one part."""
        return part.build(self._site, *values)


def known_parts(readings: Mapping[str, Reading[Any]]) -> Iterator[tuple[int, tuple[Any, ...], Part]]:
    """Give each part all of whose sources have a fresh value: its number, those values, and itself."""
    for number, part in enumerate(PARTS):
        values = tuple(readings[name].value if name in readings else None for name in part.sources)
        if all(value is not None for value in values):
            yield number, values, part


class Exposition:
    """Keeps an answer ready in each format that was asked for."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._pieces: dict[tuple[bool, int], tuple[tuple[Any, ...], Piece]] = {}
        self._pages: dict[bool, Page] = {}
        self._making = threading.Lock()

    def page(self, open_format: bool) -> Page:
        """Give the answer; nothing is rendered for it but after the start and when a source of it failed or grew old."""
        there = self._pages.get(open_format)
        fresh = {name for name, reading in self._metrics.readings().items() if reading.value is not None}
        return there if there and there.shown <= fresh else self._make(open_format)

    def renew(self) -> None:
        """Render what was read anew, in the formats that somebody asked for; called after a reading."""
        for open_format in tuple(self._pages):
            try:
                self._make(open_format)
            except Exception:  # noqa: BLE001 — the reading goes on; who asks next is told
                _LOG.exception("the exposition could not be made")
                self._pages.pop(open_format, None)

    def _make(self, open_format: bool) -> Page:
        with self._making:
            readings = self._metrics.readings()
            pieces = [Piece.of(_render(self._metrics.of_measuring(readings), open_format))]
            kept: dict[tuple[bool, int], tuple[tuple[Any, ...], Piece]] = {}
            for number, values, part in known_parts(readings):
                before, piece = self._pieces.get((open_format, number), ((), None))
                if piece is None or any(a is not b for a, b in zip(values, before, strict=True)):
                    piece = Piece.of(_render(self._metrics.of_part(part, values), open_format))
                kept[open_format, number] = values, piece
                pieces.append(piece)
            if open_format:
                pieces.append(Piece.of(_END))
            others = {key: piece for key, piece in self._pieces.items() if key[0] is not open_format}
            self._pieces = others | kept
            shown = frozenset(name for name, reading in readings.items() if reading.value is not None)
            page = Page(tuple(piece.text for piece in pieces), join_gzip(pieces), shown)
            self._pages[open_format] = page
            return page

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request as a WSGI application."""
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            start_response("405 Method Not Allowed", [("Allow", "GET, HEAD")])
            return []
        open_format = _OPENMETRICS_TYPE in environ.get("HTTP_ACCEPT", "")
        page = self.page(open_format)
        packed = gzip_accepted(environ.get("HTTP_ACCEPT_ENCODING", ""))
        body = page.gzip if packed else page.text
        kind = openmetrics.CONTENT_TYPE_LATEST if open_format else CONTENT_TYPE_PLAIN_0_0_4
        headers = [("Content-Type", kind), ("Content-Length", str(sum(map(len, body)))), ("Vary", "Accept, Accept-Encoding")]
        start_response("200 OK", [*headers, ("Content-Encoding", "gzip")] if packed else headers)
        return () if environ["REQUEST_METHOD"] == "HEAD" else body


def _render(families: Iterator[Metric], open_format: bool) -> bytes:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Given(families))
    if not open_format:
        return generate_latest(registry)
    text: bytes = openmetrics.generate_latest(registry)  # type: ignore[no-untyped-call]
    return text.removesuffix(_END)


class _Given(MetricCollector):
    """Families as the library takes them."""

    def __init__(self, families: Iterator[Metric]) -> None:
        self._families = families

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        return self._families
