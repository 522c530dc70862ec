"""What the system tests drive: the real lab, its cloud, and the departments in it.

A lab that is off is switched on; one that was never built is built. A machine that cannot bear a lab skips, with the reason.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openstack
import pytest
import yaml
from openstack.connection import Connection
from openstack.exceptions import SDKException

from infra.lab.status import LabStatus, collect_status
from tenants.installation import Installation

COMMAND = Path(sys.executable).parent / "oneroof"
APIS_READY_SECONDS = 240


@pytest.fixture(scope="session")
def command() -> Path:
    """Give the command of this checkout."""
    return COMMAND


@pytest.fixture(scope="session")
def oneroof() -> Callable[..., str]:
    """Run a oneroof command, fail with what it said, give its result."""

    def run(*arguments: str) -> str:
        done = subprocess.run([COMMAND, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"oneroof {' '.join(arguments)}: {done.returncode}\n{done.stderr[-4000:]}"
        return done.stdout.strip()

    return run


@pytest.fixture(scope="session")
def installation() -> Installation:
    return Installation.current()


@pytest.fixture(scope="session")
def lab(installation: Installation, oneroof: Callable[..., str], request: pytest.FixtureRequest) -> LabStatus:
    """Give the lab with the cloud of this very checkout in it: what is there already and unchanged is left alone."""
    status = collect_status(installation.home)
    if request.config.getoption("--as-it-stands"):
        assert status is not None, "no lab was ever built: run without --as-it-stands"
        return status
    if status is None or not status.running:
        check = subprocess.run([COMMAND, "preflight", "--install"], capture_output=True, text=True, check=False)
        if check.returncode != 0:
            pytest.skip(f"this machine cannot run a lab: {check.stderr.strip()}")
    oneroof("up")
    status = collect_status(installation.home)
    assert status is not None
    assert status.running
    return status


@pytest.fixture(scope="session")
def cloud(lab: LabStatus, installation: Installation) -> Iterator[Connection]:  # noqa: ARG001 - it must run first
    """Give the operator's connection, once every API has answered a real call (they start after the machines)."""
    connection = connect(installation.clouds, "oneroof")
    end = time.monotonic() + APIS_READY_SECONDS
    while True:
        try:
            list(connection.compute.services())
            list(connection.network.networks(limit=1))
            list(connection.block_storage.volumes(limit=1))
            list(connection.image.images(limit=1))
            list(connection.object_store.containers(limit=1))
            break
        except SDKException:
            if time.monotonic() > end:
                raise
            time.sleep(2)
    yield connection
    connection.close()


@pytest.fixture(scope="session")
def departments(cloud: Connection, installation: Installation) -> dict[str, dict[str, Any]]:  # noqa: ARG001 - same
    """Give what ``oneroof apply`` wrote of each department, by slug."""
    files = [f for f in (installation.home / "departments").glob("*.json") if not f.name.startswith(".")]
    found = {file.stem: json.loads(file.read_text()) for file in sorted(files)}
    assert found, f"no department was applied in {installation.home}"
    return found


@pytest.fixture(scope="session")
def users(
    departments: dict[str, dict[str, Any]],
    oneroof: Callable[..., str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, Connection]]:
    """Give a local user's connection to the first project of each department that has local users."""
    folder = tmp_path_factory.mktemp("clouds")
    found: dict[str, Connection] = {}
    for slug, made in departments.items():
        if made["users"]:
            file = Path(oneroof("department", "clouds", slug, "--output", str(folder / f"{slug}.yaml")))
            assert file.stat().st_mode & 0o077 == 0, f"{file} can be read by others"
            found[slug] = connect(file, next(iter(yaml.safe_load(file.read_text())["clouds"])))
    yield found
    for connection in found.values():
        connection.close()


def connect(file: Path, cloud: str) -> Connection:
    config = openstack.config.OpenStackConfig(config_files=[str(file)]).get_one(cloud=cloud)
    return Connection(config=config)
