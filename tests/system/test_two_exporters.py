"""Two exporters of one cloud: the second asks it nothing while the first lives, and takes over when that is killed."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tenants.installation import Installation

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("cloud")]
PATIENCE_SECONDS = 240
_READ = 'oneroof_source_read_timestamp_seconds{site="site-a",source="cloud"}'


class Exporter:
    """One that runs on this machine as it is deployed: as the account that reads and changes nothing."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process, self.url = process, f"http://127.0.0.1:{port}"

    def text(self) -> str:
        try:
            with urllib.request.urlopen(f"{self.url}/metrics", timeout=10) as answer:  # noqa: S310 — http alone
                told: str = answer.read().decode()
        except OSError:
            return ""
        return told

    def value(self, series: str) -> float:
        """Give a series' value; 0 where it is not there."""
        return next((float(line.rsplit(" ", 1)[1]) for line in self.text().splitlines() if line.startswith(series)), 0.0)

    def calls(self) -> float:
        return self.value("oneroof_api_calls_total")

    def usage(self) -> list[str]:
        return re.findall(r"^oneroof_usage_.*$", self.text(), re.MULTILINE)


@contextmanager
def running(command: Path, home: Path, *words: str) -> Iterator[Exporter]:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    argv = [command, "exporter", "--listen", f"127.0.0.1:{port}", "--cloud", "oneroof", *words]
    environment = {**os.environ, "ONEROOF_HOME": str(home), "NO_PROXY": "*"}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(argv, env=environment, **quiet) as process:
        try:
            yield Exporter(process, port)
        finally:
            process.kill()


def wait_for(what: str, is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < end, what
        time.sleep(1)


def test_the_second_asks_nothing_while_the_first_lives_and_takes_over(installation: Installation, command: Path) -> None:
    home = installation.home / "auditor"
    with running(command, home) as first:
        wait_for("the first reads the cloud", lambda: bool(first.usage()))
        with running(command, home, "--through", first.url) as second:
            wait_for("the second has the first one's reading", lambda: bool(second.usage()))
            taken = second.value(_READ)
            wait_for("the second took another", lambda: second.value(_READ) > taken)
            assert second.calls() == 0
            assert first.calls() > 0
            wait_for("both tell the same", lambda: second.usage() == first.usage())

            first.process.kill()
            wait_for("the second asks by itself", lambda: second.calls() > 0)
            assert second.value('oneroof_source_success{site="site-a",source="cloud"}') == 1
            assert second.usage()
