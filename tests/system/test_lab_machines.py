"""The lab's promises about its host: data survives everything, and nothing else is left behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from infra import preflight
from infra.lab import host, image, process
from infra.lab.command import run
from infra.lab.inventory import ssh_of
from infra.lab.lab import bring_up, forget, take_down
from infra.lab.machine import Ssh
from infra.lab.network import bridge_name
from infra.lab.progress import TerminalTalk
from infra.lab.record import Lab, Record, write_record
from infra.lab.status import collect_status
from tenants.installation import Installation, cache_directory
from tenants.problem import UserError

pytestmark = pytest.mark.system
TALK = TerminalTalk()


class Trial:
    """A small lab: Debian alone, in a cache of its own so that nobody's images are pruned."""

    def __init__(self, directory: Path) -> None:
        self.lab = Lab(directory / "labs" / "trial")
        self.cache = directory / "cache"
        self.playbooks = directory / "playbooks"
        self.playbooks.mkdir()
        (self.playbooks / "ansible.cfg").touch()
        (self.playbooks / "site.yml").write_text("- hosts: controllers\n  gather_facts: false\n")
        made = image.debian_layer(cache_directory())
        if made.complete:
            layer = image.debian_layer(self.cache).directory
            layer.parent.mkdir(parents=True)
            run(["cp", "-a", str(made.directory), str(layer)])  # cp knows devices; a copy of /dev/full as a file never ends

    def up(self, lab: Lab | None = None, **told: IPv4Network) -> dict[str, tuple[str, ...]]:
        return bring_up(lab or self.lab, self.cache, self.playbooks, TALK, **told)

    def down(self) -> tuple[str, ...]:
        return take_down(self.lab, self.cache, TALK)

    def ask(self, machine: str, command: str) -> str:
        ssh: Ssh = ssh_of(Installation(self.lab.home))
        status = collect_status(self.lab.home)
        assert status is not None
        address = next(one.address for one in status.machines if one.name == machine)
        return run(["ssh", *ssh.options(), f"root@{address}", command]).stdout.strip()

    def leftovers(self) -> list[str]:
        """Everything on the host that speaks of this lab."""
        name = bridge_name(self.lab.name)
        home = str(self.lab.home)
        environments = [
            entry.name
            for entry in Path("/proc").iterdir()
            if entry.name.isdigit() and home in _read(entry / "environ") + _read(entry / "cmdline")
        ]
        found = {
            "mount": [line for line in _read(Path("/proc/self/mountinfo")).splitlines() if home in line],
            "link": [line for line in run(["ip", "-brief", "link"]).stdout.splitlines() if name in line],
            "rule": [line for line in run(["nft", "list", "ruleset"]).stdout.splitlines() if name in line],
            "route": [line for line in run(["ip", "route", "show", "table", "all"]).stdout.splitlines() if name in line],
            "loop device": [line for line in run(["losetup", "--list"]).stdout.splitlines() if home in line],
            "process": [pid for pid in environments if pid != str(os.getpid())],
            "control group": [str(path) for path in Path("/sys/fs/cgroup").glob(f"**/oneroof/{self.lab.name}")],
        }
        return [f"{kind}: {line}" for kind, lines in found.items() for line in lines]


def _read(file: Path) -> str:
    try:
        return file.read_text(errors="replace")
    except OSError:
        return ""


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    directory = tmp_path_factory.mktemp("trial")
    needs = preflight.needs_of(directory / "labs" / "trial", directory / "cache", None, None)
    try:  # Debian alone is small
        preflight.require(replace(needs, memory_bytes=preflight.GIB, cache_bytes=2 * preflight.GIB), install=False)
    except UserError as error:
        pytest.skip(f"this machine cannot run a lab: {error}")
    trial = Trial(directory)
    yield trial
    forget(trial.lab, trial.cache, TALK)


def test_up_answers_with_every_unit_well(trial: Trial) -> None:
    assert trial.up() == {"site-a": (), "site-b": ()}
    status = collect_status(trial.lab.home)
    assert status is not None
    assert status.running
    assert all((machine.memory_bytes or 0) > 2**20 for machine in status.machines)


def test_machines_reach_each_other_and_the_packages(trial: Trial) -> None:
    trial.up()
    assert "1 received" in trial.ask("site-a", "ping -c1 -W2 site-b")
    assert trial.ask("site-b", "apt-get update -qq && echo reached") == "reached"


def test_the_uplinks_packets_fit_everywhere(trial: Trial) -> None:
    trial.up()
    assert trial.ask("site-a", "cat /sys/class/net/host0/mtu") == str(host.read_uplink_mtu())


def test_up_again_changes_nothing(trial: Trial) -> None:
    trial.up()
    before = collect_status(trial.lab.home)
    trial.up()
    after = collect_status(trial.lab.home)
    assert before is not None
    assert after is not None
    assert [one.started_at for one in after.machines] == [one.started_at for one in before.machines]


def test_down_leaves_the_data_and_nothing_else(trial: Trial) -> None:
    trial.up()
    trial.ask("site-a", "echo kept > /root/data; sync")
    assert trial.down() == ()
    assert trial.leftovers() == []
    trial.up()
    assert trial.ask("site-a", "cat /root/data") == "kept"


@pytest.mark.parametrize("victims", ["nspawn", "leader", "both"])
def test_after_kill_9_up_brings_the_data_back(trial: Trial, victims: str) -> None:
    trial.up()
    trial.ask("site-a", f"echo {victims} > /root/data; sync")
    for machine in trial.lab.machine_directories():
        running = process.find_running(machine / "root")
        assert running is not None
        for pid in {"nspawn": [running.nspawn], "leader": [running.leader], "both": [running.nspawn, running.leader]}[
            victims
        ]:
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
    assert trial.up() == {"site-a": (), "site-b": ()}
    assert trial.ask("site-a", "cat /root/data") == victims
    trial.down()
    assert trial.leftovers() == []


def test_a_half_removed_network_is_put_right(trial: Trial) -> None:
    trial.up()
    run(["nft", "delete", "table", "ip", bridge_name(trial.lab.name)])
    run(["ip", "link", "delete", bridge_name(trial.lab.name)])
    trial.down()
    assert trial.leftovers() == []
    trial.up()
    assert trial.ask("site-b", "apt-get update -qq && echo reached") == "reached"


def test_two_labs_stand_side_by_side(trial: Trial) -> None:
    trial.up()
    second = Lab(trial.lab.home.with_name("beside"))
    try:
        trial.up(second)
        first_status, second_status = collect_status(trial.lab.home), collect_status(second.home)
        assert first_status is not None
        assert second_status is not None
        assert first_status.running
        assert second_status.running
        assert first_status.network != second_status.network
        assert trial.ask("site-a", "hostname") == "site-a"
    finally:
        forget(second, trial.cache, TALK)
    assert not second.home.exists()


def test_an_abandoned_lab_is_cleaned_by_the_next(trial: Trial) -> None:
    trial.up()
    for machine in trial.lab.machine_directories():
        if running := process.find_running(machine / "root"):
            for pid in (running.nspawn, running.leader):
                if pid:
                    os.kill(pid, signal.SIGKILL)
    second = Lab(trial.lab.home.with_name("beside"))
    try:
        trial.up(second)
        assert [line for line in trial.leftovers() if not line.startswith("control group")] == []
    finally:
        forget(second, trial.cache, TALK)


def test_a_taken_range_is_refused_and_nothing_changes(trial: Trial) -> None:
    second = Lab(trial.lab.home.with_name("trial3"))
    run(["ip", "link", "add", "trial-taken", "type", "bridge"])
    try:
        run(["ip", "address", "add", "10.187.3.1/24", "dev", "trial-taken"])
        run(["ip", "link", "set", "trial-taken", "up"])
        with pytest.raises(UserError, match=r"10\.187\.0\.0/16 collides with 10\.187\.3\.0/24"):
            trial.up(second, told=IPv4Network("10.187.0.0/16"))
    finally:
        run(["ip", "link", "delete", "trial-taken"])
    assert not second.home.exists()


def test_the_host_keeps_no_secret_readable_by_others(trial: Trial) -> None:
    trial.up()
    assert trial.lab.home.stat().st_mode & 0o077 == 0
    assert ssh_of(Installation(trial.lab.home)).key.stat().st_mode & 0o077 == 0


def test_a_machine_whose_image_is_gone_says_so(trial: Trial) -> None:
    other = Lab(trial.lab.home.with_name("trial4"))
    write_record(other, Record(IPv4Network("10.188.0.0/16"), "one"))
    image.link(image.Layer(make_empty(trial.cache / "images" / "installed-gone")), other.machine("site-a"))
    shutil.rmtree(trial.cache / "images" / "installed-gone")
    try:
        with pytest.raises(UserError, match="image that is gone"):
            trial.up(other)
    finally:
        forget(other, trial.cache, TALK)


def make_empty(directory: Path) -> Path:
    directory.mkdir(parents=True)
    (directory / "layer.json").write_text(json.dumps({"below": None}))
    return directory


def test_a_firewall_that_drops_by_default_lets_the_lab_through(tmp_path: Path) -> None:
    script = f"""
import json
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from infra.lab.address import Addresses
from infra.lab.command import run
from infra.lab.network import Network, set_up, tear_down
run(["nft", "table ip docker {{ chain FORWARD {{ type filter hook forward priority filter; policy drop; }}; }}"])
home = Path("{tmp_path}")
network = Network("closed", Addresses(IPv4Network("10.189.0.0/16")), IPv4Address("10.189.0.11"), home)
set_up(network)
set_up(network)
during = run(["nft", "list", "table", "ip", "docker"]).stdout
tear_down("closed", home)
print(json.dumps([during, run(["nft", "list", "ruleset"]).stdout]))
"""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    done = subprocess.run(
        ["unshare", "--net", "--mount", sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    during, after = json.loads(done.stdout)
    assert during.count("10.189.0.0/16 accept") == 2
    assert "lab-closed" not in after
    assert "policy drop" in after
