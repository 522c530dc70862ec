"""A server's tap that is down, as Open vSwitch can leave it, is set up again before anybody misses it."""

from __future__ import annotations

import time

import pytest

from backup.command import Command, run
from tenants.installation import Installation
from tenants.machines import Machine, load_machine

pytestmark = pytest.mark.system
PATIENCE_SECONDS = 10.0


@pytest.mark.usefixtures("departments")
def test_a_tap_that_is_down_comes_up_by_itself(installation: Installation) -> None:
    host = load_machine(installation, "computes")
    taps = [line.split(":")[1].strip() for line in there(host, "ip -oneline link show").splitlines() if ": tap" in line]
    assert taps, "no server runs there"
    there(host, f"ip link set dev {taps[0]} down")
    end = time.monotonic() + PATIENCE_SECONDS
    while ",UP" not in there(host, f"ip -oneline link show dev {taps[0]}").split(">")[0]:
        assert time.monotonic() < end, f"{taps[0]} stays down"
        time.sleep(0.2)


def there(host: Machine, script: str) -> str:
    done = run(Command(host.ssh(script)))
    assert done.ok, done.reason
    return done.stdout.decode()
