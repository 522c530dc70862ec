"""Hears a forge's webhooks: which request something happened to, and nothing more; all else is asked of the forge itself.

A message counts only with the secret's signature. Between messages everything is looked at now and then, so that one which
was lost, or came while nobody listened, is answered late and not never.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MOST_BYTES = 4 * 1024 * 1024
_SECONDS = 15.0
"""How long a sender may take for its message."""


def is_genuine(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    """Tell whether a message was signed with the secret, in any of the ways that forges have.

    Gitea and Forgejo send HMAC-SHA256 in hexadecimal, GitHub the same after ``sha256=``, GitLab the secret itself.
    """
    told = {name.lower(): value for name, value in headers.items()}
    signed = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    for name, expected in (
        ("X-Hub-Signature-256", f"sha256={signed}"),
        ("X-Gitea-Signature", signed),
        ("X-Forgejo-Signature", signed),
        ("X-Gitlab-Token", secret),
    ):
        if signature := told.get(name.lower()):
            return hmac.compare_digest(signature.encode("utf-8", errors="replace"), expected.encode())
    return False


def parse_number(body: bytes) -> int | None:
    """Give the number of the request that a message is about, or nothing where it is about none."""
    try:
        told = json.loads(body)
    except ValueError:
        return None
    if not isinstance(told, dict):
        return None
    if told.get("object_kind") == "merge_request":
        found, key = told.get("object_attributes"), "iid"
    else:
        found, key = told.get("pull_request"), "number"
    number = found.get(key) if isinstance(found, dict) else None
    return number if isinstance(number, int) and not isinstance(number, bool) and number > 0 else None


@contextmanager
def listen(address: tuple[str, int], secret: str, hear: Callable[[int], None]) -> Iterator[int]:
    """Listen in the background until the end of the block; give the port."""

    class Handler(BaseHTTPRequestHandler):
        timeout = _SECONDS
        server_version, sys_version = "oneroof", ""

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if not length.isdigit() or int(length) > MOST_BYTES:
                self._answer(413)
                return
            body = self.rfile.read(int(length))
            if not is_genuine(dict(self.headers.items()), body, secret):
                self._answer(403)
                return
            number = parse_number(body)
            if number is not None:
                hear(number)
            self._answer(202)

        def _answer(self, code: int) -> None:
            self.close_connection = True
            self.send_response(code)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
            """Say nothing: what came of a message is said by the review."""

    server = ThreadingHTTPServer(address, Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()


def heard(waiting: queue.Queue[int], every: timedelta) -> Iterator[frozenset[int]]:
    """Give the numbers that were heard since; at first, and when nothing was heard so long, none: then all are due."""
    yield frozenset()
    while True:
        try:
            numbers = {waiting.get(timeout=every.total_seconds())}
        except queue.Empty:
            yield frozenset()
            continue
        while not waiting.empty():
            numbers.add(waiting.get_nowait())
        yield frozenset(numbers)
