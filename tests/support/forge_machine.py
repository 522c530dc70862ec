"""A real forge on a machine of its own in the lab: Gitea as a service without rights, by TLS, that sends webhooks.

The machine is a clone of the Debian that all machines of the lab are made from, on their network, and gone in the end. It
lies among the lab's own, so that switching the lab off takes one along that an interrupted test left.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from authority import Authority
from real_forge import ADMINISTRATOR, SETTINGS, RealForge, await_answer, parse_token

from infra.lab import host, image, machine
from infra.lab.command import run
from infra.lab.machine import Place, Ssh
from infra.lab.network import bridge_name
from infra.lab.record import Lab, read_record
from tenants.installation import Installation, cache_directory

NAME = "forge"
PORT = 3000
_PLACE = 240
"""Its number in the machines' network: beyond those of a topology, before the builder's."""
_HOME, _PROGRAM = "/var/lib/gitea", "/opt/gitea"
_UNIT = f"""
[Unit]
Description=Gitea
After=network.target
[Service]
User=git
Environment=HOME={_HOME} USER=git GITEA_WORK_DIR={_HOME}
ExecStart={_PROGRAM}/gitea --config {_HOME}/app.ini web
WorkingDirectory={_HOME}
MemoryMax=256M
NoNewPrivileges=true
ProtectSystem=strict
ReadWritePaths={_HOME}
ProtectHome=true
PrivateTmp=true
CapabilityBoundingSet=
"""
_INSTALL = f"""
set -eu
update-ca-certificates >/dev/null
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends git >/dev/null
useradd --system --home-dir {_HOME} git
chown -R git:git {_HOME}
chmod 700 {_HOME}
cd {_HOME}
export HOME={_HOME} USER=git GITEA_WORK_DIR={_HOME}
as_git() {{ runuser -u git -- {_PROGRAM}/gitea --config {_HOME}/app.ini "$@"; }}
as_git migrate >/dev/null
as_git {" ".join(ADMINISTRATOR)}
systemctl daemon-reload
systemctl start gitea
"""


@dataclass(frozen=True)
class ForgeMachine:
    """The machine, and the forge on it."""

    place: Place
    forge: RealForge
    authority: Authority
    hears: str
    """The host's address on the lab's network, the only one that webhooks may go to."""

    def ask(self, command: str) -> str:
        """Run a command there as root."""
        return machine.remote(self.place, [command])


@contextmanager
def run_forge_machine(installation: Installation, gitea: Path, folder: Path) -> Iterator[ForgeMachine]:
    """Boot the machine, install Gitea there, and let it run until the end of the block."""
    authority = Authority(folder / "authority")
    place, hears = _place(installation, folder)
    _remove(place)  # what an interrupted test left
    place.ssh.make_key()
    try:
        machine.prepare(place)
        place.ssh.known_hosts.write_text(machine.host_key(place))
        _lay_out(place.root, gitea, authority, place, hears)
        machine.boot(place)
        assert machine.wait_ready(place) == ()
        told = machine.remote(place, ["sh"], stdin=_INSTALL, seconds=600)
        url = f"https://{place.address}:{PORT}"
        forge = RealForge(folder, url, {"keeper": parse_token(told)}, authority=str(authority.certificate))
        made = ForgeMachine(place, forge, authority, hears)
        await_answer(forge, lambda: made.ask("journalctl --unit gitea"))
        yield made
    finally:
        _remove(place)


def _place(installation: Installation, folder: Path) -> tuple[Place, str]:
    lab = Lab(installation.home)
    record = read_record(lab)
    assert record is not None, f"no lab in {installation.home}"
    addresses, layer = record.addresses, image.debian_layer(cache_directory())
    assert layer.complete, f"{layer.directory} is not there"
    downloads = cache_directory() / "downloads" / "apt"
    (downloads / "partial").mkdir(parents=True, exist_ok=True)
    place = Place(
        lab=lab.name,
        name=NAME,
        directory=lab.machine(NAME),
        layers=layer.stack(),
        address=addresses.management[_PLACE],
        prefix=addresses.management.prefixlen,
        gateway=addresses.host,
        bridge=bridge_name(lab.name),
        mtu=host.read_uplink_mtu(),
        hosts={NAME: addresses.management[_PLACE]},
        ssh=Ssh(folder / "ssh"),
        resolver=host.read_resolver(),
        console=folder / "console.log",
        binds={downloads: "/var/cache/apt/archives"},
    )
    return place, str(addresses.host)


def _lay_out(root: Path, gitea: Path, authority: Authority, place: Place, hears: str) -> None:
    """Put on the machine what it does not get by itself."""
    program, home = root / _PROGRAM.lstrip("/"), root / _HOME.lstrip("/")
    for directory in (program, home, root / "usr/local/share/ca-certificates"):
        directory.mkdir(parents=True, exist_ok=True)
    shutil.copy2(gitea, program)
    for part in ("templates", "options", "public"):
        shutil.copytree(gitea.parent / "source" / part, program / part)
    certificate, key = authority.issue(str(place.address))
    shutil.copy2(certificate, home / "certificate.pem")
    shutil.copy2(key, home / "key.pem")
    # it believes the reviews' certificate by what the whole machine believes, as it would in production
    shutil.copy2(authority.certificate, root / "usr/local/share/ca-certificates/government.crt")
    settings = SETTINGS.format(
        user="git", root=_HOME, scheme="https", address=place.address, port=PORT, hears=hears, source=_PROGRAM,
        secret=secrets.token_urlsafe(32),
    )  # fmt: skip
    (home / "app.ini").write_text(settings)
    (root / "etc/systemd/system/gitea.service").write_text(_UNIT)


def _remove(place: Place) -> None:
    machine.stop(place.root)
    machine.clean(place.directory)
    if place.directory.exists():
        run(["rm", "-rf", "--one-file-system", str(place.directory)])
