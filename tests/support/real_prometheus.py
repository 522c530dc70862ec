"""A real Prometheus on this machine with given samples in it: backfilled by promtool, asked over HTTP."""

from __future__ import annotations

import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from monitoring.prometheus import Prometheus

_PATIENCE_SECONDS = 60
Sample = tuple[str, float, float]
"""Series with its labels, Unix time, value."""


@contextmanager
def prometheus_with(samples: Iterable[Sample], folder: Path, program: Callable[[str], Path]) -> Iterator[Prometheus]:
    """Run one on a free port; ``program`` finds the binaries."""
    text = folder / "samples.om"
    text.write_text("".join(f"{series} {value} {at:.0f}\n" for series, at, value in samples) + "# EOF\n", encoding="utf-8")
    data, configuration = folder / "data", folder / "prometheus.yml"
    backfill = [program("promtool"), "tsdb", "create-blocks-from", "openmetrics", str(text), str(data)]
    subprocess.run(backfill, check=True, capture_output=True)
    configuration.write_text("scrape_configs: []\n")
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    argv = [
        program("prometheus"),
        f"--config.file={configuration}",
        f"--storage.tsdb.path={data}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--storage.tsdb.retention.time=10y",
    ]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            answering(f"{url}/-/ready", process)
            yield Prometheus(url)
        finally:
            process.terminate()


def answering(url: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until something answers there."""
    end = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()  # noqa: S310 — http alone
        except OSError:
            assert time.monotonic() < end, f"{url} does not answer"
            assert process.poll() is None, f"{process.args!r} ended"
            time.sleep(0.2)
        else:
            return
