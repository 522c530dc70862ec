"""The deployed cloud is what the playbooks say, and stays so: a second run changes nothing, a lost machine comes back."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable
from typing import Any

import pytest

from infra.lab.process import find_running
from infra.lab.status import LabStatus
from monitoring.departments import load_probes
from monitoring.probe import ask_until_good
from tenants.installation import Installation

pytestmark = pytest.mark.system

CHANGED = re.compile(r"^(?P<host>\S+): (?:would change|changed) (?P<count>\d+)", re.MULTILINE)
BOOT_SECONDS = 300.0


def changed(said: str) -> dict[str, int]:
    return {m["host"]: int(m["count"]) for m in CHANGED.finditer(said)}


def test_a_second_deployment_changes_nothing(lab: LabStatus, oneroof: Callable[..., str]) -> None:
    said = oneroof("deploy")
    assert changed(said) == dict.fromkeys(["localhost", *(m.name for m in lab.machines)], 0) or changed(
        said
    ) == dict.fromkeys((m.name for m in lab.machines), 0), said


def test_status_says_what_stands(
    lab: LabStatus, departments: dict[str, Any], oneroof: Callable[..., str], installation: Installation
) -> None:
    status = json.loads(oneroof("status", "--json"))
    assert {machine["name"] for machine in status["machines"]} == {machine.name for machine in lab.machines}
    assert {department["name"] for department in status["departments"]} >= set(departments)
    assert status["cloud"]["clouds"] == str(installation.clouds)


@pytest.mark.slow
def test_a_check_of_a_deployed_cloud_shows_no_difference(lab: LabStatus, oneroof: Callable[..., str]) -> None:
    said = oneroof("deploy", "--check")
    assert set(changed(said)) >= {m.name for m in lab.machines}, said
    assert not any(changed(said).values()), said
    assert not re.search(r"^(\+\+\+|---) ", said, re.MULTILINE), said


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["down", "kill -9"])
def test_after_a_loss_of_power_every_department_answers_again(
    loss: str, lab: LabStatus, departments: dict[str, Any], oneroof: Callable[..., str], installation: Installation
) -> None:
    if loss == "down":
        oneroof("lab", "down")
    else:
        for machine in lab.machines:
            running = find_running(installation.home / "machines" / machine.name / "root")
            assert running is not None
            for pid in {running.nspawn, running.leader} - {None}:
                os.kill(pid, signal.SIGKILL)
    oneroof("lab", "up")
    answers = [ask_until_good(probe, BOOT_SECONDS) for probe in load_probes(installation)]
    assert {a.probe.department for a in answers} == set(departments)
    assert {f"{a.probe.department}/{a.probe.server}": a.reason for a in answers if not a.good} == {}
    assert len(lab.machines) == len(json.loads(oneroof("lab", "status", "--json"))["machines"])
