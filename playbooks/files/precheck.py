"""Look whether a host, or an inventory, can become the cloud; a line for every problem, with what to do; changes nothing.

Runs through ``python3 -`` on the host: standard library only. What to look at comes as JSON in PRECHECK.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

GIB = 1024**3
# memory (GiB) that a host of a group needs at least, and free disk before anything is installed
NEEDS = {"controllers": (5, 6), "storage": (2, 10), "computes": (2, 4), "operations": (1, 4), "vaults": (1, 4)}
# ports the cloud needs; a host that is deployed already holds them itself
PORTS = {3300, 3306, 4369, 5000, 5671, 5672, 6641, 6642, 7480, 8774, 8776, 8778, 9090, 9093, 9180, 9292, 9696, 11211}
# these the roles configure anew; their packages may have started them
CONFIGURED = {
    "beam.smp",
    "epmd",
    "haproxy",
    "mariadbd",
    "memcached",
    "ovsdb-server",
    "prometheus",
    "prometheus-aler",
    "systemd",
}
CLOCK_SECONDS = 30
DEPLOYED = Path("/etc/oneroof/tls/host.pem")


def problem(what: str, hint: str) -> str:
    """Give one problem as it is printed."""
    return f"{what}\n  HINT: {hint}"


def look_at_host(wish: dict[str, Any]) -> Iterator[str]:
    """Give the problems of the host this runs on."""
    name = wish["name"]
    system = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    found = f"{system.get('ID', '?')} {system.get('VERSION_ID', '?')}".replace('"', "")
    if found != "debian 12":
        yield problem(f"{name}: the system is {found}, expected debian 12.", "Install Debian 12 (bookworm) on it.")
    if os.geteuid() != 0:
        yield problem(
            f"{name}: ansible_user is not root, got uid {os.geteuid()}.", "Let ansible_user be root, or set ansible_become."
        )
    if Path("/proc/1/comm").read_text().strip() != "systemd":
        yield problem(
            f"{name}: process 1 is {Path('/proc/1/comm').read_text().strip()}, expected systemd.",
            "Boot the machine with systemd.",
        )
    if os.uname().nodename != name:
        yield problem(
            f"{name}: its host name is {os.uname().nodename}, expected {name}.", f"Hostnamectl set-hostname {name}."
        )
    yield from look_at_address(name, wish["management_address"])
    yield from look_at_room(name, wish["groups"])
    if abs(skew := time.time() - wish["now"]) > CLOCK_SECONDS:
        yield problem(
            f"{name}: its clock differs from yours by {skew:.0f} s, expected under {CLOCK_SECONDS}.",
            "Set machine_time_servers, or its clock.",
        )
    if "computes" in wish["groups"]:
        if wish["virt_type"] == "kvm" and not Path("/dev/kvm").exists():
            yield problem(
                f"{name}: nova_virt_type is kvm and there is no /dev/kvm.",
                "Enable virtualisation in its firmware, or nova_virt_type: qemu.",
            )
        if wish["datapath"] == "system" and not has_module("openvswitch"):
            yield problem(
                f"{name}: ovn_datapath_type is system and its kernel has no openvswitch.",
                "Another kernel, or ovn_datapath_type: netdev.",
            )
    if {"controllers", "storage"} & set(wish["groups"]) and not DEPLOYED.exists():
        yield from look_at_ports(name)


def look_at_address(name: str, address: str) -> Iterator[str]:
    """Give what is wrong with the management address."""
    if not address:
        yield problem(f"{name}: the inventory gives no management_address.", "Add the IPv4 address other hosts reach it at.")
        return
    listed = subprocess.run(["ip", "-json", "-4", "address"], capture_output=True, text=True, check=True).stdout
    have = [entry["local"] for link in json.loads(listed) for entry in link.get("addr_info", [])]
    if address not in have:
        yield problem(
            f"{name}: management_address is {address}, expected one of its own: {', '.join(have)}.", "Correct the inventory."
        )


def look_at_room(name: str, groups: list[str]) -> Iterator[str]:
    """Give what it lacks in memory and disk; a host that is deployed already has used its disk."""
    memory = max(need for group, (need, _) in NEEDS.items() if group in groups)
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if pages < memory * GIB * 0.95:  # firmware keeps some
        yield problem(
            f"{name}: it has {pages / GIB:.1f} GiB of memory, expected {memory}.", "Give it more, or take it out of a group."
        )
    if not DEPLOYED.exists():
        disk = max(need for group, (_, need) in NEEDS.items() if group in groups)
        free = shutil.disk_usage("/var/lib").free
        if free < disk * GIB:
            yield problem(
                f"{name}: /var/lib has {free / GIB:.1f} GiB free, expected {disk}.", "Free some, or put a larger disk there."
            )


def look_at_ports(name: str) -> Iterator[str]:
    """Give the ports that something else holds."""
    listed = subprocess.run(["ss", "-Hltnp"], capture_output=True, text=True, check=True).stdout
    for line in listed.splitlines():
        port = int(line.split()[3].rsplit(":", 1)[1])
        owners = set(re.findall(r'\("([^"]+)"', line))
        if port in PORTS and owners and not owners & CONFIGURED:
            yield problem(
                f"{name}: port {port} is held by {', '.join(sorted(owners))}.", "Stop it: the cloud needs the port."
            )


def has_module(module: str) -> bool:
    """Tell whether the kernel has a module, loaded or not."""
    return Path("/sys/module", module).exists() or subprocess.run(["modprobe", "-qn", module], check=False).returncode == 0


def look_at_inventory(wish: dict[str, Any]) -> Iterator[str]:
    """Give the problems that no host can see alone."""
    if len(wish["controllers"]) == 2:
        yield problem(
            "inventory: there are 2 controllers, expected 1 or at least 3.",
            "Two cannot tell which of them is right when they part.",
        )
    if len(wish["controllers"]) > 1 and wish["api_address"] in wish["addresses"].values():
        host = next(host for host, address in wish["addresses"].items() if address == wish["api_address"])
        yield problem(
            f"inventory: api_address is {wish['api_address']}, which is {host} alone, and there are several controllers.",
            "Give the API a free address of the management network: the controllers share it.",
        )
    if not set(wish["operations"]) <= set(wish["controllers"]):
        yield problem(
            f"inventory: group operations has {', '.join(sorted(set(wish['operations']) - set(wish['controllers'])))},"
            " expected controllers alone.",
            "Backups of the control plane read its databases on their own host.",
        )
    if not wish["storage"]:
        yield problem("inventory: group storage is empty, expected at least one host.", "One host may be in several groups.")
    seen: dict[str, str] = {}
    for host, address in wish["addresses"].items():
        if address in seen:
            yield problem(
                f"inventory: {host} and {seen[address]} both have management_address {address}.", "Give each its own."
            )
        seen[address] = host
    try:
        network = ipaddress.ip_network(wish["cidr"])
    except ValueError as error:
        yield problem(f"inventory: external_network_cidr: {error}.", "Write it as 10.0.8.0/24.")
        return
    ends = [ipaddress.ip_address(wish[key]) for key in ("pool_start", "pool_end")]
    for key in ("gateway", "pool_start", "pool_end"):
        if ipaddress.ip_address(wish[key]) not in network:
            yield problem(
                f"inventory: external_network_{key} is {wish[key]}, expected an address of {network}.",
                "Correct one of the two.",
            )
    if ends[0] > ends[1]:
        yield problem(f"inventory: external_network_pool_start {ends[0]} lies after its end {ends[1]}.", "Swap them.")
    if ends[0] <= ipaddress.ip_address(wish["gateway"]) <= ends[1]:
        yield problem(
            f"inventory: external_network_gateway {wish['gateway']} lies in the pool of floating addresses.",
            "Let the pool begin after it.",
        )
    for host, address in {**wish["addresses"], "api_address": wish["api_address"]}.items():
        if address and ipaddress.ip_address(address) in network:
            yield problem(f"inventory: {host} has {address} in the external network {network}.", "Keep both networks apart.")


def main() -> None:
    """Print every problem."""
    wish = json.loads(os.environ["PRECHECK"])
    for problem in look_at_host(wish) if wish["what"] == "host" else look_at_inventory(wish):
        print(problem)


if __name__ == "__main__":
    main()
