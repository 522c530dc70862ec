"""Asks a real HTTP server on this machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from monitoring.probe import Probe, ask, ask_all


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/" else 404)
        self.end_headers()
        self.wfile.write("Immunisation register 免疫".encode())

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def probe(port: int, path: str = "/", expect: str = "免疫") -> Probe:
    return Probe("health", "prod", "web", "127.0.0.1", port, path, expect)


def test_the_expected_text_is_good(port: int) -> None:
    answer = ask(probe(port))
    assert (answer.good, answer.status, answer.reason) == (True, 200, "")


def test_another_text_is_not(port: int) -> None:
    answer = ask(probe(port, expect="Permits"))
    assert not answer.good
    assert answer.reason == "answer: got 'Immunisation register 免疫', expected it to contain 'Permits'"


def test_another_status_is_not(port: int) -> None:
    assert ask(probe(port, path="/none")).reason == "status: got 404, expected 200"


def test_no_answer_is_an_answer_too(port: int) -> None:
    good, refused = ask_all([probe(port), probe(1)])
    assert good.good
    assert not refused.good
    assert refused.status is None
    assert "refused" in refused.reason


def test_the_url_leaves_the_usual_port_out() -> None:
    assert probe(80).url == "http://127.0.0.1/"
    assert probe(8080, "/x").url == "http://127.0.0.1:8080/x"
