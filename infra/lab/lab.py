"""Brings a lab up, takes it down, forgets it: each from whatever state it finds, so that running it again carries on."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Network
from pathlib import Path
from threading import Event
from typing import TypeVar

from infra.lab import builder, host, image, machine, network, overlay, process
from infra.lab.address import choose_network, find_collisions
from infra.lab.inventory import build_inventory, machine_addresses, ssh_of, write_inventory
from infra.lab.lock import locked
from infra.lab.machine import Place
from infra.lab.network import Network, bridge_name
from infra.lab.progress import Talk
from infra.lab.record import Lab, Record, check_name, find_labs, networks_of_others, read_record, write_record
from infra.lab.topology import DEFAULT_TOPOLOGY
from tenants.installation import Installation
from tenants.problem import Problem, UserError

_T = TypeVar("_T")
_R = TypeVar("_R")


def bring_up(
    lab: Lab,
    cache: Path,
    playbooks: Path,
    talk: Talk,
    *,
    topology: str | None = None,
    told: IPv4Network | None = None,
) -> dict[str, tuple[str, ...]]:
    """Make every machine run and answer; gives, by machine, the units that failed.

    ``topology`` and ``told`` (a network) count when the lab is made; for one that exists they must be what it has.
    """
    check_name(lab.name)
    with locked(f"lab-{lab.name}", talk):
        _clean_abandoned(lab)
        record = _remember(lab, topology, told, talk)
        own = _network(lab, record)
        network.set_up(own)
        places = _make(lab, record, own, cache, playbooks, talk)
        with talk.step(f"{len(places)} machines of lab {lab.name}"):
            failed = _in_parallel(_start, places)
        _prune(cache, playbooks)
        return {place.name: units for place, units in zip(places, failed, strict=True)}


def take_down(lab: Lab, cache: Path, talk: Talk) -> tuple[str, ...]:
    """Power every machine off and leave nothing on the host but the data; gives the machines that had to be killed."""
    check_name(lab.name)
    with locked(f"lab-{lab.name}", talk):
        _sweep_builder(cache)
        directories = lab.machine_directories()
        with talk.step(f"power off lab {lab.name}"):
            clean = _in_parallel(lambda directory, event: machine.stop(directory / "root", interrupted=event), directories)
            _leave_nothing(lab)
        return tuple(directory.name for directory, well in zip(directories, clean, strict=True) if not well)


def forget(lab: Lab, cache: Path, talk: Talk) -> None:
    """Take the lab down and delete all that it knew: machines, secrets, state, records and reports."""
    take_down(lab, cache, talk)
    with locked(f"lab-{lab.name}", talk):
        if left := overlay.mounted(lab.home):
            raise UserError(
                Problem(f"{left[0]} is still mounted, so nothing was deleted", hint="close what uses it and try again")
            )
        Installation(lab.home).secrets_key.unlink(missing_ok=True)
        if lab.home.exists():
            shutil.rmtree(lab.home)


def _remember(lab: Lab, topology: str | None, told: IPv4Network | None, talk: Talk) -> Record:
    with locked("addresses", talk):
        record = read_record(lab)
        taken = (*host.read_taken([bridge_name(lab.name)]), *networks_of_others(lab))
        if record is None:
            record = Record(told or choose_network(taken), topology or DEFAULT_TOPOLOGY)
            record.load_topology()
        wrong = [
            Problem(f"lab {lab.name} has {what} {has}, got {got}", hint=f"`oneroof lab reset --lab {lab.name}` forgets it")
            for what, has, got in (("topology", record.topology, topology), ("network", record.network, told))
            if got is not None and got != has
        ]
        if problems := [*wrong, *find_collisions(record.network, taken)]:
            raise UserError.of(problems)
        write_record(lab, record)
    return record


def _network(lab: Lab, record: Record) -> Network:
    topology = record.load_topology()
    gateway = machine_addresses(topology, record.addresses)[topology.external_gateway]
    return Network(lab.name, record.addresses, gateway, lab.home, host.read_uplink_mtu())


def _make(lab: Lab, record: Record, own: Network, cache: Path, playbooks: Path, talk: Talk) -> tuple[Place, ...]:
    """Prepare what all machines share, and give each machine as it is to be."""
    topology, addresses = record.load_topology(), record.addresses
    hosts = machine_addresses(topology, addresses)
    ssh = ssh_of(Installation(lab.home))
    ssh.make_key()
    if new := [name for name in hosts if image.image_of(lab.machine(name)) is None]:
        recipe = builder.Recipe(cache, playbooks, own, topology.ceph_osd_size)
        with locked("image", talk, image.images_directory(cache)):
            layer = builder.ensure_image(recipe, talk)
            for name in new:
                image.link(layer, lab.machine(name))
    inventory = build_inventory(topology, addresses, lab.home, ssh, own.mtu, hosts)
    write_inventory(Installation(lab.home).inventory, inventory)
    resolver = host.read_resolver()
    places = tuple(
        Place(
            lab=lab.name,
            name=name,
            directory=lab.machine(name),
            layers=_layers(lab.machine(name)),
            address=address,
            prefix=addresses.management.prefixlen,
            gateway=addresses.host,
            bridge=own.bridge,
            mtu=own.mtu,
            hosts=hosts,
            ssh=ssh,
            resolver=resolver,
            console=lab.machine(name) / "console.log",
        )
        for name, address in hosts.items()
    )
    for place in places:
        machine.prepare(place)
    ssh.known_hosts.write_text("".join(machine.host_key(place) for place in places))
    return places


def _layers(directory: Path) -> tuple[Path, ...]:
    layer = image.image_of(directory)
    if layer is None or not layer.complete:
        raise UserError(
            Problem(
                f"machine {directory.name} was made from an image that is gone: {layer.directory if layer else 'none'}",
                hint=f"`oneroof lab reset --lab {directory.parent.parent.name}` makes the lab anew, without its data",
            )
        )
    return layer.stack()


def _start(place: Place, interrupted: Event) -> tuple[str, ...]:
    machine.boot(place)
    return machine.wait_ready(place, interrupted=interrupted)


def _in_parallel(work: Callable[[_T, Event], _R], things: Sequence[_T]) -> list[_R]:
    """Do the work on all at once; its second argument is set on Ctrl-C, which reaches this thread alone."""
    interrupted = Event()
    with ThreadPoolExecutor(max_workers=max(1, len(things))) as pool:
        try:
            return list(pool.map(lambda thing: work(thing, interrupted), things))
        except BaseException:
            interrupted.set()
            raise


def _clean_abandoned(lab: Lab) -> None:
    """Clean up after labs whose machines are all dead but whose mounts or bridge are still there, this one among them."""
    for other in find_labs(lab.home.parent):
        if other == lab:
            continue
        try:
            with locked(f"lab-{other.name}"):
                if not _runs(other.machine_directories()):
                    _leave_nothing(other)
        except BlockingIOError:
            continue  # somebody works on it right now


def _runs(directories: Iterable[Path]) -> bool:
    return any(process.find_running(directory / "root") for directory in directories)


def _leave_nothing(lab: Lab) -> None:
    for directory in lab.machine_directories():
        machine.clean(directory)
    overlay.unmount(lab.machines)
    network.tear_down(lab.name, lab.home)


def _sweep_builder(cache: Path) -> None:
    try:
        with locked("image", directory=image.images_directory(cache)):
            builder.sweep(cache)
    except BlockingIOError:
        pass  # another lab's image is being made


def _prune(cache: Path, playbooks: Path) -> None:
    try:
        with locked("image", directory=image.images_directory(cache)):
            image.prune(cache, keep=image.installed_layer(cache, playbooks))
    except BlockingIOError:
        pass  # another lab makes its machines: it will do this itself
