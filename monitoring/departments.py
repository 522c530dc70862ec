"""Reads what ``oneroof apply`` left in the home: which server has which address and what it should answer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from monitoring.probe import Probe
from tenants.installation import Installation

_OWN_CLOUD = "oneroof"  # other clouds have a folder each below the installation's own


def load_probes(installation: Installation, cloud: str = _OWN_CLOUD) -> tuple[Probe, ...]:
    """Give a probe for every server that has an address and says what it should answer."""
    return tuple(probe for made in load_made(installation, cloud).values() for probe in build_probes(made))


def load_made(installation: Installation, cloud: str = _OWN_CLOUD) -> dict[str, Mapping[str, Any]]:
    """Give what the last apply made of each department, by its name."""
    folder = installation.home / "departments"
    files = sorted((folder if cloud == _OWN_CLOUD else folder / cloud).glob("[!.]*.json"))
    return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in files}


def build_probes(outcome: Mapping[str, Any]) -> Iterator[Probe]:
    """Give the probes of one department."""
    for project in outcome["projects"]:
        for server in project["servers"]:
            if server["probe"] and server["floating_address"]:
                yield Probe(
                    department=outcome["department"],
                    project=project["name"],
                    server=server["name"],
                    address=server["floating_address"],
                    port=server["probe"]["port"],
                    path=server["probe"]["path"],
                    expect=server["probe"]["expect"],
                )
