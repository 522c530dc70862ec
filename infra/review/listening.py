"""Hears a forge's webhooks: which request something happened to, and nothing more; all else is asked of the forge itself.

A message counts only with the secret's signature. Everything is looked at now and then, however many messages come, so that
one which was lost, or came while nobody listened, is answered late and not never. Who sends much or slowly gets little: only
so many are heard at once, each for so long, and a request that waits already does not wait twice.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tenants.problem import Problem, UserError

MOST_BYTES = 4 * 1024 * 1024
MOST_AT_ONCE = 16
"""Senders that are heard at the same time; another is turned away, and the forge tries again."""
MOST_WAITING = 10_000
"""Requests that may wait; what comes beyond is found when everything is looked at."""
SECONDS = 15.0
"""How long a sender may take for its message, all of it."""


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


class Heard:
    """Numbers of the requests that something happened to, for the one who answers them; each waits once."""

    def __init__(self, every: timedelta, clock: Callable[[], float] = time.monotonic) -> None:
        self._every, self._clock = every.total_seconds(), clock
        self._numbers: set[int] = set()
        self._changed = threading.Condition()

    def add(self, number: int) -> None:
        """Let a request wait."""
        with self._changed:
            if len(self._numbers) < MOST_WAITING:
                self._numbers.add(number)
                self._changed.notify()

    def __iter__(self) -> Iterator[frozenset[int]]:
        """Give the numbers that were heard since; none at first, and each time so long has passed: then all are due."""
        while True:
            due = self._clock() + self._every
            with self._changed:
                self._numbers.clear()
            yield frozenset()
            while numbers := self._wait(due):
                yield numbers

    def _wait(self, due: float) -> frozenset[int]:
        with self._changed:
            while not self._numbers and (left := due - self._clock()) > 0:
                self._changed.wait(left)
            numbers = frozenset(self._numbers) if self._clock() < due else frozenset()
            self._numbers -= numbers
            return numbers


class _Server(ThreadingHTTPServer):
    """Serves a few senders at once, and each for a short time: a thread that cannot be had is not waited for."""

    request_queue_size = MOST_AT_ONCE

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self._free = threading.BoundedSemaphore(MOST_AT_ONCE)

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        ends = threading.Timer(SECONDS, _hang_up, (request,))
        ends.daemon = True
        ends.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            ends.cancel()
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a sender that speaks no TLS, or hung up, is not ours to mend."""


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):
        # of TLS too the connection below, which a sender that says nothing more cannot hold
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


@contextmanager
def listen(address: tuple[str, int], secret: str, hear: Callable[[int], None], certificate: str = "") -> Iterator[int]:
    """Listen in the background until the end of the block; give the port.

    With TLS where a file with a certificate and its key is told; raises UserError where it holds no such, or where the
    address is none of this machine's, or taken.
    """

    class Handler(BaseHTTPRequestHandler):
        timeout = SECONDS
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

    try:
        server = _Server(address, Handler)
    except OSError as error:
        raise UserError(
            Problem(f"--listen: got {address[0]}:{address[1]}, where nothing can listen: {error.strerror}")
        ) from error
    with server:
        if certificate:
            # the handshake is the sender's thread's: one that never ends keeps nobody else waiting
            server.socket = _tls(certificate).wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()


def _tls(certificate: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate)
    except (OSError, ssl.SSLError) as error:
        what = f"--certificate: got {certificate}, expected a certificate and its key in one PEM file"
        raise UserError(Problem(what, str(error))) from error
    return context
