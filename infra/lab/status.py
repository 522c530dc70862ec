"""What runs right now: machines, addresses, memory; read from the kernel, changes nothing."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from infra.lab import image, process
from infra.lab.inventory import machine_addresses
from infra.lab.network import bridge_name
from infra.lab.record import Lab, read_record


@dataclass(frozen=True)
class MachineStatus:
    """One machine of the lab."""

    name: str
    groups: tuple[str, ...]
    address: str
    running: bool
    started_at: str | None
    """ISO 8601, UTC; None while it is off."""
    memory_bytes: int | None
    """Anonymous and shared memory in use, without page cache; None while it is off, or where the host does not count it."""
    image: str | None
    """Name of the base image that it was made from."""


@dataclass(frozen=True)
class LabStatus:
    """One lab."""

    name: str
    home: str
    network: str
    external_network: str
    bridge: str
    machines: tuple[MachineStatus, ...]

    @property
    def running(self) -> bool:
        """Whether every machine runs."""
        return all(machine.running for machine in self.machines)

    def as_json(self) -> dict[str, object]:
        """Give it as plain values."""
        return {**asdict(self), "running": self.running}


def collect_status(home: Path) -> LabStatus | None:
    """Look at the lab with this home; None where there is none."""
    lab = Lab(home)
    record = read_record(lab)
    if record is None:
        return None
    topology = record.load_topology()
    addresses = machine_addresses(topology, record.addresses)
    return LabStatus(
        name=lab.name,
        home=str(home),
        network=str(record.addresses.management),
        external_network=str(record.addresses.external),
        bridge=bridge_name(lab.name),
        machines=tuple(
            _machine(lab.machine(machine.name), machine.groups, str(addresses[machine.name]))
            for machine in topology.machines
        ),
    )


def _machine(directory: Path, groups: tuple[str, ...], address: str) -> MachineStatus:
    running = process.find_running(directory / "root")
    started = process.started_at(running.pid) if running else None
    layer = image.image_of(directory)
    return MachineStatus(
        name=directory.name,
        groups=groups,
        address=address,
        running=running is not None,
        started_at=datetime.fromtimestamp(started, UTC).isoformat(timespec="seconds") if started else None,
        memory_bytes=process.memory_bytes(running.pid) if running else None,
        image=layer.directory.name if layer else None,
    )
