"""Several exporters, one reader: who is not first takes the reading of one before it, and reads the cloud only alone.

An exporter answers ``/reading`` with its last reading of the cloud. One that is started with ``--through`` asks those
addresses in their order and takes the first reading that is fresh; where none is, it reads by itself. So however many
exporters there are, the cloud is asked by one as long as the first is alive.
"""

from __future__ import annotations

import json
import logging
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from wsgiref.types import StartResponse, WSGIEnvironment

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from monitoring.usage import CloudUsage

PATH = "/reading"
_PATIENCE_SECONDS = 5
_LOG = logging.getLogger(__name__)


def render_reading(usage: CloudUsage) -> bytes:
    """Give a reading as JSON."""
    return _adapter().dump_json(usage)


def parse_reading(text: bytes) -> CloudUsage:
    """Read it back; raises ValueError where it is none, or one of another version."""
    return _adapter().validate_json(text)


def take_reading(addresses: Iterable[str], now: float, fresh_seconds: float) -> CloudUsage | None:
    """Give the first fresh reading of other exporters, marked as having cost no call; None where there is none.

    One whose clock is ahead or behind by more than ``fresh_seconds`` is not taken: nobody could tell how old it is.
    """
    for address in addresses:
        try:
            with urllib.request.urlopen(address.rstrip("/") + PATH, timeout=_PATIENCE_SECONDS) as answer:  # noqa: S310 — the operator's
                usage = parse_reading(answer.read())
        except (OSError, ValueError) as error:
            _LOG.info("no reading from %s: %s", address, error)
            continue
        if abs(now - usage.read_at) <= fresh_seconds:
            return replace(usage, calls=0)
    return None


def with_reading(metrics: Callable[..., Any], last: Callable[[], CloudUsage | None]) -> Callable[..., Any]:
    """Put the last reading beside a WSGI application that answers with metrics."""

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] != PATH:
            answer: Iterable[bytes] = metrics(environ, start_response)
            return answer
        usage = last()
        if usage is None:
            start_response("503 Service Unavailable", [("Content-Type", "application/json")])
            return [json.dumps({"error": "the cloud was not read yet, or not lately"}).encode()]
        start_response("200 OK", [("Content-Type", "application/json")])
        return [render_reading(usage)]

    return application


def _adapter() -> TypeAdapter[CloudUsage]:
    from pydantic import TypeAdapter

    from monitoring.usage import CloudUsage

    return TypeAdapter(CloudUsage)
