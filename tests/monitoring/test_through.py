"""Two exporters over real sockets: the second takes the first one's reading, and reads alone when that is gone or old."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from wsgiref.simple_server import make_server

import pytest
from prometheus_client import CollectorRegistry, make_wsgi_app

from monitoring.exporters.service import _Quiet
from monitoring.exporters.through import parse_reading, render_reading, take_reading, with_reading
from monitoring.usage import CloudUsage


@pytest.fixture
def serve() -> Iterator[Callable[[CloudUsage | None], str]]:
    servers = []

    def start(last: CloudUsage | None) -> str:
        application = with_reading(make_wsgi_app(CollectorRegistry()), lambda: last)
        server = make_server("127.0.0.1", 0, application, handler_class=_Quiet)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_reading_comes_back_as_it_was(usage: CloudUsage) -> None:
    assert parse_reading(render_reading(usage)) == usage


def test_the_second_takes_the_firsts_reading_at_no_call(usage: CloudUsage, serve: Callable[..., str]) -> None:
    assert take_reading([serve(usage)], usage.read_at + 59, 60) == replace(usage, calls=0)


@pytest.mark.parametrize("age", [61, -61], ids=["old", "of a clock that is ahead"])
def test_a_reading_whose_age_is_not_right_is_not_taken(age: int, usage: CloudUsage, serve: Callable[..., str]) -> None:
    assert take_reading([serve(usage)], usage.read_at + age, 60) is None


def test_who_is_gone_or_has_read_nothing_is_passed_over(usage: CloudUsage, serve: Callable[..., str]) -> None:
    gone = serve(None)
    assert take_reading([gone, "http://127.0.0.1:9"], usage.read_at, 60) is None
    assert take_reading([gone, serve(usage)], usage.read_at, 60) is not None
