"""Three controllers: any one of them can be lost at any moment, and the cloud goes on answering, reading and writing."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from openstack.config import OpenStackConfig
from openstack.connection import Connection

from infra import preflight
from infra.lab.process import find_running
from infra.lab.topology import load_topology
from tenants.installation import Installation, cache_directory
from tenants.problem import UserError

pytestmark = [pytest.mark.system, pytest.mark.slow]

LAB, TOPOLOGY = "three", "three"
CONTROLLERS = load_topology(TOPOLOGY).members("controllers")
CHANGED = re.compile(r"^(?P<host>\S+): changed (?P<count>\d+)", re.MULTILINE)
TAKEOVER_SECONDS = 90.0
"""How long the API may be gone while another controller takes the address, and the databases agree on who is left."""
RETURN_SECONDS = 300.0


class Three:
    """The lab of this module, driven by the command as an operator does."""

    def __init__(self, command: Path) -> None:
        self.installation = Installation.current({**os.environ, "ONEROOF_LAB": LAB})
        self._command = command

    def run(self, *words: str) -> str:
        environment = {**os.environ, "ONEROOF_LAB": LAB}
        done = subprocess.run([self._command, *words], capture_output=True, text=True, check=False, env=environment)
        assert done.returncode == 0, f"oneroof {' '.join(words)}: {done.returncode}\n{done.stderr[-4000:]}"
        return done.stdout.strip()

    def kill(self, machine: str) -> None:
        running = find_running(self.installation.home / "machines" / machine / "root")
        assert running is not None
        for pid in {running.nspawn, running.leader} - {None}:
            assert pid is not None
            os.kill(pid, signal.SIGKILL)

    def connect(self) -> Connection:
        config = OpenStackConfig(config_files=[str(self.installation.clouds)]).get_one(cloud="oneroof")
        return Connection(config=config)


@pytest.fixture(scope="module")
def three(command: Path) -> Iterator[Three]:
    made = Three(command)
    try:
        preflight.require(preflight.needs_of(made.installation.home, cache_directory(), TOPOLOGY, None), install=False)
    except UserError as error:
        pytest.skip(f"this machine cannot run three controllers: {error}")
    made.run("lab", "up", "--topology", TOPOLOGY)
    made.run("up")
    yield made
    made.run("lab", "down")


def use(three: Three) -> None:
    """Write to the database and the network, put and read an object, make a volume; all by the shared address."""
    with contextlib.closing(three.connect()) as cloud:
        network = cloud.network.create_network(name="trial")
        cloud.network.delete_network(network)
        volume = cloud.block_storage.create_volume(name="trial", size=1)
        cloud.block_storage.wait_for_status(volume, "available", ["error"], interval=1, wait=60)
        cloud.block_storage.delete_volume(volume)
        cloud.block_storage.wait_for_delete(volume, interval=1, wait=60)
        cloud.object_store.create_container("trial")
        cloud.object_store.upload_object("trial", "object", data=b"kept")
        assert cloud.object_store.download_object("object", "trial") == b"kept"
        list(cloud.compute.servers(all_projects=True))
        list(cloud.image.images())


def seconds_until(done: Callable[[], object], limit: float) -> float:
    """Try until it goes well; give how long that took, fail with its last error after ``limit`` seconds."""
    begun = time.monotonic()
    while True:
        try:
            done()
        except Exception:  # any failure of a client counts, whatever its library calls it
            if time.monotonic() - begun > limit:
                raise
            time.sleep(1)
        else:
            return time.monotonic() - begun


def test_a_second_deployment_changes_nothing(three: Three) -> None:
    said = three.run("deploy")
    counts = {m["host"]: int(m["count"]) for m in CHANGED.finditer(said)}
    assert set(counts) >= set(CONTROLLERS), said
    assert not any(counts.values()), said


@pytest.mark.parametrize("victim", CONTROLLERS)
def test_any_controller_can_be_lost(three: Three, victim: str) -> None:
    seconds_until(lambda: use(three), RETURN_SECONDS)
    three.kill(victim)
    seconds_until(lambda: use(three), TAKEOVER_SECONDS)
    three.run("lab", "up")
    seconds_until(lambda: three.run("verify"), RETURN_SECONDS)


@pytest.mark.parametrize("loss", ["down", "kill -9"])
def test_all_of_them_come_back_from_a_loss_of_power(three: Three, loss: str) -> None:
    with contextlib.closing(three.connect()) as cloud:
        cloud.object_store.create_container("power")
        cloud.object_store.upload_object("power", "object", data=loss.encode())
    if loss == "down":
        three.run("lab", "down")
    else:
        for controller in CONTROLLERS:
            three.kill(controller)
    three.run("lab", "up")
    seconds_until(lambda: three.run("verify"), RETURN_SECONDS)
    with contextlib.closing(three.connect()) as cloud:
        assert cloud.object_store.download_object("object", "power") == loss.encode()
