"""A server on another department's network: reached while a grant says so, cut off when it ends, back when it returns."""

from __future__ import annotations

import ipaddress
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from waiting import awaits

from infra.lab.status import LabStatus
from infra.outcome import load_outcome
from tenants.installation import Installation, repository

pytestmark = pytest.mark.system

LENDER, BORROWER = "system-lender", "system-borrower"
TODAY = datetime.now(UTC).date()
YESTERDAY, LATER = TODAY - timedelta(days=1), TODAY + timedelta(days=100)
RANGE = ipaddress.IPv4Network("10.23.35.0/28")
REACHED_SECONDS, LOST_SECONDS = 240, 90
HEAD = "name: {0}\nlocal_name: Trial of {0}\nowners: [it@{0}.gov.example]\ncost_centre: T-0\nrecovery: none\nprojects:\n"
# The hub asks every address of the network again and again, and shows what answered at its own floating address. BusyBox
# asks by nc: its wget looks up the name of the port, which the image has no file for. By name it waits longer: nobody in the
# lab answers that there is no IPv6 address.
LENT = f"""\
  - name: prod
    networks: [{{name: exchange, cidr: {RANGE}}}]
    servers:
      - name: hub
        flavor: tiny
        image: tiny
        floating_ip: true
        user_data: |
          #!/bin/sh
          (while :; do
              rm -f /srv/www/new
              for host in 2 3 4 5 6 7 8 9 10 11 12 13 14; do
                  printf 'GET /node HTTP/1.0\\r\\n\\r\\n' | nc -w 2 "10.23.35.$host" 80 >>/srv/www/new
              done
              mv /srv/www/new /srv/www/seen
              printf 'GET /node HTTP/1.0\\r\\n\\r\\n' | nc -w 30 node.oneroof.internal 80 >/srv/www/new
              mv /srv/www/new /srv/www/named
          done) &
"""
GRANT = f"""\
shares:
  - network: prod/exchange
    with: {BORROWER}/prod
    purpose: Trial
    from: {TODAY - timedelta(days=200)}
    to: {{to}}
    approved_by: [it@{LENDER}.gov.example, it@{BORROWER}.gov.example]
"""
BORROWED = f"""\
  - name: prod
    servers:
      - name: node
        flavor: tiny
        image: tiny
        network: {LENDER}/prod/exchange
        user_data: |
          #!/bin/sh
          echo "node of {BORROWER}" >/srv/www/node
"""


class Pair:
    """Two departments of the test's own, and the command as an operator runs it."""

    def __init__(self, folder: Path, command: Path) -> None:
        self.folder, self.command = folder, command
        shutil.copy(repository() / "tenants" / "catalogue.yaml", folder)
        (folder / f"{BORROWER}.yaml").write_text(HEAD.format(BORROWER) + BORROWED)
        self.lend(LATER)

    def lend(self, to: date | None) -> None:
        """Declare the lender with a grant to a last day, or without any."""
        body = HEAD.format(LENDER) + LENT + (GRANT.format(to=to) if to else "")
        (self.folder / f"{LENDER}.yaml").write_text(body)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        argv = [self.command, *words, "--directory", str(self.folder)]
        return subprocess.run(argv, capture_output=True, text=True, check=False)

    def apply(self, *words: str) -> str:
        done = self.run("apply", *(words or (LENDER, BORROWER)))
        assert done.returncode == 0, done.stderr
        return done.stderr

    def withdraw(self) -> None:
        argv = [self.command, "withdraw", "--yes", "--erase-data"]
        for slug in (BORROWER, LENDER):
            done = subprocess.run([*argv, slug], capture_output=True, text=True, check=False)
            assert done.returncode == 0 or "never applied" in done.stderr, done.stderr


@pytest.fixture(scope="module")
def pair(lab: LabStatus, command: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:  # noqa: ARG001 - it must run first
    made = Pair(tmp_path_factory.mktemp("declared"), command)
    made.withdraw()
    yield made
    made.withdraw()


def server_of(installation: Installation, slug: str) -> dict[str, Any]:
    outcome = load_outcome(installation, slug)
    assert outcome is not None
    (server,) = outcome.projects[0]["servers"]
    return dict(server)


def seen(installation: Installation, page: str = "seen") -> str:
    """Give what the lender's hub heard from others on its network the last time that it asked."""
    try:
        with urlopen(f"http://{server_of(installation, LENDER)['floating_address']}/{page}", timeout=5) as answer:
            return str(answer.read().decode())
    except OSError as error:
        return f"({error})"


def reaches(installation: Installation) -> bool:
    return f"node of {BORROWER}" in seen(installation)


def hears_itself_alone(installation: Installation) -> bool:
    """Tell whether the hub went round and nobody but its own web server, which has no such page, answered it."""
    return seen(installation).count("HTTP/1") == 1 and "404" in seen(installation)


def test_one_apply_of_both_puts_the_server_there_and_the_other_department_reaches_it(
    pair: Pair, installation: Installation
) -> None:
    pair.apply()
    assert ipaddress.ip_address(server_of(installation, BORROWER)["fixed_address"]) in RANGE
    awaits(lambda: reaches(installation), REACHED_SECONDS, lambda: seen(installation))
    again = pair.apply()
    assert (f"{LENDER}: skipped" in again, f"{BORROWER}: skipped" in again) == (True, True)
    planned = pair.run("plan", LENDER, BORROWER)
    assert (planned.returncode, planned.stdout.strip()) == (0, "nothing to change"), planned.stdout + planned.stderr


def test_it_is_reached_by_its_name_alone(installation: Installation) -> None:
    awaits(lambda: f"node of {BORROWER}" in seen(installation, "named"), LOST_SECONDS, lambda: seen(installation, "named"))


def test_the_end_of_the_grant_takes_its_port_as_the_plan_said_and_nobody_is_reached(
    pair: Pair, installation: Installation, cloud: Any
) -> None:
    pair.lend(YESTERDAY)
    node = server_of(installation, BORROWER)
    told = f"network prod/exchange is taken back from {BORROWER}-prod, and with it the port there of: server node"
    planned = pair.run("plan", LENDER)
    assert planned.returncode == 3, planned.stderr
    assert f"{told} ({node['fixed_address']})" in planned.stderr
    assert reaches(installation), "a plan changes nothing"
    pair.apply(LENDER)
    awaits(lambda: hears_itself_alone(installation), LOST_SECONDS, lambda: seen(installation))
    awaits(lambda: seen(installation, "named") == "", LOST_SECONDS, lambda: seen(installation, "named"))
    assert list(cloud.network.ports(device_id=node["id"])) == []
    assert cloud.compute.get_server(node["id"]).status == "ACTIVE"


def test_the_server_s_own_department_is_told_and_nothing_of_it_is_changed(
    pair: Pair, installation: Installation, cloud: Any
) -> None:
    done = pair.run("apply", BORROWER)
    assert done.returncode == 1
    assert (
        f"server prod/node is on network prod/exchange of {LENDER}, which {LENDER} shares not with {BORROWER}/prod today"
    ) in done.stderr
    assert cloud.compute.get_server(server_of(installation, BORROWER)["id"]).status == "ACTIVE"


def test_without_any_grant_the_declaration_is_a_mistake(pair: Pair) -> None:
    pair.lend(None)
    done = pair.run("tenants", "check")
    assert done.returncode == 2
    assert f"got {LENDER}/prod/exchange, expected a network that {LENDER} shares with {BORROWER}/prod" in done.stderr
    assert f"HINT: Ask {LENDER} for it under requests" in done.stderr


def test_granted_again_the_same_server_is_reached_again(pair: Pair, installation: Installation) -> None:
    before = server_of(installation, BORROWER)["id"]
    pair.lend(LATER)
    pair.apply()
    assert server_of(installation, BORROWER)["id"] == before
    awaits(lambda: reaches(installation), REACHED_SECONDS, lambda: seen(installation))
    assert f"{BORROWER}: skipped" in pair.apply()
