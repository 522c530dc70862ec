"""One machine: a clone of the base image with a name and an address, booted with systemd as its first process."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from threading import Event

from infra.lab import overlay, process
from infra.lab.command import CommandError, run
from tenants.machines import ssh_options
from tenants.problem import Problem, UserError

BOOT_SECONDS = 300.0
STOP_SECONDS = 120.0
_POLL_SECONDS = 0.1
_DEVICES = ("/dev/net/tun", "/dev/fuse", "/dev/kvm")
_MACHINE_IDS = uuid.UUID("6f1c3c3e-7f0e-4a53-9a44-1f6b0d2f5a10")
# joins the groups told before "--", then becomes the program after it
_JOIN = 'while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs" || exit; shift; done; shift; exec "$@"'


@dataclass(frozen=True)
class Place:
    """How one machine is to be: everything that its files and its start are made from."""

    lab: str
    name: str
    directory: Path
    """Holds its changes (``upper``), its root while it is mounted, and its console log."""
    layers: tuple[Path, ...]
    """Directories of the base image, uppermost first."""
    address: IPv4Address
    prefix: int
    gateway: IPv4Address
    bridge: str
    mtu: int
    hosts: Mapping[str, IPv4Address]
    """All machines of the lab by name."""
    ssh: Ssh
    resolver: str
    """Contents of resolv.conf."""
    console: Path
    """What it says on its console since its last start."""
    binds: Mapping[Path, str] | None = None
    """Directories of the host that it sees, by its own path of them."""

    @property
    def root(self) -> Path:
        """Its file system, while mounted."""
        return self.directory / "root"


@dataclass(frozen=True)
class Ssh:
    """The operator's key and what is known about the machines' keys, in the lab's home."""

    directory: Path

    @property
    def key(self) -> Path:
        """Private key that every machine lets in as root."""
        return self.directory / "id_ed25519"

    @property
    def known_hosts(self) -> Path:
        """The machines' own keys, by name and address."""
        return self.directory / "known_hosts"

    def options(self) -> tuple[str, ...]:
        """Give ssh's options: this key and these machines alone, whatever the user's own configuration says."""
        own = ("-F", "/dev/null", "-o", "IdentitiesOnly=yes", "-o", "ConnectTimeout=5")
        return (*own, *ssh_options(self.key, self.known_hosts, only_known=True))

    def make_key(self) -> None:
        """Make the key once."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self.key.exists():
            run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "oneroof", "-f", str(self.key)])


def prepare(place: Place) -> None:
    """Mount the clone and write what makes it this machine; a machine that ran before keeps everything of its own."""
    root = overlay.mount(place.layers, place.directory)
    made = place.directory / "made"
    _write(root / "etc/systemd/network/80-container-host0.network", render_network_file(place))
    _write(root / "etc/resolv.conf", place.resolver)
    if not made.exists():
        _write(root / "etc/hostname", f"{place.name}\n")
        _write(root / "etc/hosts", render_hosts(place.hosts))
        _write(root / "etc/machine-id", f"{uuid.uuid5(_MACHINE_IDS, str(place.directory)).hex}\n")
        (root / "root/.ssh").mkdir(mode=0o700, exist_ok=True)
        _write(root / "root/.ssh/authorized_keys", place.ssh.key.with_suffix(".pub").read_text(), mode=0o600)
        run(["systemctl", f"--root={root}", "enable", "systemd-networkd.service", "ssh.service"])
        key = root / "etc/ssh/ssh_host_ed25519_key"
        key.unlink(missing_ok=True)
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", place.name, "-f", str(key)])
        made.touch()


def host_key(place: Place) -> str:
    """Give the line about this machine in known_hosts."""
    kind, key, *_ = (place.root / "etc/ssh/ssh_host_ed25519_key.pub").read_text().split()
    return f"{place.name},{place.address} {kind} {key}\n"


def render_network_file(place: Place) -> str:
    """Render the machine's networkd file."""
    return (
        "[Match]\nName=host0\n\n"
        f"[Link]\nMTUBytes={place.mtu}\n\n"
        f"[Network]\nAddress={place.address}/{place.prefix}\nGateway={place.gateway}\n"
        "LinkLocalAddressing=no\nIPv6AcceptRA=no\n"
    )


def render_hosts(hosts: Mapping[str, IPv4Address]) -> str:
    """Render /etc/hosts with all machines of the lab."""
    return "127.0.0.1 localhost\n" + "".join(f"{address} {name}\n" for name, address in hosts.items())


def _write(file: Path, text: str, mode: int = 0o644) -> None:
    if file.is_symlink():  # a link to the host's run directory would lead outside
        file.unlink()
    if not file.exists() or file.read_text() != text:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)


def build_nspawn(place: Place, devices: Sequence[str]) -> tuple[str, ...]:
    """Build the command that is the machine."""
    return (
        *("systemd-nspawn", "--quiet", f"--directory={place.root}", f"--machine={place.lab}-{place.name}"),
        *(f"--hostname={place.name}", "--boot", "--register=no", "--keep-unit", "--link-journal=no", "--capability=all"),
        *("--resolv-conf=off", "--timezone=off", f"--network-bridge={place.bridge}"),
        f"--setenv={process.MARK}={place.root}",
        *(f"--bind={device}" for device in devices),
        *(f"--bind={outside}:{inside}" for outside, inside in (place.binds or {}).items()),
    )


def boot(place: Place) -> None:
    """Start the prepared machine, in a process group of its own that outlives this one; nothing where it runs."""
    running = process.find_running(place.root)
    if running and running.whole:
        return
    stop(place.root)  # what is left of it, should one of its two processes have been killed
    command = build_nspawn(place, [device for device in _DEVICES if Path(device).exists()])
    if Path("/run/systemd/system").is_dir():
        unit = f"--unit=oneroof-{place.lab}-{place.name}"
        command = ("systemd-run", "--scope", "--quiet", "--collect", "--slice=machine", unit, "-p", "Delegate=yes", *command)
    else:
        groups = process.machine_groups(place.lab, place.name)
        process.make_groups(groups)
        (place.directory / "groups").write_text("".join(f"{group}\n" for group in groups))
        command = ("sh", "-c", _JOIN, "sh", *map(str, groups), "--", *command)
    place.console.parent.mkdir(parents=True, exist_ok=True)
    with place.console.open("wb") as console:
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT, start_new_session=True)


def wait_ready(place: Place, seconds: float = BOOT_SECONDS, interrupted: Event | None = None) -> tuple[str, ...]:
    """Wait until the machine has booted and answers ssh; gives the units that failed.

    Raises :class:`UserError` where it ended, after ``seconds``, or soon after ``interrupted`` is set.
    """
    begun = time.monotonic()
    deadline, begun_again = begun + seconds, False
    last = "its ssh port stayed closed"
    while time.monotonic() < deadline and not (interrupted and interrupted.is_set()):
        with contextlib.suppress(OSError), socket.create_connection((str(place.address), 22), timeout=1.0):
            try:
                state = remote(
                    place, ["systemctl", "is-system-running", "--wait"], seconds=max(1.0, deadline - time.monotonic())
                )
            except CommandError as error:
                last = error.said.strip() or "ssh failed"
            else:
                if state.strip() in ("running", "degraded"):
                    return failed_units(place) if state.strip() == "degraded" else ()
                last = f"systemd says {state.strip()}"
        time.sleep(_POLL_SECONDS)
        if process.find_running(place.root) is None and time.monotonic() > begun + 2:
            last = "it ended while starting"
            if begun_again:
                break
            begun, begun_again = time.monotonic(), True
            boot(place)  # what was found running had been killed a moment ago, and was still on its way out
    raise UserError(
        Problem(
            f"machine {place.name} of lab {place.lab} did not get ready in {seconds:.0f} s: {last}",
            hint=f"see {place.console}",
        )
    )


def failed_units(place: Place) -> tuple[str, ...]:
    """Ask the machine which of its units failed."""
    listed = remote(place, ["systemctl", "list-units", "--failed", "--plain", "--no-legend"])
    return tuple(line.split()[0] for line in listed.splitlines() if line.strip())


def remote(place: Place, argv: Sequence[str], *, seconds: float = 60.0, stdin: str | None = None) -> str:
    """Run a command on the machine as root, give its stdout.

    From systemctl, "not quite well" (1) and "not active" (3, 4) are answers, not errors.
    """
    command = ["ssh", *place.ssh.options(), f"root@{place.address}", *argv]
    accept = (0, 1, 3, 4) if argv[0] == "systemctl" else (0,)
    return run(command, accept=accept, timeout=seconds, stdin=stdin).stdout


def stop(root: Path, seconds: float = STOP_SECONDS, interrupted: Event | None = None) -> bool:
    """Power a machine off, then kill it after ``seconds``; False where that was needed. Nothing where it does not run.

    Once ``interrupted`` is set it is left alone, on its way down.
    """
    deadline = time.monotonic() + seconds
    asked = None
    while (running := process.find_running(root)) is not None and not (interrupted and interrupted.is_set()):
        if time.monotonic() > deadline:
            for pid in (running.leader, running.nspawn):  # the leader's death takes every process inside with it
                _kill(pid, signal.SIGKILL)
        elif running.leader is not None and asked != running.leader:
            _kill(running.leader, signal.SIGRTMIN + 4)  # systemd's "power off"
            asked = running.leader
        time.sleep(_POLL_SECONDS)
    return asked is None or time.monotonic() <= deadline


def _kill(pid: int | None, number: int) -> None:
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def clean(directory: Path) -> None:
    """Remove what a stopped machine leaves on the host: its mount and its control groups. Its data stays."""
    overlay.unmount(directory)
    groups = directory / "groups"
    if groups.exists():
        process.remove_groups(Path(line) for line in groups.read_text().splitlines())
        groups.unlink()
