"""Every blueprint of the catalogue, booted: the page is served, the database answers SQL, the share holds a file."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from trial_department import TrialDepartment
from waiting import awaits

from infra.lab.status import LabStatus
from tenants.installation import repository

pytestmark = [pytest.mark.system, pytest.mark.slow]

SLUG = "system-blueprints"
FRONT = "10.23.36.0/24"
PAGE_SECONDS, INSTALLED_SECONDS = 240, 1800  # two cores emulate the guests, and packages are fetched at their first boot
DECLARATION = f"""
name: {SLUG}
local_name: Trial of every blueprint
owners: [it@trial.gov.example]
cost_centre: T-1
projects:
  - name: prod
    recovery: none
    quota: {{class: small, instances: 6, networks: 3, subnets: 3, security_groups: 10, floating_ips: 4}}
    networks: [{{name: front, cidr: {FRONT}}}]
    blueprints:
      - {{use: web-service, name: pages, with: {{title: Opening hours, text: From nine to five}}}}
      - {{use: portal, name: counter, with: {{title: Counter of the trial, front: 10.23.37.0/28, back: 10.23.38.0/28}}}}
      - use: database
        name: ledger
        with: {{database: ledger, clients: {FRONT}, administrator: "KEY", administrators: 10.0.0.0/8, data_gib: 1}}
      - use: file-share
        name: files
        with: {{clients: {FRONT}, administrator: "KEY", administrators: 10.0.0.0/8, data_gib: 1}}
"""


@dataclass(frozen=True)
class Guest:
    """A server of a blueprint, and the shell that the declared key opens on it."""

    fixed_address: str
    address: str
    key: Path

    def shell(self, command: str, seconds: float = 600) -> subprocess.CompletedProcess[str]:
        options = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "ConnectTimeout=10", "LogLevel=ERROR")
        argv = ["ssh", "-F", "/dev/null", "-i", str(self.key), *(word for each in options for word in ("-o", each))]
        return subprocess.run(
            [*argv, f"debian@{self.address}", command], capture_output=True, text=True, check=False, timeout=seconds
        )

    def does(self, command: str) -> str:
        done = self.shell(command)
        assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        return done.stdout

    def is_installed(self) -> bool:
        return "status: done" in self.shell("cloud-init status").stdout


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("key") / "key"
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "it@trial.gov.example", "-f", str(file)], check=True
    )
    return file


@pytest.fixture(scope="module")
def project(
    lab: LabStatus,  # noqa: ARG001 - it must run first
    key: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, Any]]:
    trial = TrialDepartment(SLUG, tmp_path_factory.mktemp("blueprints"))
    trial.withdraw()
    trial.declare(DECLARATION.replace("KEY", key.with_suffix(".pub").read_text().strip()))
    trial.apply()
    yield dict(trial.outcome().projects[0])
    trial.withdraw()


@pytest.fixture(scope="module")
def guest(project: dict[str, Any], cloud: Any, key: Path) -> Iterator[Callable[[str], Guest]]:
    """Give a server of the project by name, at an address that the test gives it and takes back."""
    (outside,) = [each for each in cloud.network.networks(is_router_external=True) if each.name == "public"]
    addresses: dict[str, Any] = {}

    def find(name: str) -> Guest:
        server = next(each for each in project["servers"] if each["name"] == name)
        if name not in addresses:
            (port,) = cloud.network.ports(device_id=server["id"])
            addresses[name] = cloud.network.create_ip(
                floating_network_id=outside.id, port_id=port.id, project_id=project["id"]
            )
        return Guest(server["fixed_address"], addresses[name].floating_ip_address, key)

    yield find
    for each in addresses.values():
        cloud.network.delete_ip(each)


def page(project: dict[str, Any], name: str) -> str:
    address = next(each["floating_address"] for each in project["servers"] if each["name"] == name)
    try:
        return str(urlopen(f"http://{address}/", timeout=5).read().decode())
    except OSError as error:
        return f"({error})"


def test_every_blueprint_of_the_catalogue_is_in_it() -> None:
    offered = {file.stem for file in (repository() / "tenants" / "blueprints").glob("*.yaml")}
    assert {line.split("use: ")[1].split(",")[0] for line in DECLARATION.splitlines() if "use: " in line} == offered


@pytest.mark.parametrize(("server", "title"), [("pages", "Opening hours"), ("counter-front", "Counter of the trial")])
def test_a_page_is_served_with_the_title_that_was_told(project: dict[str, Any], server: str, title: str) -> None:
    awaits(lambda: f"<h1>{title}</h1>" in page(project, server), PAGE_SECONDS, lambda: page(project, server))


def test_the_database_answers_sql_of_a_client_on_its_network(guest: Callable[[str], Guest]) -> None:
    ledger, client = guest("ledger"), guest("files")
    for each in (ledger, client):
        awaits(each.is_installed, INSTALLED_SECONDS, lambda each=each: each.shell("cloud-init status --long").stdout)
    password = secrets.token_hex(12)
    made = f"create role clerk login password '{password}'; create table fees (name text, cents int)"
    made += "; grant all on fees to clerk"
    ledger.does(f'cd / && sudo runuser -u postgres -- psql -q -d ledger -c "{made}"')
    client.does("sudo apt-get install -qq -y postgresql-client >/dev/null")

    def ask(sql: str, word: str) -> subprocess.CompletedProcess[str]:
        return client.shell(f'PGPASSWORD={word} psql -h {ledger.fixed_address} -U clerk -d ledger -Atc "{sql}"')

    assert ask("insert into fees values ('dog', 1200), ('stall', 800)", password).returncode == 0
    assert ask("select sum(cents) from fees", password).stdout.strip() == "2000"
    refused = ask("select 1", "wrong")
    assert (refused.returncode, "password authentication failed" in refused.stderr) == (2, True)
    assert "/dev/vdb" in ledger.does("findmnt -n -o SOURCE /var/lib/postgresql"), "its data is on the volume"


def test_the_share_takes_a_file_over_nfs_and_gives_it_back(guest: Callable[[str], Guest]) -> None:
    files, client = guest("files"), guest("ledger")
    for each in (files, client):
        awaits(each.is_installed, INSTALLED_SECONDS, lambda each=each: each.shell("cloud-init status --long").stdout)
    client.does("sudo apt-get install -qq -y nfs-common >/dev/null")
    client.does(f"sudo mkdir -p /mnt/share && sudo mount -t nfs4 {files.fixed_address}:/srv/share /mnt/share")
    client.does("echo 'minutes of May' >/mnt/share/minutes && sync")
    assert files.does("cat /srv/share/minutes").strip() == "minutes of May"
    files.does("echo 'minutes of June' | sudo tee /srv/share/later >/dev/null")
    assert client.does("cat /mnt/share/later").strip() == "minutes of June"
    assert "/dev/vdb" in files.does("findmnt -n -o SOURCE /srv/share"), "its files are on the volume"
