"""A department's server answers on its floating address with what lies on its volume, also after a restart."""

from __future__ import annotations

import time
import urllib.request
from typing import Any

import pytest
from openstack.connection import Connection

from monitoring.departments import load_probes
from monitoring.probe import Probe, ask, ask_until_good
from tenants.installation import Installation

pytestmark = pytest.mark.system
PATIENCE_SECONDS = 180.0  # servers start after the machines, and two cores emulate them all


@pytest.fixture
def probes(departments: dict[str, dict[str, Any]], installation: Installation) -> tuple[Probe, ...]:
    found = load_probes(installation)
    assert {probe.department for probe in found} == set(departments)
    return found


def test_every_department_has_a_server_that_answers_with_its_text(probes: tuple[Probe, ...]) -> None:
    answers = [ask_until_good(probe, PATIENCE_SECONDS) for probe in probes]
    assert {f"{a.probe.department}/{a.probe.server}": a.reason for a in answers if not a.good} == {}


def test_content_survives_a_reboot_of_its_server(
    cloud: Connection, departments: dict[str, dict[str, Any]], probes: tuple[Probe, ...]
) -> None:
    probe = probes[-1]
    server = next(
        server
        for project in departments[probe.department]["projects"]
        for server in project["servers"]
        if (project["name"], server["name"]) == (probe.project, probe.server)
    )
    assert server["volumes"], f"{probe.department}/{probe.server} has no volume to keep content on"
    assert ask_until_good(probe, PATIENCE_SECONDS).good
    written = last_modified(probe)

    cloud.compute.reboot_server(server["id"], "SOFT")
    end = time.monotonic() + 90
    while ask(probe, timeout=1).status is not None:
        assert time.monotonic() < end, "the server never went away"
    back = ask_until_good(probe, PATIENCE_SECONDS)

    assert back.good, back.reason
    # the root is memory and the page is written when it is missing: the same instant means the same file
    assert last_modified(probe) == written
    assert cloud.compute.get_server(server["id"]).status == "ACTIVE"


def last_modified(probe: Probe) -> str:
    with urllib.request.urlopen(probe.url, timeout=10) as response:  # noqa: S310 - an address of the lab
        return str(response.headers["Last-Modified"])
