"""Servers brought back where they were: by Nova's rebuild, from their image, with their ids, ports, addresses and volumes.

A root disk made from an image holds nothing that is backed up; what must last is on volumes, which are there again by then.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from backup.restore.control_plane import COMPUTE, demand
from backup.sources.taken import Say
from infra.provider.cloud import Cloud
from infra.provider.failure import CloudError
from tenants.installation import Installation
from tenants.machines import load_machine, load_machines

POOL = "vms"
_AT_ONCE = 2
_SECONDS = 600


def restore_servers(installation: Installation, cloud: Cloud, say: Say) -> tuple[str, ...]:
    """Start Nova's computes, rebuild every server whose disk is gone; give a sentence for each that does not come back."""
    for host in load_machines(installation, "computes"):
        demand(host, f"systemctl start {COMPUTE}")
    compute = cloud.admin.compute
    cloud.wait("computes being up", lambda: _all_up(compute))
    disks = demand(load_machine(installation, "storage"), f"rbd ls {POOL}").split()
    servers = list(compute.servers(all_projects=True))
    gone = find_gone([str(server.id) for server in servers], disks)
    named = {str(server.id): server for server in servers}

    def bring(identifier: str) -> str:
        server = named[identifier]
        try:
            _bring(cloud, server, say)
        except CloudError as error:
            return f"server {server.name} ({identifier}): {error}"
        return ""

    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="rebuild") as pool:
        return tuple(sentence for sentence in pool.map(bring, gone) if sentence)


def find_gone(servers: Iterable[str], disks: Iterable[str]) -> tuple[str, ...]:
    """Give the servers without a root disk. Pure."""
    there = frozenset(disks)
    return tuple(server for server in servers if f"{server}_disk" not in there)


def _all_up(compute: Any) -> bool:
    services = [each for each in compute.services() if each.binary == "nova-compute"]
    return bool(services) and all(each.state == "up" for each in services)


def _bring(cloud: Cloud, server: Any, say: Say) -> None:
    """Rebuild one; what was switched off is switched off again by Nova."""
    compute = cloud.admin.compute
    cloud.wait(f"server {server.name} being left alone", lambda: compute.get_server(server.id).task_state is None)
    before = compute.get_server(server.id)
    if not (before.image and before.image.id):  # boots from a volume, which is there
        compute.reboot_server(server.id, "HARD")
    else:
        say(f"server {server.name}: from its image, {before.status.lower()}")
        compute.rebuild_server(server.id, image=before.image.id)
    wanted = "SHUTOFF" if before.status == "SHUTOFF" else "ACTIVE"

    def ended() -> bool:
        now = compute.get_server(server.id)
        if now.status == "ERROR" and now.task_state is None:
            raise CloudError((now.fault or {}).get("message", "no reason given"))
        return bool(now.status == wanted and now.task_state is None)

    cloud.wait(f"server {server.name}", ended, seconds=_SECONDS)
