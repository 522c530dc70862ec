"""``make bench-departments``: the same departments by oneroof, by Terraform, and by raw calls, in one run.

The sides take turns, so that what else the machine does meets all alike. Runs against the cloud of the current
installation. In the lab the calls are counted at the cloud's own door: all that asks the cloud from outside meanwhile
counts too. Whatever was made is taken back, also when interrupted. Terraform takes part where ``terraform`` and
its provider's binary are at hand (on PATH, or named by ``ONEROOF_BENCH_TERRAFORM_PROVIDER``); else recorded figures are
shown, as such. ``--bare 200`` tells how a plan grows with the number of departments.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import yaml
from department_files import slug
from earlier import take_back, taken_back
from figures import FLOOR, RECORDED, WORKS, Figure, build_middle, render_figures, to_json
from measuring import Cost, cpu_seconds, measure
from requests_seen import Door
from rich.console import Console
from sides import Oneroof, RawCalls, Side, Terraform, find_terraform

from infra.inventory.connect import connect
from infra.lab.process import find_running
from tenants.installation import Installation

ONEROOF = Path(sys.executable).parent / "oneroof"
# rows that nobody can reach any more, whoever made them
_LEFT = " + ".join(
    f"(select count(*) from {table} where project_id not in (select id from keystone.project) {more})"  # noqa: S608 - ours
    for table, more in (
        ("nova_api.quotas", ""),
        ("cinder.quotas", "and deleted = 0"),
        ("neutron.quotas", ""),
        ("neutron.securitygroups", ""),
    )
)


class Cloud:
    """The cloud as the benchmark looks at it from beside: its door, its machines' processors, its databases."""

    def __init__(self, installation: Installation, controller: str) -> None:
        inventory = installation.inventory.read_text() if installation.inventory.exists() else ""
        hosts: Mapping[str, Any] = (yaml.safe_load(inventory) or {}).get("all", {}).get("hosts", {})
        self.door = Door(ONEROOF, controller, frozenset(host["ansible_host"] for host in hosts.values()))
        self._controller, self._connection = controller, connect(installation)
        running = (find_running(installation.home / "machines" / name / "root") for name in hosts)
        self._leaders = [each.leader for each in running if each is not None and each.leader is not None]

    def cpu(self) -> float:
        """Give the seconds of processor its machines took so far."""
        return cpu_seconds(self._leaders)

    def left_behind(self) -> int | None:
        """Count what belongs to projects that are gone; nothing where its database cannot be asked."""
        argv = [str(ONEROOF), "lab", "ssh", self._controller, "--", f'mariadb -N -e "select {_LEFT}"']
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        return int(done.stdout) if done.returncode == 0 else None

    def projects(self, prefix: str) -> tuple[str, ...]:
        """Give the ids of the benchmark's projects."""
        found = self._connection.identity.projects()
        return tuple(project.id for project in found if project.name.startswith(f"{prefix}-"))

    def sweep(self, projects: Sequence[str]) -> None:
        """Take away what a side left behind of projects that are gone: quota rows and built-in security groups."""
        gone = set(projects) - {project.id for project in self._connection.identity.projects()}
        for project in gone:
            self._connection.network.delete_quota(project)
            self._connection.compute.revert_quota_set(project)
            self._connection.block_storage.revert_quota_set(project)
            for group in list(self._connection.network.security_groups(project_id=project)):
                self._connection.network.delete_security_group(group)


def run_side(
    side: Side, cloud: Cloud, prefix: str, log: Path, on_work: Callable[[str], None], works: Sequence[str] = WORKS
) -> list[Figure]:
    """Do these works, of which the last destroys; what was made is taken back whatever happens."""
    figures: list[Figure] = []
    before = cloud.left_behind()

    def work(name: str, argvs: Sequence[Sequence[str]]) -> None:
        on_work(f"{side.name}: {name}")
        cloud.door.since_last()
        costs = [measure(argv, environment=side.environment, log=log, cloud_cpu=cloud.cpu) for argv in argvs]
        figures.append(_figure(side.name, name, costs, _calls(cloud.door)))

    try:
        for name in works[:-1]:
            work(name, getattr(side, name)())
        projects = cloud.projects(prefix)
        work(works[-1], getattr(side, works[-1])())
    except BaseException:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not leave departments behind
        on_work(f"{side.name}: taking back what was made")
        projects = cloud.projects(prefix)
        for argv in side.destroy():
            with suppress(subprocess.CalledProcessError):
                measure(argv, environment=side.environment, log=log, cloud_cpu=cloud.cpu)
        cloud.sweep(projects)
        raise
    after = cloud.left_behind()
    left = None if before is None or after is None else after - before
    cloud.sweep(projects)
    figures[-1] = replace(figures[-1], left=left)
    return figures


def _calls(door: Door) -> int | None:
    """Give how many calls the door saw; nothing where it cannot tell: it keeps the last requests alone."""
    try:
        return len(door.since_last()) if door.is_open else None
    except ValueError:
        door.begin_anew()
        return None


def _figure(side: str, work: str, costs: Sequence[Cost], calls: int | None) -> Figure:
    return Figure(
        side,
        work,
        seconds=round(sum(cost.seconds for cost in costs), 2),
        calls=calls,
        client_cpu=round(sum(cost.client_cpu for cost in costs), 2),
        cloud_cpu=round(sum(cost.cloud_cpu for cost in costs), 2),
        peak_mb=round(max(cost.peak_bytes for cost in costs) / 1e6, 1),
    )


def main() -> None:
    """Run every side that is at hand, print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--departments", type=int, default=10)
    parser.add_argument(
        "--bare", type=int, metavar="N", help="instead, N departments of one empty project, by oneroof alone"
    )
    parser.add_argument("--prefix", default="bench", help="begins the departments' names")
    parser.add_argument("--controller", default="site-a", help="the lab's machine with the cloud's door")
    parser.add_argument("--external-network", default="public")
    parser.add_argument("--sides", default=f"{FLOOR},oneroof,Terraform", help="who takes part, in this order")
    parser.add_argument("--rounds", type=int, default=2, help="how often each side has its turn; the middle is told")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    arguments = parser.parse_args()
    # told to stop by whatever means it takes back what it made, also where a shell started it deaf to Ctrl-C
    for told in (signal.SIGINT, signal.SIGTERM):
        signal.signal(told, signal.default_int_handler)
    installation = Installation.existing()
    bare = arguments.bare is not None
    names = [slug(arguments.prefix, number) for number in range(arguments.bare if bare else arguments.departments)]
    works = tuple(work for work in WORKS if not bare or work != "change")
    asked, rounds = ("oneroof", 1) if bare else (arguments.sides, arguments.rounds)
    scratch = Path(tempfile.mkdtemp(prefix="oneroof-bench-"))
    terraform = find_terraform()
    sides: dict[str, Callable[[Path], Side]] = {
        FLOOR: lambda folder: RawCalls(folder, arguments.prefix, len(names), installation, arguments.external_network),
        "oneroof": lambda folder: Oneroof(folder, names, ONEROOF, arguments.external_network, bare=bare),
    }
    if terraform is not None:
        sides["Terraform"] = lambda folder: Terraform(folder, names, terraform, installation, arguments.external_network)
    figures: list[Figure] = []
    console = Console(stderr=True)
    log = scratch / "log"
    try:
        cloud = Cloud(installation, arguments.controller)
        if left := take_back(installation.home / "departments", arguments.prefix):
            console.print(f"{len(left)} departments of an earlier run taken back")
        with taken_back(installation.home / "departments", arguments.prefix):
            for turn, name in product(range(rounds), asked.split(",")):
                if name in sides:
                    folder = scratch / f"{name}-{turn}"
                    folder.mkdir()
                    figures += run_side(sides[name](folder), cloud, arguments.prefix, log, console.print, works)
                elif name == "Terraform" and turn == 0:
                    figures += RECORDED
        middle = build_middle(figures)
        Console(width=140).print(render_figures(middle, len(names), rounds))
        if arguments.json:
            arguments.json.write_text(json.dumps({"rounds": to_json(figures), "middle": to_json(middle)}, indent=1) + "\n")
    except BaseException:
        console.print(f"what the commands said: {shutil.copy(log, tempfile.gettempdir())}" if log.exists() else "")
        raise
    finally:
        shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
