"""What a benchmark put into the cloud is gone from it, however the benchmark ended: left-overs fail what comes after."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from openstack.connection import Connection

from tenants.installation import Installation, repository

pytestmark = [pytest.mark.system, pytest.mark.slow]

DOMAIN = "bench-killed"
PATIENCE_SECONDS = 120
BENCHMARK = f"""
import pathlib, sys, time
sys.path.insert(0, {str(repository() / "tests" / "bench")!r})
from bare_projects import bare_projects
from tenants.installation import Installation
with bare_projects(Installation(pathlib.Path(sys.argv[1])), "oneroof", print, {DOMAIN!r}) as projects:
    projects.grow(3, print)
    print("grown", flush=True)
    sys.stdin.read()
"""


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < end
        time.sleep(1)


def there(cloud: Connection) -> int:
    domain = next(cloud.identity.domains(name=DOMAIN), None)
    return len(list(cloud.identity.projects(domain_id=domain.id))) if domain else 0


@pytest.mark.parametrize("ending", [None, signal.SIGKILL], ids=["by itself", "killed with its group"])
def test_its_projects_are_taken_back(ending: signal.Signals | None, cloud: Connection, installation: Installation) -> None:
    argv = [sys.executable, "-c", BENCHMARK, str(installation.home)]
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, text=True, start_new_session=True) as benchmark:
        assert benchmark.stdout is not None
        assert "grown\n" in benchmark.stdout
        assert there(cloud) == 3
        if ending:
            os.killpg(benchmark.pid, ending)
    until(lambda: list(cloud.identity.domains(name=DOMAIN)) == [])
