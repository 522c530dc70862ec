"""A real VictoriaMetrics on this machine with given samples in it, asked as Prometheus is."""

from __future__ import annotations

import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from debian_program import debian_program
from real_prometheus import Sample, answering

from monitoring.prometheus import Prometheus

_PATIENCE_SECONDS = 60


@contextmanager
def store_with(samples: Iterable[Sample], folder: Path) -> Iterator[Prometheus]:
    """Run one on a free port, as the role does, with the label that Prometheus adds to what it sends."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    argv = [
        debian_program("victoria-metrics", "victoria-metrics"),
        f"-storageDataPath={folder}/store",
        f"-httpListenAddr=127.0.0.1:{port}",
        "-retentionPeriod=10y",
        "-search.latencyOffset=0s",
        "-search.maxLookback=5m",
        "-search.maxStalenessInterval=5m",
    ]
    text = "".join(f'{series.removesuffix("}")},cloud="trial"}} {value} {at * 1000:.0f}\n' for series, at, value in samples)
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            answering(f"{url}/health", process)
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/import/prometheus", data=text.encode()).close()
            urllib.request.urlopen(f"http://127.0.0.1:{port}/internal/force_flush").close()
            store, end = Prometheus(url), time.monotonic() + _PATIENCE_SECONDS
            while not store.get("/api/v1/labels", {"start": "0"}):
                assert time.monotonic() < end, "nothing arrived"
                time.sleep(0.2)
            yield store
        finally:
            process.terminate()
