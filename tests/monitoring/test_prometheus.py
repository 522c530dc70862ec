"""The client, against a real HTTP server that answers as Prometheus's API documents it."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from monitoring.prometheus import Prometheus, PrometheusError, Sample
from tenants.installation import Installation


class _Api(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)["query"][0]
        let_in = self.headers["Authorization"] == "Basic " + base64.b64encode(b"oneroof:right").decode()
        self.send_response(200 if let_in else 401)
        self.end_headers()
        result = [{"metric": {"instance": asked}, "value": [1795348800.5, "0.25"]}]
        self.wfile.write(json.dumps({"status": "success", "data": {"resultType": "vector", "result": result}}).encode())

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_a_query_gives_samples(url: str) -> None:
    assert Prometheus(url, "oneroof", "right").query("a{b=~'c d'}") == (
        Sample({"instance": "a{b=~'c d'}"}, 0.25, 1795348800.5),
    )


def test_a_wrong_password_is_said_without_showing_it(url: str) -> None:
    with pytest.raises(PrometheusError, match="401") as caught:
        Prometheus(url, "oneroof", "wrong").query("up")
    assert "wrong" not in str(caught.value)


def test_nobody_there_is_said() -> None:
    with pytest.raises(PrometheusError, match="does not answer"):
        Prometheus("http://127.0.0.1:1").query("up")


def test_it_is_found_in_the_home(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    assert Prometheus.of(installation) is None
    (tmp_path / "prometheus.yaml").write_text("url: https://10.0.0.1:9090\nusername: oneroof\npassword: abc\n")
    assert Prometheus.of(installation) == Prometheus("https://10.0.0.1:9090", "oneroof", "abc", tmp_path / "ca.pem")
