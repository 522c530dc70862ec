"""Makes the base image: Debian by mmdebstrap, then the roles' own install steps, run once on a booted machine."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from infra.lab import host, machine
from infra.lab.command import run
from infra.lab.image import DPKG_OPTIONS, PACKAGES, Layer, debian_layer, images_directory, installed_layer
from infra.lab.inventory import build_inventory, write_inventory
from infra.lab.machine import Place, Ssh
from infra.lab.network import Network
from infra.lab.progress import Talk
from infra.lab.topology import GROUPS, Machine, Topology

_BUILDING = ".building-"
_RESUMABLE = "resumable"
_STOP_SECONDS = 30.0
_POLICY = "usr/sbin/policy-rc.d"
# what belongs to one machine, or to the making, and must not be cloned
_NOT_CLONED = (
    *("etc/machine-id", "etc/hostname", "etc/hosts", "etc/environment", "etc/ssh/ssh_host_*", "root/.ssh", "root/.ansible"),
    *("etc/systemd/network/80-container-host0.network", "var/lib/systemd/random-seed", "var/lib/dbus/machine-id", _POLICY),
    *("var/log/journal/*", "tmp/*", "tmp/.[!.]*", "var/tmp/*"),
)


@dataclass(frozen=True)
class Recipe:
    """Where an image is made, and from which playbooks."""

    cache: Path
    playbooks: Path
    network: Network
    """A network that is up: the builder stands in it, beside the lab's machines."""
    ceph_osd_size: str = "30G"


def ensure_image(recipe: Recipe, talk: Talk) -> Layer:
    """Give the image that these playbooks make, made now where the cache lacks it; to be called with the image lock held."""
    wanted = installed_layer(recipe.cache, recipe.playbooks)
    if wanted.complete:
        return wanted
    images_directory(recipe.cache).mkdir(parents=True, exist_ok=True)
    sweep(recipe.cache, keep=wanted)
    below = debian_layer(recipe.cache)
    if not below.complete:
        _bootstrap(below, recipe.cache, talk)
    _install(wanted, below, recipe, talk)
    return wanted


def sweep(cache: Path, keep: Layer | None = None) -> None:
    """Remove what an interrupted making left behind; to be called with the image lock held.

    One that was interrupted in good order stays as it is, to be carried on; with ``keep``, that layer's alone.
    """
    for directory in images_directory(cache).glob(f"{_BUILDING}*"):
        machine.stop(directory / "root", seconds=0)
        machine.clean(directory)
        if not (directory / _RESUMABLE).exists() or (keep is not None and directory != _building_directory(keep)):
            shutil.rmtree(directory)


def _building_directory(layer: Layer) -> Path:
    return layer.directory.with_name(f"{_BUILDING}{layer.directory.name}")


@contextlib.contextmanager
def _building(layer: Layer, *, resumable: bool) -> Iterator[Path]:
    """Give a directory to build in, gone in the end; a resumable one stays after a failure where its machine ended well."""
    directory = _building_directory(layer)
    directory.mkdir(exist_ok=True)
    mark = directory / _RESUMABLE
    mark.unlink(missing_ok=True)
    try:
        yield directory
    except BaseException:
        if resumable and machine.stop(directory / "root", seconds=_STOP_SECONDS):
            mark.touch()
        raise
    finally:
        machine.stop(directory / "root", seconds=0)
        machine.clean(directory)
        if not mark.exists():
            shutil.rmtree(directory)


def _finish(building: Path, tree: Path, layer: Layer, below: Layer | None, seconds: float) -> None:
    """Put a finished tree in place in one step."""
    final = building / "final"
    final.mkdir()
    tree.rename(final / "root")
    notes = {"below": below.directory.name if below else None, "seconds": round(seconds, 1)}
    (final / "layer.json").write_text(json.dumps(notes) + "\n")
    final.rename(layer.directory)


def _bootstrap(layer: Layer, cache: Path, talk: Talk) -> None:
    log = cache / "logs" / f"{layer.directory.name}.log"
    begun = time.monotonic()
    with _building(layer, resumable=False) as building, talk.step("Debian for the lab's machines (about 1.5 minutes)", log):
        command = [
            *("nice", "mmdebstrap", "--mode=root", "--variant=minbase", f"--include={','.join(PACKAGES)}"),
            *(f"--dpkgopt={option}" for option in DPKG_OPTIONS),
            *(f"--aptopt={setting}" for setting in host.read_apt_settings()),
            *(host.SUITE, str(building / "tree"), "-"),
        ]
        sources = "".join(f"deb {source}\n" for source in host.read_sources())
        run(command, stdin=sources, log=log)
        _strip(building / "tree")
        _finish(building, building / "tree", layer, None, time.monotonic() - begun)


def _strip(root: Path) -> None:
    for pattern in _NOT_CLONED:
        for path in root.glob(pattern):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def _install(layer: Layer, below: Layer, recipe: Recipe, talk: Talk) -> None:
    log = recipe.cache / "logs" / f"{layer.directory.name}.log"
    begun = time.monotonic()
    with _building(layer, resumable=True) as building:
        place = _place(building, below, recipe)
        place.ssh.make_key()
        machine.prepare(place)
        place.ssh.known_hosts.write_text(machine.host_key(place))
        _adapt(place)
        with talk.step("the machine that the base image is made on"):
            machine.boot(place)
            machine.wait_ready(place, seconds=60)
            # the first mends what an interrupted making may have left half installed
            machine.remote(place, ["dpkg --configure -a && update-ca-certificates && apt-get update -qq"], seconds=600)
        with talk.step("packages of every role, once for all machines (about 5 minutes)", log):
            _run_roles(place, recipe, building, log)
        with talk.step("the base image into place"):
            machine.stop(place.root)
            _disable(place.root, _enabled(place.root) - _enabled(below.root))
            _strip(place.root)
            machine.clean(building)
            _finish(building, building / "upper", layer, below, time.monotonic() - begun)


def _place(building: Path, below: Layer, recipe: Recipe) -> Place:
    addresses = recipe.network.addresses
    downloads = recipe.cache / "downloads" / "apt"  # kept, so that another image need not fetch them again
    (downloads / "partial").mkdir(parents=True, exist_ok=True)
    return Place(
        lab=recipe.network.lab,
        name="builder",
        directory=building,
        layers=below.stack(),
        address=addresses.builder,
        prefix=addresses.management.prefixlen,
        gateway=addresses.host,
        bridge=recipe.network.bridge,
        mtu=recipe.network.mtu,
        hosts={"builder": addresses.builder},
        ssh=Ssh(building / "ssh"),
        resolver=host.read_resolver(),
        console=recipe.cache / "logs" / "builder.console.log",
        binds={downloads: "/var/cache/apt/archives"},
    )


def _adapt(place: Place) -> None:
    """Make the builder trust and use what the host does; packages must not start their services."""
    root = place.root
    policy = root / _POLICY
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    known = root / host.CA_BUNDLE.relative_to("/")
    own = host.CA_BUNDLE.read_text() if host.CA_BUNDLE.exists() else ""
    extra = root / "usr/local/share/ca-certificates"
    extra.mkdir(parents=True, exist_ok=True)
    for number, pem in enumerate(host.extra_certificates(own, known.read_text())):
        (extra / f"host-{number}.crt").write_text(pem)
    proxies = host.read_proxies(os.environ)
    (root / "etc/environment").write_text("".join(f"{key}={value}\n" for key, value in proxies.items()))
    (root / "etc/default/locale").write_text("LANG=C.UTF-8\n")
    pip = host.read_pip_settings(os.environ)
    _write_private(root / "etc/pip.conf", ["[global]", f"cert = {host.CA_BUNDLE}", *(f"{k} = {v}" for k, v in pip.items())])
    index = [f'index-url = "{pip["index-url"]}"'] if "index-url" in pip else []
    extra_index = [f'extra-index-url = ["{pip["extra-index-url"]}"]'] if "extra-index-url" in pip else []
    _write_private(root / "etc/uv/uv.toml", ["native-tls = true", *index, *extra_index])
    run(["systemctl", f"--root={root}", "mask", "apt-daily.timer", "apt-daily-upgrade.timer"])


def _write_private(file: Path, lines: list[str]) -> None:
    """Write a file for root alone: an index's address may hold a password."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_text("\n".join(lines) + "\n")


def _run_roles(place: Place, recipe: Recipe, building: Path, log: Path) -> None:
    topology = Topology(
        name="builder",
        machines=(Machine(name="builder", groups=GROUPS, memory_gib=1),),
        external_gateway="builder",
        ceph_osd_size=recipe.ceph_osd_size,
    )
    inventory = build_inventory(
        topology, recipe.network.addresses, building / "home", place.ssh, place.mtu, own={"builder": place.address}
    )
    (building / "home").mkdir(exist_ok=True)
    write_inventory(building / "inventory" / "hosts.yml", inventory)
    ansible = Path(sys.executable).with_name("ansible-playbook")
    run(
        [
            str(ansible),
            "-i",
            str(building / "inventory" / "hosts.yml"),
            str(recipe.playbooks / "site.yml"),
            "--tags",
            "install",
        ],
        log=log,
        environment={
            "ANSIBLE_CONFIG": str(recipe.playbooks / "ansible.cfg"),
            "ANSIBLE_FORCE_COLOR": "0",
            "PYTHONUNBUFFERED": "1",
        },
    )


def _enabled(root: Path) -> frozenset[str]:
    listed = run(["systemctl", f"--root={root}", "list-unit-files", "--state=enabled", "--no-legend"]).stdout
    return frozenset(line.split()[0] for line in listed.splitlines() if line.strip())


def _disable(root: Path, units: frozenset[str]) -> None:
    """Leave it to the roles which services a machine starts; timers and targets start nothing by themselves."""
    if services := sorted(unit for unit in units if unit.endswith((".service", ".socket"))):
        run(["systemctl", f"--root={root}", "disable", *services])
