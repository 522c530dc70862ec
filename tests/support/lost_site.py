"""Takes a site away for good: the machine with its disk, and all that the operator's home and configuration held."""

from __future__ import annotations

import shutil

from infra.lab import machine
from infra.lab.record import Lab
from tenants.installation import Installation


def lose_site(installation: Installation, name: str) -> None:
    """Kill a machine of the lab as a power failure would, and delete what was on it and in the home, keys included.

    What is left are the other machines, and that there is a lab: its addresses and topology, as a building has.
    """
    directory = Lab(installation.home).machine(name)
    machine.stop(directory / "root", seconds=0)
    machine.clean(directory)
    shutil.rmtree(directory)
    for path in installation.home.iterdir():
        if path.name == "machines":
            continue
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    installation.secrets_key.unlink()
