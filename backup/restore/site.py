"""The way to the second site when the first is gone, and perhaps everything that knew of it."""

from __future__ import annotations

from tenants.installation import Installation
from tenants.machines import Machine, load_machine
from tenants.problem import UserError


def find_vault(installation: Installation, address: str | None = None) -> Machine | None:
    """Give the vault's machine: of the inventory, else at a told address as root; none where neither is known."""
    if address is not None:
        ssh = installation.home / "ssh"
        return Machine(address, address, ssh / "id_ed25519", ssh / "known_hosts")
    try:
        return load_machine(installation, "vaults")
    except UserError:
        return None
