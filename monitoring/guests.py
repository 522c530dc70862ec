"""Reads what the servers on this host really used: libvirt's counters of processor, memory, disks and network, by server id.

``virsh domstats`` is one call for all guests; ``vcpu.<n>.time`` is in nanoseconds since the guest started (virsh(1)). The
threads of the virtual cores are counted, not the whole process, so that the share of the cores given stays within 0..1;
where the host emulates the processor, its work is in there. Memory is what the guest's balloon driver reports, in KiB; a
guest without one says nothing of it, and only what its process holds on the host is known.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

_VIRSH = ("virsh", "--readonly", "--connect", "qemu:///system")
_ROW = re.compile(r"^\s*(?P<name>\S+)\s*=\s*(?P<value>.*)$")

_CORE_TIME = re.compile(r"^vcpu\.[0-9]+\.time$")
_KIB = 1024


@dataclass(frozen=True)
class Guest:
    """One running server as its host sees it."""

    name: str
    """libvirt's name (``instance-0000002a``)."""
    server_id: str
    """Nova's id of the server: libvirt's UUID of the domain."""
    cpu_seconds: float
    """CPU time of all its virtual cores since it started."""
    cores: int
    memory_bytes: int
    """Memory the guest has now (balloon)."""
    memory_used_bytes: int | None = None
    """Of it what could not be given to a new program at once; None where the guest has no balloon driver."""
    host_memory_bytes: int | None = None
    """What the guest's process holds of the host's memory."""
    disk_read_bytes: int = 0
    disk_written_bytes: int = 0
    network_received_bytes: int = 0
    network_sent_bytes: int = 0
    """Bytes through its disks and network cards since it started."""


def libvirt_here() -> bool:
    """Tell whether this host runs servers."""
    return shutil.which("virsh") is not None


def collect_guests() -> tuple[Guest, ...]:
    """Read all guests of this host, with two calls in all."""
    listed = _virsh("list", "--uuid", "--name")
    stats = _virsh("domstats", "--vcpu", "--balloon", "--block", "--interface", "--list-running")
    return parse_guests(listed, stats)


def parse_guests(listed: str, stats: str) -> tuple[Guest, ...]:
    """Join ``virsh list --uuid --name`` and ``virsh domstats``; a guest that only one of them knows just came or went."""
    ids = {name: server_id for server_id, name in (line.split(None, 1) for line in listed.splitlines() if line.strip())}
    guests = []
    for block in stats.split("Domain: ")[1:]:
        head, *rows = block.splitlines()
        name = head.strip().strip("'")
        values = {row["name"]: row["value"] for row in map(_ROW.match, rows) if row}
        times = [int(value) for key, value in values.items() if _CORE_TIME.match(key)]
        if name in ids and times:
            guests.append(
                Guest(
                    name=name,
                    server_id=ids[name].strip(),
                    cpu_seconds=sum(times) / 1e9,
                    cores=int(values.get("vcpu.current", 0)),
                    memory_bytes=int(values.get("balloon.current", 0)) * _KIB,
                    memory_used_bytes=_memory_used(values),
                    host_memory_bytes=int(values["balloon.rss"]) * _KIB if "balloon.rss" in values else None,
                    disk_read_bytes=_total(values, "block", "rd.bytes"),
                    disk_written_bytes=_total(values, "block", "wr.bytes"),
                    network_received_bytes=_total(values, "net", "rx.bytes"),
                    network_sent_bytes=_total(values, "net", "tx.bytes"),
                )
            )
    return tuple(guests)


def _memory_used(values: Mapping[str, str]) -> int | None:
    if "balloon.available" not in values:
        return None
    free = values.get("balloon.usable", values.get("balloon.unused"))
    return None if free is None else (int(values["balloon.available"]) - int(free)) * _KIB


def _total(values: Mapping[str, str], kind: str, what: str) -> int:
    return sum(int(value) for key, value in values.items() if key.startswith(f"{kind}.") and key.endswith(f".{what}"))


def _virsh(*argv: str) -> str:
    done = subprocess.run([*_VIRSH, *argv], capture_output=True, text=True, timeout=20, check=False)
    if done.returncode:
        raise RuntimeError(f"virsh {argv[0]} ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout
