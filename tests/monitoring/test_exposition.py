"""What Prometheus gets is ready before it asks, in each form the same, and never holds what is not fresh."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPConnection
from typing import Any
from wsgiref.simple_server import make_server

import pytest
from big_cloud import big_cloud
from exposing import metrics
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from monitoring.collector import Collector, Source
from monitoring.exporters.exposition import Exposition, Metrics, Piece, join_gzip
from monitoring.exporters.service import _Quiet
from monitoring.usage import CloudUsage


@pytest.mark.parametrize("open_format", [True, False], ids=["OpenMetrics", "plain text"])
def test_the_pieces_are_what_the_library_renders_of_the_whole(sources: dict[str, Any], open_format: bool) -> None:
    whole = metrics(sources)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(whole)
    page = Exposition(whole).page(open_format)
    expected = generate_openmetrics(registry) if open_format else generate_latest(registry)
    assert b"".join(page.text) == expected
    assert gzip.decompress(b"".join(page.gzip)) == expected


def test_pieces_are_one_gzip_stream() -> None:
    assert gzip.decompress(b"".join(join_gzip(()))) == b""
    packed = b"".join(join_gzip([Piece.of(b"one "), Piece.of(b""), Piece.of(b"two" * 1000)]))
    assert gzip.decompress(packed) == b"one " + b"two" * 1000
    assert packed.count(b"\x1f\x8b\x08") == 1


def reading(sources: dict[str, Any]) -> tuple[Collector, Exposition, list[float]]:
    """Give an exposition over values that the test may change, and its clock."""
    now = [1000.0]

    def read(name: str) -> Any:
        if isinstance(sources[name], Exception):
            raise sources[name]
        return sources[name]

    collector = Collector(
        [Source(name, lambda name=name: read(name), 10.0) for name in sources],  # type: ignore[misc]
        clock=lambda: now[0],
        steady=lambda: now[0],
    )
    for name in sources:
        collector.read_once(name)
    return collector, Exposition(Metrics(collector, "site-a", lambda: 0)), now


def test_who_asks_renders_nothing_and_a_reading_only_what_it_changed(sources: dict[str, Any]) -> None:
    collector, exposition, _ = reading(sources)
    first = exposition.page(True)
    assert exposition.page(True) is first
    sources["guests"] = tuple(sources["guests"])[:0]
    collector.read_once("guests")
    assert exposition.page(True) is first, "what was read is shown once it is rendered"
    exposition.renew()
    second = exposition.page(True)
    assert second is not first
    cloud = next(i for i, text in enumerate(first.text) if b"oneroof_usage_cores{" in text)
    assert second.text[cloud] is first.text[cloud]
    assert b"oneroof_server_cpu_seconds" not in b"".join(second.text)


def test_what_failed_is_not_shown_though_nothing_was_rendered_since(sources: dict[str, Any]) -> None:
    collector, exposition, _ = reading(sources)
    assert b"oneroof_usage_cores{" in b"".join(exposition.page(False).text)
    sources["cloud"] = OSError("no route")
    collector.read_once("cloud")
    text = b"".join(exposition.page(False).text)
    assert b"oneroof_usage_cores" not in text
    assert b'oneroof_source_success{site="site-a",source="cloud"} 0.0' in text


def test_what_grew_old_is_not_shown(sources: dict[str, Any]) -> None:
    _, exposition, now = reading(sources)
    assert b"oneroof_probe_success{" in b"".join(exposition.page(False).text)
    now[0] += 60
    assert b"oneroof_probe_success{" not in b"".join(exposition.page(False).text)


def test_a_reading_that_cannot_be_rendered_ends_nothing_and_is_told(usage: CloudUsage) -> None:
    values: dict[str, Any] = {"cloud": usage}
    collector, exposition, _ = reading(values)
    exposition.page(False)
    values["cloud"] = "damaged"
    collector.read_once("cloud")
    exposition.renew()
    with pytest.raises(AttributeError):
        exposition.page(False)


Ask = Callable[..., tuple[int, Mapping[str, str], bytes]]


@pytest.fixture
def serve() -> Iterator[Callable[[Exposition], Ask]]:
    """Serve an exposition; give what asks it: method and headers to status, headers and body."""
    servers = []

    def start(exposition: Exposition) -> Ask:
        server = make_server("127.0.0.1", 0, exposition, handler_class=_Quiet)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)

        def ask(method: str = "GET", **headers: str) -> tuple[int, Mapping[str, str], bytes]:
            connection = HTTPConnection("127.0.0.1", server.server_port, timeout=30)
            connection.request(method, "/metrics", headers={name.replace("_", "-"): said for name, said in headers.items()})
            answer = connection.getresponse()
            body = answer.read()
            connection.close()
            return answer.status, dict(answer.getheaders()), body

        return ask

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_each_client_gets_the_form_that_it_asks_for(sources: dict[str, Any], serve: Callable[[Exposition], Ask]) -> None:
    ask = serve(reading(sources)[1])
    _, plain, text = ask()
    assert plain["Content-Type"].startswith("text/plain; version=0.0.4")
    assert text.startswith(b"# HELP oneroof_source_success")
    _, packed, body = ask(Accept="application/openmetrics-text;version=1.0.0,*/*;q=0.1", Accept_Encoding="gzip")
    assert packed["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert gzip.decompress(body).endswith(b"# EOF\n")
    _, head, nothing = ask("HEAD")
    assert (head["Content-Length"], nothing) == (str(len(text)), b"")
    assert ask("POST")[0] == 405


def test_a_thousand_departments_are_answered_at_once(serve: Callable[[Exposition], Ask]) -> None:
    usage, guests = big_cloud(1000)
    _, exposition, _ = reading({"cloud": usage, "guests": guests})
    page = exposition.page(True)
    size = sum(map(len, page.text)) + sum(map(len, page.gzip))
    assert size < 20e6, "120,000 series"
    ask = serve(exposition)
    took = []
    for _ in range(10):
        began = time.monotonic()
        _, _, body = ask(Accept="application/openmetrics-text", Accept_Encoding="gzip")
        took.append(time.monotonic() - began)
        assert len(body) == sum(map(len, page.gzip))
    assert sorted(took)[5] < 0.1, took
