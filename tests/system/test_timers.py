"""The machines' own systemd does what the timers say: it makes up for a time when the machine was off, once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backup.command import Command, run
from backup.plan import Job
from backup.records import Source
from backup.schedule import render_units
from backup.timetable import next_start
from infra.lab.status import LabStatus
from tenants.installation import Installation
from tenants.machines import Machine, load_machine

pytestmark = pytest.mark.system
TRIAL = "oneroof-trial-timer"
STAMP = f"/var/lib/systemd/timers/stamp-{TRIAL}.timer"
PLACE = "/run/systemd/system"
JOB = Job("trial", Source.VOLUME, "prod/trial", "gold", timedelta(hours=24), timedelta(0), timedelta(days=14))


@pytest.fixture
def host(lab: LabStatus, installation: Installation) -> Iterator[Machine]:  # noqa: ARG001 - the lab must run
    machine = load_machine(installation, "operations")
    yield machine
    files = f"{PLACE}/{TRIAL}.* {STAMP} /run/{TRIAL}"
    on(machine, f"systemctl stop {TRIAL}.timer {TRIAL}.service; rm -f {files}; systemctl daemon-reload")


def on(machine: Machine, script: str, stdin: str = "") -> str:
    done = run(Command(machine.ssh(script)), stdin=stdin.encode())
    assert done.ok, done.reason
    return done.stdout.decode()


def install(machine: Machine, start: timedelta) -> None:
    """Install the units of a job that runs once a day, under a name of the test's own; its program only leaves a line."""
    units = render_units([replace(JOB, start=start)], Path("/run"), program="/bin/sh")
    for name, text in units.items():
        own = text.replace("backup run --local --tier gold trial", f"-c 'echo ran >> /run/{TRIAL}'")
        on(machine, f"cat > {PLACE}/{TRIAL}.{name.rpartition('.')[2]}", own)
    on(machine, "systemctl daemon-reload")


def test_what_was_missed_while_the_machine_was_off_is_made_up_for_once(host: Machine) -> None:
    now = datetime.now(UTC)
    start = timedelta(hours=(now.hour + 12) % 24)
    install(host, start)
    on(host, f"mkdir -p /var/lib/systemd/timers && touch -d '3 days ago' {STAMP}")  # as of its last run
    on(host, f"systemctl start {TRIAL}.timer")
    waited = f"for n in $(seq 100); do [ -e /run/{TRIAL} ] && break; sleep 0.1; done; sleep 1; cat /run/{TRIAL}"
    assert on(host, waited) == "ran\n", "three days were missed, and one run makes up for them"
    (timer,) = json.loads(on(host, f"systemctl list-timers --output=json {TRIAL}.timer"))
    assert datetime.fromtimestamp(timer["next"] / 10**6, UTC) == next_start(start, timedelta(days=1), now)
    on(host, f"systemctl stop {TRIAL}.timer; systemctl start {TRIAL}.timer; sleep 1")
    assert on(host, f"cat /run/{TRIAL}") == "ran\n", "nothing was missed: nothing runs"
