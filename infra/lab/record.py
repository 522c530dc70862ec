"""What a lab remembers of itself between two commands: its network and its topology."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

from infra.lab.address import Addresses, Taken
from infra.lab.topology import Topology, load_topology
from tenants.problem import Problem, UserError
from tenants.writing import write_whole

_NAME = re.compile(r"^[a-z][a-z0-9-]{0,10}$")  # "lab-" and the name make a device name of at most 15 characters


@dataclass(frozen=True)
class Lab:
    """A lab by its home; it may not exist yet."""

    home: Path

    @property
    def name(self) -> str:
        """Its name, the last part of its home."""
        return self.home.name

    @property
    def machines(self) -> Path:
        """The folder of its machines' data."""
        return self.home / "machines"

    @property
    def file(self) -> Path:
        """Where its record is."""
        return self.machines / "lab.json"

    def machine(self, name: str) -> Path:
        """Give the folder of one machine."""
        return self.machines / name

    def machine_directories(self) -> tuple[Path, ...]:
        """Give the folders of all machines that were ever made, in whatever topology."""
        return tuple(sorted(path for path in self.machines.glob("*") if path.is_dir()))


@dataclass(frozen=True)
class Record:
    """The choices that stay for as long as the lab has data."""

    network: IPv4Network
    topology: str

    @property
    def addresses(self) -> Addresses:
        """Every address of the lab."""
        return Addresses(self.network)

    def load_topology(self) -> Topology:
        """Read its topology."""
        return load_topology(self.topology)


def check_name(name: str) -> None:
    """Raise :class:`UserError` for a name that a lab cannot have."""
    if not _NAME.match(name):
        raise UserError(
            Problem(
                f"lab name: got {name}, expected at most 11 small letters, digits and hyphens, a letter first",
                hint="--lab NAME",
            )
        )


def read_record(lab: Lab) -> Record | None:
    """Read what the lab remembers; None for one that was never up."""
    try:
        content = json.loads(lab.file.read_text())
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise UserError(Problem(f"{lab.home} is another user's", hint="run it with sudo")) from error
    return Record(IPv4Network(content["network"]), content["topology"])


def write_record(lab: Lab, record: Record) -> None:
    """Remember, whole or not at all."""
    lab.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    lab.machines.mkdir(exist_ok=True)
    write_whole(lab.file, json.dumps({"network": str(record.network), "topology": record.topology}) + "\n")


def find_labs(labs: Path) -> tuple[Lab, ...]:
    """Give every lab that has data below the folder of homes."""
    return tuple(Lab(file.parent.parent) for file in sorted(labs.glob("*/machines/lab.json")))


def networks_of_others(lab: Lab) -> tuple[Taken, ...]:
    """Give the networks of the labs beside this one, whether they are up or not."""
    others = [other for other in find_labs(lab.home.parent) if other != lab]
    return tuple(Taken(record.network, f"lab {other.name}") for other in others if (record := read_record(other)))
