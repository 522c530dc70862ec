"""``make bench``: seconds per step cold and warm, and memory, of a lab of its own on this machine, now.

Everything is made anew in an empty cache; only the ``pulumi`` command is taken over, as building it takes longer than the
rest. The departments' benchmark (``departments.py``) ends it, and the lab is removed. Figures go to stdout as tables, and as
JSON to the file named with ``--json``.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from memory import machine_bytes
from rich.console import Console
from rich.table import Table

from infra.lab.process import find_running
from tenants.installation import Installation, cache_directory

LAB = "bench"
ONEROOF = str(Path(sys.executable).parent / "oneroof")
REST_SECONDS = 60  # what starts late (schedulers, first scrapes) has started by then


def main() -> None:
    """Run cold, rest, warm and under ten servers; print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    parser.add_argument("--keep", action="store_true", help="leave the lab and its cache for a look")
    arguments = parser.parse_args()
    scratch = Path(tempfile.mkdtemp(prefix="oneroof-bench-", dir=os.environ.get("TMPDIR", "/var/tmp")))  # noqa: S108  # large and on disk
    environment = {
        **os.environ,
        "ONEROOF_LAB": LAB,
        "ONEROOF_CACHE": str(scratch / "cache"),
        "ONEROOF_STATE": str(scratch / "state"),
    }
    environment.pop("ONEROOF_HOME", None)
    installation = Installation.current(environment)
    if (pulumi := cache_directory() / "pulumi").is_dir():
        shutil.copytree(pulumi, scratch / "cache" / "pulumi")
    figures: dict[str, Any] = {}
    try:
        for run in ("cold", "warm"):
            started = time.monotonic()
            subprocess.run([ONEROOF, "up"], env=environment, check=True, stdout=subprocess.DEVNULL)
            figures[run] = {"all": round(time.monotonic() - started, 1), **_steps(installation)}
            if run == "cold":
                time.sleep(REST_SECONDS)
                figures["memory_at_rest"] = _memory(installation)
        figures["ten_servers_seconds"] = _ten_servers(
            installation, lambda: figures.update(memory_under_ten_servers=_memory(installation))
        )
        _print(figures)
        subprocess.run([sys.executable, Path(__file__).with_name("departments.py")], env=environment, check=True)
        if arguments.json:
            arguments.json.write_text(json.dumps(figures, indent=1) + "\n")
    finally:
        if not arguments.keep:
            subprocess.run([ONEROOF, "lab", "reset", "--yes"], env=environment, check=True)
            shutil.rmtree(scratch)


def _steps(installation: Installation) -> dict[str, float]:
    last = json.loads((installation.logs / "up.jsonl").read_text().splitlines()[-1])
    return {name: step["seconds"] for name, step in last["steps"].items()}


def _memory(installation: Installation) -> dict[str, dict[str, int]]:
    found = {}
    for machine in sorted((installation.home / "machines").iterdir()):
        running = find_running(machine / "root")
        if running is not None and running.leader is not None:
            found[machine.name] = machine_bytes(running.leader)
    return found


def _ten_servers(installation: Installation, measure: Any) -> float:
    """Boot ten servers of the smallest flavor side by side, measure, delete; give the seconds until all were ACTIVE."""
    import openstack

    os.environ["OS_CLIENT_CONFIG_FILE"] = str(installation.clouds)
    cloud = openstack.connect(cloud="oneroof")
    network = cloud.network.create_network(name="bench")
    subnet = cloud.network.create_subnet(network_id=network.id, ip_version=4, cidr="10.254.0.0/24")
    image = next(cloud.image.images(name="tiny"))
    flavor = next(each for each in cloud.compute.flavors() if each.name == "tiny")
    started = time.monotonic()
    servers = [
        cloud.compute.create_server(
            name=f"bench-{i}", image_id=image.id, flavor_id=flavor.id, networks=[{"uuid": network.id}]
        )
        for i in range(10)
    ]
    try:
        for server in servers:
            cloud.compute.wait_for_server(server, wait=600)
        seconds = round(time.monotonic() - started, 1)
        measure()
    finally:
        for server in servers:
            cloud.compute.delete_server(server)
        for server in servers:
            cloud.compute.wait_for_delete(server)
        cloud.network.delete_subnet(subnet)
        cloud.network.delete_network(network)
    return seconds


def _print(figures: dict[str, Any]) -> None:
    console = Console(width=100)
    steps = Table("step", "cold, s", "warm, s", title="oneroof up")
    for name in figures["cold"]:
        steps.add_row(name, f"{figures['cold'][name]:.1f}", f"{figures['warm'].get(name, 0):.1f}")
    console.print(steps)
    memory = Table("machine and unit", "at rest, MiB", "ten servers, MiB", title="memory (PSS)")
    for machine, programs in figures["memory_at_rest"].items():
        under = figures["memory_under_ten_servers"][machine]
        memory.add_row(machine, f"{sum(programs.values()) / 2**20:.0f}", f"{sum(under.values()) / 2**20:.0f}", style="bold")
        for name in list(under)[:12]:
            memory.add_row(f"  {name}", f"{programs.get(name, 0) / 2**20:.0f}", f"{under[name] / 2**20:.0f}")
    console.print(memory)
    console.print(f"ten servers ACTIVE after {figures['ten_servers_seconds']} s")


if __name__ == "__main__":
    main()
