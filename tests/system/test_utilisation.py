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
from datetime import UTC, datetime
from pathlib import Path

import pytest
from openstack.connection import Connection
from trial_department import TrialDepartment

from infra.lab.status import LabStatus
from monitoring.periods.period import SETTLED
from monitoring.prometheus import Prometheus
from monitoring.written import POOL, parse_written
from tenants.installation import Installation
from tenants.machines import load_machine

pytestmark = [pytest.mark.system, pytest.mark.slow]

SLUG = "system-load"
WRITTEN = 256 * 1024**2
FILE_SYSTEM = 80 * 1024**2  # journal and inode tables of an ext4 of 1 GiB, written when it is made
PATIENCE_SECONDS = 180
WINDOW_SECONDS = 30
UPLOADED = 3 * 1024**2 + 17
MINUTES = 4
SMOOTHED = 0.15
"""Error of work reported over so few minutes: a rate of two minutes lets the minutes before and after in."""
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
    containers: [{{name: papers}}]
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


def test_bytes_of_objects_and_of_the_volume_are_what_was_put_in(
    trial: TrialDepartment, prometheus: Prometheus, cloud: Connection
) -> None:
    project = trial.outcome().projects[0]
    base, _, _ = str(cloud.object_store.get_endpoint()).rstrip("/").rpartition("/AUTH_")
    address = f"{base}/AUTH_{project['id']}/papers/known"
    assert cloud.object_store.put(address, data=b"x" * UPLOADED).status_code == 201
    for series in ("oneroof_object_bytes{", 'oneroof_container_bytes{container="papers",'):
        end = time.monotonic() + PATIENCE_SECONDS
        while [sample.value for sample in prometheus.query(f'{series}department="{SLUG}"}}')] != [UPLOADED]:
            assert time.monotonic() < end, series
            time.sleep(3)

    volume = next(each for each in cloud.block_storage.volumes(all_projects=True) if each.project_id == project["id"])
    host = load_machine(trial.installation, "operations")
    du = f"rbd --id auditor du --pool {POOL} --format json"
    told = subprocess.run(host.ssh(du), capture_output=True, text=True, check=True).stdout
    assert WRITTEN <= parse_written(told)[volume.id] < WRITTEN + FILE_SYSTEM
    assert cloud.object_store.delete(address).status_code == 204


def test_a_report_tells_the_hours_and_the_work_that_were_put_in(
    trial: TrialDepartment, prometheus: Prometheus, tmp_path: Path
) -> None:
    ids = [server["id"] for server in trial.outcome().projects[0]["servers"]]
    running = f'min_over_time(department:oneroof_server_cores:sum{{department="{SLUG}"}}[3m]) == {len(ids)}'
    end = time.monotonic() + 2 * PATIENCE_SECONDS
    while not prometheus.query(running):
        assert time.monotonic() < end, "both servers are measured for three minutes"
        time.sleep(5)

    def worked() -> float:
        return sum(core_seconds(trial.installation, server_id) for server_id in ids)

    time.sleep(60 - time.time() % 60)
    first, before = datetime.now(UTC), worked()
    time.sleep(MINUTES * 60 - (datetime.now(UTC) - first).total_seconds())
    last, after = datetime.now(UTC), worked()
    time.sleep(SETTLED.total_seconds() + 20)
    period = f"{first:%Y-%m-%dT%H:%M}..{last:%Y-%m-%dT%H:%M}"
    done = subprocess.run(
        trial.argv("report", "utilisation", period, "--output", str(tmp_path))[:-2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / "utilisation.json").read_text())["figures"]
    own = next(part for part in told["departments"] if part["department"] == SLUG)
    hours = MINUTES / 60
    assert own["hours"]["cores"] == pytest.approx(len(ids) * hours)
    assert own["hours"]["storage_bytes"] == pytest.approx(hours), "1 GiB"
    assert own["running_core_hours"] == pytest.approx(len(ids) * hours)
    assert own["worked_core_hours"] * 3600 == pytest.approx(after - before, rel=SMOOTHED)
    assert own["utilisation"] == pytest.approx(own["worked_core_hours"] / own["running_core_hours"])


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
