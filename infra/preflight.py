"""Can this host bear the lab: everything that is missing, in one list, before anything is changed.

:func:`find_problems` judges :class:`Facts` against :class:`Needs`; :func:`collect_facts` gathers them. Kernel features are
tried for real, in a network and mount namespace of their own that ends with the trial.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

from infra.lab import host, process
from infra.lab.address import Taken, choose_network, find_collisions
from infra.lab.command import CommandError, run
from infra.lab.image import installed_layer
from infra.lab.network import bridge_name
from infra.lab.record import Lab, check_name, networks_of_others, read_record
from infra.lab.topology import DEFAULT_TOPOLOGY, load_topology
from tenants.installation import repository
from tenants.problem import Problem, UserError

GIB = 2**30

TOOLS = {
    "systemd-nspawn": "systemd-container",
    "mmdebstrap": "mmdebstrap",
    "nft": "nftables",
    "ip": "iproute2",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "mount": "mount",
    "unshare": "util-linux",
    "nice": "coreutils",
    "apt-config": "apt",
    "systemctl": "systemd",
    "/usr/share/keyrings/debian-archive-keyring.gpg": "debian-archive-keyring",
}
"""Programs (and one file) that the lab needs, and the Debian package that has each."""

_TRIALS = {
    "bridges": "ip link add trial type bridge",
    "veth pairs": "ip link add trial0 type veth peer name trial1",
    "NAT (nftables masquerade)": (
        "nft 'table ip trial { chain out { type nat hook postrouting priority srcnat; masquerade; }; }' &&"
        " nft 'table ip trial { chain through { type filter hook forward priority mangle;"
        " tcp flags syn tcp option maxseg size set rt mtu; }; }'"
    ),
    "tun devices": "test -c /dev/net/tun && ip tuntap add dev trialtap mode tap",
}


@dataclass(frozen=True)
class Needs:
    """What the lab asks of its host."""

    cache: Path
    state: Path
    cache_bytes: int
    """Free space that the cache still needs."""
    state_bytes: int
    memory_bytes: int
    """Memory that must be available, beyond what the lab uses already."""
    network: IPv4Network | None
    """The network that the user told or that the lab has; None: any free one will do."""


@dataclass(frozen=True)
class Facts:
    """What the host has."""

    user: int
    """Numeric id of the user who runs this."""
    missing: tuple[str, ...]
    """Keys of :data:`TOOLS` that are not there."""
    broken: tuple[str, ...]
    """Kernel features that do not work, as named in a sentence."""
    free_bytes: dict[Path, int]
    """Free space, by directory."""
    devices: dict[Path, int]
    """File system that each directory lies on."""
    memory_bytes: int
    """Memory available to new processes."""
    taken: tuple[Taken, ...]
    resolvable: bool = True
    """Whether the host has a name server that machines can ask too."""


def find_problems(facts: Facts, needs: Needs) -> tuple[Problem, ...]:
    """Give everything that is wrong but missing tools, which :func:`find_missing` names."""
    problems = []
    if facts.user != 0:
        problems.append(Problem(f"user: got id {facts.user}, expected root", hint="run it with sudo"))
    problems += [
        Problem(f"the kernel has no working {feature}", hint="a host with a stock Debian or Ubuntu kernel has it")
        for feature in facts.broken
    ]
    asked: dict[int, tuple[list[Path], int]] = {}
    for directory, wanted in ((needs.cache, needs.cache_bytes), (needs.state, needs.state_bytes)):
        directories, sum_ = asked.get(facts.devices[directory], ([], 0))
        asked[facts.devices[directory]] = ([*directories, directory], sum_ + wanted)
    for directories, wanted in asked.values():
        if (free := facts.free_bytes[directories[0]]) < wanted:
            where = " and ".join(str(directory) for directory in directories)
            problems.append(
                Problem(
                    f"free disk for {where}: got {free / GIB:.1f} GiB, expected at least {wanted / GIB:.0f} GiB",
                    hint="free some, or name other places with ONEROOF_CACHE and ONEROOF_STATE",
                )
            )
    if facts.memory_bytes < needs.memory_bytes:
        got, expected = facts.memory_bytes / GIB, needs.memory_bytes / GIB
        problems.append(
            Problem(
                f"available memory: got {got:.1f} GiB, expected at least {expected:.0f} GiB",
                hint="end other programs or labs",
            )
        )
    if needs.network is not None:
        problems += find_collisions(needs.network, facts.taken)
    else:
        try:
            choose_network(facts.taken)
        except UserError as error:
            problems += error.problems
    if not facts.resolvable:
        problems.append(
            Problem(
                "the host's name servers are on loopback only, so the machines could not ask them",
                hint="name another server in /etc/resolv.conf",
            )
        )
    return tuple(problems)


def find_missing(facts: Facts) -> tuple[Problem, ...]:
    """Give a sentence for each tool that is missing."""
    return tuple(
        Problem(f"{tool} is missing", hint=f"apt-get install {TOOLS[tool]} (or your distribution's package of it)")
        for tool in facts.missing
    )


def needs_of(home: Path, cache: Path, topology: str | None, told: IPv4Network | None) -> Needs:
    """Say what a lab still needs: less where its image or its machines are there already."""
    lab = Lab(home)
    check_name(lab.name)
    record = read_record(lab)
    memory = load_topology(topology or (record.topology if record else DEFAULT_TOPOLOGY)).memory_gib * GIB
    used = sum(
        process.memory_bytes(running.pid) or 0
        for directory in lab.machine_directories()
        if (running := process.find_running(directory / "root"))
    )
    built = installed_layer(cache, repository() / "playbooks").complete
    made = any((directory / "image").is_symlink() for directory in lab.machine_directories())
    return Needs(
        cache=cache,
        state=home,
        cache_bytes=(1 if built or made else 7) * GIB,
        state_bytes=(2 if made else 8) * GIB,
        memory_bytes=max(0, int(memory) - used) if not used else GIB // 2,
        network=told or (record.network if record else None),
    )


def collect_facts(needs: Needs, lab: Lab) -> Facts:
    """Look at the host; changes nothing."""
    missing = tuple(tool for tool in TOOLS if not (Path(tool).exists() if tool.startswith("/") else shutil.which(tool)))
    directories = {directory: _existing(directory) for directory in (needs.cache, needs.state)}
    return Facts(
        user=os.geteuid(),
        missing=missing,
        broken=_try_features(missing, sorted(set(directories.values()))) if os.geteuid() == 0 else (),
        free_bytes={directory: shutil.disk_usage(there).free for directory, there in directories.items()},
        devices={directory: there.stat().st_dev for directory, there in directories.items()},
        memory_bytes=_available_memory(),
        taken=(*host.read_taken([bridge_name(lab.name)]), *networks_of_others(lab)) if "ip" not in missing else (),
        resolvable=_resolvable(),
    )


def require(needs: Needs, *, install: bool) -> str:
    """Raise :class:`UserError` with every problem; ``install`` installs missing tools where nothing else is wrong.

    Gives one line about what was found.
    """
    lab = Lab(needs.state)
    facts = collect_facts(needs, lab)
    problems, missing = find_problems(facts, needs), find_missing(facts)
    if problems or (missing and not (install and shutil.which("apt-get"))):
        raise UserError(*problems, *missing)
    if missing:
        packages = sorted({TOOLS[tool] for tool in facts.missing})
        environment = {"DEBIAN_FRONTEND": "noninteractive"}
        run(["apt-get", "update", "-qq"], environment=environment)
        run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages], environment=environment)
        return require(needs, install=False)
    memory, disk = facts.memory_bytes / GIB, min(facts.free_bytes.values()) / GIB
    return f"this host can bear the lab: {memory:.1f} GiB of memory available, {disk:.0f} GiB of disk free"


def _try_features(missing: tuple[str, ...], directories: list[Path]) -> tuple[str, ...]:
    """Try each feature in namespaces that end with the trial; what needs a missing tool is tried after it is there."""
    if "unshare" in missing:
        return ()
    broken = []
    for feature, trial in _TRIALS.items():
        if not {"nft" if "nft " in trial else "ip", "ip"} & set(missing) and not _works(trial):
            broken.append(feature)
    for directory in directories:
        with tempfile.TemporaryDirectory(dir=directory, prefix=".oneroof-trial-") as name:
            trial = (
                f"cd {name!r} && mkdir l u w r && mount -t overlay trial -o lowerdir=l,upperdir=u,workdir=w r && touch r/f"
            )
            if not _works(trial):
                broken.append(f"overlayfs on the file system of {directory}")
    return tuple(broken)


def _works(trial: str) -> bool:
    try:
        run(["unshare", "--net", "--mount", "--propagation", "private", "sh", "-c", trial], timeout=20)
    except CommandError:
        return False
    return True


def _existing(directory: Path) -> Path:
    """Give the nearest directory above that exists."""
    return next(path for path in (directory, *directory.parents) if path.is_dir())


def _available_memory() -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0


def _resolvable() -> bool:
    try:
        host.read_resolver()
    except UserError:
        return False
    return True
