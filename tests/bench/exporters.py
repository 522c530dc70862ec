"""``make bench-exporter``: calls, seconds and memory of a reading with few, 200 and 1,000 bare projects, in one run.

Runs against the cloud of the current installation; calls are counted at the lab's own door, so whatever else asks the cloud
from outside meanwhile counts too. openstack-exporter takes part where its binary is at hand (on PATH, or named by
``ONEROOF_BENCH_OPENSTACK_EXPORTER``); else recorded figures are shown, as such. The projects are taken back, also when
the benchmark is killed, and the exporters end with it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import yaml
from bare_projects import bare_projects
from memory import children, descendants, pss_bytes
from requests_seen import Door
from rich.console import Console
from rich.table import Table

from infra.inventory.collect import collect_inventory
from infra.inventory.connect import connect
from tenants.installation import Installation

ONEROOF = Path(sys.executable).parent / "oneroof"
VARIABLE = "ONEROOF_BENCH_OPENSTACK_EXPORTER"
PEER = "openstack-exporter"
RECORDED = {22: "5–7 s, 168 calls", 222: "26 s, 1,168 calls"}
"""openstack-exporter on two cores with this many projects, measured earlier with the same cloud."""
_PATIENCE_SECONDS = 900
_LOOK_SECONDS = 1.0
_SCRAPES = 20


@dataclass(frozen=True)
class Reading:
    """One exporter with so many projects."""

    exporter: str
    projects: int
    calls: int
    """At the cloud's door for one reading of everything."""
    all_calls_seen: bool
    reading_seconds: float
    scrape_seconds: float
    """The slowest of some scrapes; of an exporter that reads when it is asked, that one."""
    memory_bytes: int
    series: int


class Counted(threading.Thread):
    """Counts the requests at the door until told to stop: its ring turns over, so it is looked at often.

    Where it turned over between two looks all the same, some were not seen: what is told then is what was seen at least.
    """

    def __init__(self, door: Door) -> None:
        super().__init__(daemon=True)
        self.whole, self._calls, self._door, self._over = True, 0, door, threading.Event()

    def run(self) -> None:
        while not self._over.wait(_LOOK_SECONDS):
            self._look()

    def stop(self) -> int:
        self._over.set()
        self.join()
        self._look()
        return self._calls

    def _look(self) -> None:
        try:
            self._calls += len(self._door.since_last())
        except ValueError:
            self.whole = False
            self._door.begin_anew()


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def ask(port: int, timeout: float = _PATIENCE_SECONDS) -> str:
    """Give the metrics."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=timeout) as answer:
        text: str = answer.read().decode()
        return text


@contextmanager
def running(argv: Sequence[str | Path], environment: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run an exporter, end it; it ends with this process too."""
    with (
        log.open("a") as said,
        subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *argv], env={**os.environ, **environment}, stdout=said, stderr=said
        ) as process,
    ):
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)


def until(is_so: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    """Wait for it; an exporter that ended says why in the log."""
    end = time.monotonic() + _PATIENCE_SECONDS
    while not is_so():
        if time.monotonic() > end or process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended or gave nothing in time")
        time.sleep(0.25)


def memory(pid: int) -> int:
    """Give the proportional set size of a process and all below it."""
    return sum(pss_bytes(each) for each in descendants(pid, children()))


def measure_own(installation: Installation, cloud: str, projects: int, door: Door, log: Path) -> Reading:
    """Run ``oneroof exporter`` as it is deployed, until its second turn: the first has login and discovery in it."""
    port = free_port()
    auditor = installation.home / "auditor"  # the account that the deployed one reads as
    home = auditor if (auditor / "clouds.yaml").exists() else installation.home
    argv = [str(ONEROOF), "exporter", "--listen", f"127.0.0.1:{port}", "--cloud", cloud]

    def turns() -> float:
        try:
            return value(ask(port, 10), "oneroof_api_calls_total")
        except OSError:
            return 0.0

    with running(argv, {"ONEROOF_HOME": str(home)}, log) as process:
        until(lambda: turns() > 0, process)
        first = turns()
        door.since_last()
        counted = Counted(door)
        counted.start()
        until(lambda: turns() > first, process)
        calls = counted.stop()
        text = ask(port)
        slowest = 0.0
        for _ in range(_SCRAPES):
            started = time.monotonic()
            text = ask(port)
            slowest = max(slowest, time.monotonic() - started)
        took = value(text, 'oneroof_source_duration_seconds{site="site-a",source="cloud"}')
        return Reading("oneroof", projects, calls, counted.whole, took, slowest, memory(process.pid), count(text))


def measure_peer(program: str, installation: Installation, cloud: str, projects: int, door: Door, log: Path) -> Reading:
    """Run openstack-exporter as its README says; it reads the cloud while it is asked."""
    port = free_port()
    argv = [program, f"--os-client-config={installation.clouds}", f"--web.listen-address=127.0.0.1:{port}", cloud]

    def listens() -> bool:
        with socket.socket() as one:
            return one.connect_ex(("127.0.0.1", port)) == 0

    environment = {"SSL_CERT_FILE": str(installation.ca_certificate)}  # it looks for no other authority
    with running(argv, environment, log) as process:
        until(listens, process)
        door.since_last()
        counted = Counted(door)
        counted.start()
        started = time.monotonic()
        text = ask(port)
        took = time.monotonic() - started
        calls = counted.stop()
        return Reading(PEER, projects, calls, counted.whole, took, took, memory(process.pid), count(text))


def value(text: str, series: str) -> float:
    """Give a series' value; 0 where it is not there."""
    return next((float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(series)), 0.0)


def count(text: str) -> int:
    """Count the series of an exposition."""
    return sum(not line.startswith("#") for line in text.splitlines() if line)


def render(readings: Sequence[Reading]) -> Table:
    """Give the table."""
    table = Table("exporter", "projects", "calls", "reading, s", "slowest scrape, ms", "memory, MB", "series")
    for reading in readings:
        table.add_row(
            reading.exporter,
            str(reading.projects),
            f"{'' if reading.all_calls_seen else 'at least '}{reading.calls}",
            f"{reading.reading_seconds:.2f}",
            f"{reading.scrape_seconds * 1000:.1f}",
            f"{reading.memory_bytes / 1e6:.0f}",
            str(reading.series),
        )
    if not any(reading.exporter == PEER for reading in readings):
        for projects, told in RECORDED.items():
            table.add_row(f"{PEER} (recorded earlier)", str(projects), told, "", "", "", "")
    return table


def main() -> None:
    """Measure with what is there, then with more and more bare projects; print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--projects", default="200,1000", help="how many bare projects, one after the other")
    parser.add_argument("--cloud", default="oneroof", help="entry of clouds.yaml")
    parser.add_argument("--controller", default="site-a", help="the lab's machine with the cloud's door")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    installation, console = Installation.existing(), Console(stderr=True)
    hosts = (yaml.safe_load(installation.inventory.read_text()) or {}).get("all", {}).get("hosts", {})
    door = Door(ONEROOF, arguments.controller, frozenset(host["ansible_host"] for host in hosts.values()))
    connection = connect(installation, arguments.cloud)
    program = os.environ.get(VARIABLE) or shutil.which(PEER)
    readings = list[Reading]()
    with tempfile.NamedTemporaryFile(prefix="oneroof-bench-", suffix=".log", delete=False) as log:
        said = Path(log.name)
    try:
        with bare_projects(installation, arguments.cloud, console.print) as projects:
            for more in (0, *map(int, arguments.projects.split(","))):
                if more:
                    projects.grow(more, console.print)
                there = len(collect_inventory(connection, only=("projects",)).projects or ())
                console.print(f"oneroof with {there} projects")
                readings.append(measure_own(installation, arguments.cloud, there, door, said))
                if program:
                    console.print(f"{PEER} with {there} projects")
                    readings.append(measure_peer(program, installation, arguments.cloud, there, door, said))
    finally:
        Console(width=120).print(render(readings))
        if arguments.json:
            arguments.json.write_text(json.dumps([asdict(reading) for reading in readings], indent=1) + "\n")
    said.unlink()


if __name__ == "__main__":
    main()
