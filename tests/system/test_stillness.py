"""A server with an agent is held still while its volume's snapshot is made; whoever dies meanwhile, it is thawed."""

from __future__ import annotations

import json
import shlex
import time
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import pytest
from trial_home import PYTHON, Trial, TrialBackup, build_backup

from backup.command import Command, run
from backup.records import Consistency, Source, load_backups
from backup.sources.stillness import DEADLINE
from infra.lab.status import LabStatus
from tenants.installation import Installation
from tenants.machines import Machine, load_machine

pytestmark = [pytest.mark.system, pytest.mark.slow]  # a whole Debian boots, emulated

SLUG = "system-still"
BOOT_SECONDS = 420.0  # of a whole Debian, emulated
SPARE_SECONDS = 10.0
FREEZE_SECONDS = 90.0  # a runner starts, signs in by ssh, and an emulated guest writes out what it holds
NEEDS_RECOVERY = 4
"""ext4's flag of a journal that holds something: set while mounted, but not while frozen."""
DECLARATION = f"""
name: {SLUG}
local_name: Trial of holding still
owners: [it@trial.gov.example]
cost_centre: T-1
recovery: gold
projects:
  - name: prod
    networks:
      - {{name: front, cidr: 10.23.90.0/24}}
    volumes:
      - {{name: asked, size_gib: 1}}
      - {{name: deaf, size_gib: 1}}
      - {{name: spare, size_gib: 1}}
    servers:
      - name: asked
        flavor: small
        image: debian-12
        volumes: [asked]
        user_data: |
          #cloud-config
          runcmd:
            - [sh, -c, "mkfs.ext4 -q /dev/vdb && mount /dev/vdb /srv"]
            - [sh, -c, "while sleep 0.1; do date >> /srv/log; sync; done &"]
      - {{name: deaf, flavor: tiny, image: tiny, volumes: [deaf]}}
"""
_HOLD = """
import sys, time
from backup.sources.stillness import Writer, make_still
make_still([Writer(sys.argv[1], "asked", sys.argv[2])], lambda: time.sleep(600), print)
"""


class Cloud:
    """The trial's servers and volumes, as their own hosts see them."""

    def __init__(self, installation: Installation, trial: Trial) -> None:
        self.compute, self.storage = load_machine(installation, "computes"), load_machine(installation, "storage")
        project = trial.project("prod")
        self.servers = {server["name"]: str(server["id"]) for server in project["servers"]}
        self.volumes = {volume["name"]: str(volume["id"]) for volume in project["volumes"]}

    @staticmethod
    def on(host: Machine, script: str) -> str:
        done = run(Command(host.ssh(script)))
        assert done.ok, done.reason
        return done.stdout.decode()

    def state(self) -> str:
        """Ask the agent whether its guest is frozen; nothing where it does not answer."""
        asked = shlex.join(["virsh", "qemu-agent-command", self.servers["asked"], '{"execute": "guest-fsfreeze-status"}'])
        done = run(Command(self.compute.ssh(asked)))
        return str(json.loads(done.stdout)["return"]) if done.ok else ""

    def wait(self, state: str, seconds: float) -> float:
        """Wait until the agent says so; give the seconds that it took."""
        begun = time.monotonic()
        while (now := self.state()) != state:
            assert time.monotonic() < begun + seconds, f"after {seconds:.0f} s the guest is {now!r}, expected {state!r}"
            time.sleep(0.2)
        return time.monotonic() - begun

    def superblock(self, image: str) -> tuple[bool, int]:
        """Tell whether an RBD image or snapshot is an ext4, and the flags that a reader must understand."""
        read = f"rbd export --no-progress volumes/{image} - 2> /dev/null | head -c 2048 | tail -c 1024 | base64 -w0"
        block = b64decode(self.on(self.storage, read))
        return block[56:58] == b"\x53\xef", int.from_bytes(block[96:100], "little")

    def has_a_clean_journal(self, volume: str) -> bool:
        """Read it out of the storage's snapshot that was backed up."""
        image = f"volume-{self.volumes[volume]}"
        snapshot = self.on(self.storage, f"rbd snap ls volumes/{image} | awk '{{print $2}}' | grep ^backup.oneroof-")
        there, flags = self.superblock(f"{image}@{snapshot.strip()}")
        assert there, f"{volume}: there is no ext4"
        return not flags & NEEDS_RECOVERY


@pytest.fixture(scope="module")
def trial(lab: LabStatus, installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:  # noqa: ARG001 - it must run first
    made = Trial(installation, tmp_path_factory.mktemp("still"), SLUG)
    made.declare(DECLARATION)
    try:
        made.on_department("apply")
        yield made
    finally:
        made.withdraw()


@pytest.fixture(scope="module")
def cloud(trial: Trial, installation: Installation) -> Cloud:
    made = Cloud(installation, trial)
    made.wait("thawed", BOOT_SECONDS)
    end = time.monotonic() + BOOT_SECONDS
    while not all(made.superblock(f"volume-{made.volumes[name]}")[0] for name in ("asked", "deaf")):
        assert time.monotonic() < end, "the guest made no file system"
        time.sleep(2)
    time.sleep(5)  # and mounts it
    return made


@pytest.fixture(scope="module")
def backup(trial: Trial, cloud: Cloud, installation: Installation) -> Iterator[TrialBackup]:  # noqa: ARG001 - it must have booted
    made = build_backup(installation, trial.home, SLUG, Path(trial.declared))
    try:
        yield made
    finally:
        made.remove()


def test_a_server_with_an_agent_is_held_still_and_one_without_is_said(cloud: Cloud, backup: TrialBackup) -> None:
    backup.back_up()
    made = {r.name: r.consistency for r in load_backups(backup.home.records) if r.source is Source.VOLUME}
    assert made == {
        "prod/asked": Consistency.FROZEN,
        "prod/deaf": Consistency.CRASH,
        "prod/spare": Consistency.IDLE,
    }
    assert cloud.state() == "thawed"
    assert cloud.has_a_clean_journal("asked")
    assert not cloud.has_a_clean_journal("deaf"), "a mounted ext4 that nobody holds still looks otherwise"
    assert "oneroof-thaw-" not in cloud.on(cloud.compute, "systemctl list-units --all --no-legend 'oneroof-thaw-*'")


@pytest.mark.parametrize("killed", ["the runner", "the runner and what holds the guest"])
def test_whoever_is_killed_the_guest_is_thawed(killed: str, cloud: Cloud, backup: TrialBackup) -> None:
    host = cloud.on(cloud.compute, "hostname").strip()
    words = shlex.join([PYTHON, "-c", _HOLD, cloud.servers["asked"], host])
    begin = f"cd {backup.folder}; PYTHONPATH={backup.folder} nohup {words} > {backup.folder}/said 2>&1 < /dev/null & echo $!"
    runner = int(cloud.on(backup.host, begin))
    try:
        cloud.wait("frozen", FREEZE_SECONDS)
    except AssertionError as error:
        error.add_note(cloud.on(backup.host, f"cat {backup.folder}/said"))
        raise
    if killed == "the runner and what holds the guest":
        cloud.on(cloud.compute, "kill -9 $(pgrep -f '^/usr/bin/python3 /usr/local/lib/oneroof/freeze_guest.py')")
        assert cloud.state() == "frozen", "only the unit is left to thaw it"
    cloud.on(backup.host, f"kill -9 {runner}")
    took = cloud.wait("thawed", DEADLINE.total_seconds() + SPARE_SECONDS)
    print(f"{killed}: thawed {took:.1f} s later")
    if killed == "the runner":
        assert took < DEADLINE.total_seconds() / 2
