"""A department that does known work: what is reported of it is what was put in, by another way of counting.

The processor's truth is the kernel's own account of the threads that are the server's virtual cores; the disks' is what the
guest wrote. Killing a source leaves a gap, and no old figure stands in for it.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from trial_department import TrialDepartment

from infra.lab.status import LabStatus
from monitoring.prometheus import Prometheus
from tenants.installation import Installation
from tenants.machines import load_machine

pytestmark = [pytest.mark.system, pytest.mark.slow]

SLUG = "system-load"
WRITTEN = 256 * 1024**2
FILE_SYSTEM = 80 * 1024**2  # journal and inode tables of an ext4 of 1 GiB, written when it is made
PATIENCE_SECONDS = 180
WINDOW_SECONDS = 30
READING_SECONDS = 12  # a reading of the guests is at most so old
# writes a known number of bytes past every cache, then works without end
LOAD = (
    "#!/bin/sh\ngrep -q ' /srv ' /proc/mounts || exit 0\n"
    "(dd if=/dev/zero of=/srv/known bs=1048576 count=256 conv=fsync; say WRITTEN; while :; do :; done) &\n"
)
DECLARATION = f"""
name: {SLUG}
local_name: Trial of known load
owners: [it@trial.gov.example]
cost_centre: T-2
projects:
  - name: prod
    networks: [{{name: front, cidr: 10.23.112.0/24}}]
    servers:
      - name: busy
        flavor: tiny
        image: tiny
        volumes: [data]
        user_data: {json.dumps(LOAD)}
      - {{name: idle, flavor: tiny, image: tiny}}
    volumes: [{{name: data, size_gib: 1}}]
"""
# by thread: name, and user and system time in hundredths of a second (proc(5))
THREADS = (
    "import pathlib, sys\n"
    "for p in pathlib.Path('/proc').glob('[0-9]*/cmdline'):\n"
    "    try:\n"
    "        if sys.argv[1].encode() not in p.read_bytes() or b'qemu' not in p.read_bytes(): continue\n"
    "        for t in p.parent.glob('task/*/stat'):\n"
    "            head, _, rest = t.read_text().rpartition(') '); f = rest.split()\n"
    "            print(head.partition('(')[2], '|', int(f[11]) + int(f[12]))\n"
    "    except OSError: pass\n"
)


@pytest.fixture(scope="module")
def trial(lab: LabStatus, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrialDepartment]:  # noqa: ARG001 - it must run first
    made = TrialDepartment(SLUG, tmp_path_factory.mktemp("load"))
    made.withdraw()
    made.declare(DECLARATION)
    made.apply()
    yield made
    made.withdraw()


@pytest.fixture(scope="module")
def prometheus(installation: Installation) -> Prometheus:
    found = Prometheus.of(installation)
    assert found is not None
    return found


def value(prometheus: Prometheus, metric: str, server: str) -> tuple[float, float]:
    """Give a series' newest value and when it was scraped; wait until there is one."""
    end = time.monotonic() + PATIENCE_SECONDS
    selector = f'{metric}{{department="{SLUG}",server="{server}"}}'
    while True:
        found = prometheus.query(selector)
        if found:
            return found[0].value, prometheus.query(f"timestamp({selector})")[0].value
        assert time.monotonic() < end, f"no sample of {selector}"
        time.sleep(3)


def wait_for(port: int, is_so: Callable[[str], bool]) -> str:
    """Give an exporter's answer once it is so."""
    end = time.monotonic() + PATIENCE_SECONDS
    text = ""
    while time.monotonic() < end:
        try:
            text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10).read().decode()
        except OSError:
            text = ""
        if is_so(text):
            return text
        time.sleep(1)
    raise AssertionError(text)


def core_seconds(installation: Installation, server_id: str) -> float:
    """Give the processor time of a server's virtual cores by the kernel of its host."""
    host = load_machine(installation, "computes")
    command = f"python3 -c {shlex.quote(THREADS)} {server_id}"
    told = subprocess.run(host.ssh(command), capture_output=True, text=True, check=True).stdout
    ticks = [int(line.split("|")[1]) for line in told.splitlines() if re.match(r"CPU \d+/", line)]
    assert ticks, told
    return sum(ticks) / 100


def scraped_after(prometheus: Prometheus, metric: str, server: str, moment: float) -> float:
    """Give the first value that was scraped after a moment."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        told, at = value(prometheus, metric, server)
        if at > moment:
            return told
        assert time.monotonic() < end, f"no scrape after {moment}"
        time.sleep(2)


def wait_for_value(prometheus: Prometheus, metric: str, server: str, least: float) -> float:
    """Give the value once it reached so much and stood still over two scrapes."""
    end, before = time.monotonic() + PATIENCE_SECONDS, -1.0
    while True:
        told, _ = value(prometheus, metric, server)
        if told >= least and told == before:
            return told
        assert time.monotonic() < end, f"{metric}: {told}"
        before = told
        time.sleep(20)


def bracketed(trial: TrialDepartment, prometheus: Prometheus, server_id: str) -> float:
    """Give what is reported, after it was held between what the kernel says before and after."""
    before, moment = core_seconds(trial.installation, server_id), time.time()
    told = scraped_after(prometheus, "oneroof_server_cpu_seconds_total", "busy", moment + READING_SECONDS)
    after = core_seconds(trial.installation, server_id)
    assert before - 0.05 <= told <= after + 0.05, "the kernel counts in hundredths of a second"
    return told


def test_processor_and_bytes_are_what_was_put_in(trial: TrialDepartment, prometheus: Prometheus) -> None:
    busy = next(s for s in trial.outcome().projects[0]["servers"] if s["name"] == "busy")
    value(prometheus, "oneroof_server_cpu_seconds_total", "busy")
    first = bracketed(trial, prometheus, busy["id"])
    time.sleep(WINDOW_SECONDS)
    assert bracketed(trial, prometheus, busy["id"]) > first + WINDOW_SECONDS / 10, "it works without end"

    written = wait_for_value(prometheus, "oneroof_server_disk_written_bytes_total", "busy", WRITTEN)
    assert WRITTEN <= written < WRITTEN + FILE_SYSTEM


@pytest.mark.usefixtures("trial")
def test_a_source_that_dies_leaves_a_gap(
    installation: Installation,
    tmp_path: Path,
    command: Path,
) -> None:
    """An exporter of its own, whose way to the cloud is then cut: its metrics go, and success says so."""
    home = tmp_path / "home"
    home.mkdir()
    clouds = installation.clouds.read_text()
    (home / "clouds.yaml").write_text(clouds)
    environment = {**os.environ, "ONEROOF_HOME": str(home), "NO_PROXY": "*"}
    port = 19180 + os.getpid() % 700
    argv = [command, "exporter", "--listen", f"127.0.0.1:{port}", "--cloud", "oneroof"]
    with subprocess.Popen(argv, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            there = wait_for(port, lambda text: f'oneroof_usage_cores{{department="{SLUG}"' in text)
            assert 'oneroof_source_success{site="site-a",source="cloud"} 1.0' in there
            calls = re.search(r"oneroof_api_calls_of_turn\S+ (\S+)", there)
            assert calls is not None
            assert float(calls[1]) <= 40
        finally:
            process.send_signal(signal.SIGTERM)
    (home / "clouds.yaml").write_text(re.sub(r"(auth_url: https://)[^:/]+", r"\g<1>127.0.0.1", clouds))
    with subprocess.Popen(argv, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            gone = wait_for(port, lambda text: 'oneroof_source_success{site="site-a",source="cloud"} 0.0' in text)
        finally:
            process.send_signal(signal.SIGTERM)
    assert "oneroof_usage_" not in gone
    assert "oneroof_server_" not in gone
    assert 'oneroof_source_read_timestamp_seconds{site="site-a",source="cloud"}' not in gone
