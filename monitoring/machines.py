"""The machines of the installation and whether they run, as far as this host can see."""

from __future__ import annotations

from dataclasses import dataclass

from infra.lab.status import collect_status
from tenants.installation import Installation


@dataclass(frozen=True)
class Machine:
    """One machine of the installation."""

    name: str
    site: str
    address: str
    state: str


def collect_machines(installation: Installation) -> tuple[Machine, ...]:
    """Give the lab's machines; none where the installation is no lab."""
    lab = collect_status(installation.home)
    if lab is None:
        return ()
    return tuple(
        Machine(machine.name, ", ".join(machine.groups), machine.address, "running" if machine.running else "off")
        for machine in lab.machines
    )
