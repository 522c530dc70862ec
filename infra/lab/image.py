"""The base image that machines are clones of: what it is made from, where it is kept, and when it may go.

An image is two layers: Debian with systemd and sshd, and what the roles' install steps add. Both are kept in the cache by
the hash of what they were made from. A machine links to its image and the image back to it; an image that nobody links to
is deleted when a newer one was made.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from infra.lab import overlay
from infra.lab.host import SUITE

PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "openssh-server", "python3", "python3-apt", "iproute2", "iputils-ping"),
    *("ca-certificates", "procps"),
)
DPKG_OPTIONS = (
    "force-unsafe-io",
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
    "path-exclude=/usr/share/man/*",
    "path-exclude=/usr/share/info/*",
    "path-exclude=/usr/share/locale/*",
)
_FORMAT = 2  # raise it when the way an image is made changes


@dataclass(frozen=True)
class Layer:
    """One directory of an image, complete once its ``layer.json`` is there."""

    directory: Path

    @property
    def root(self) -> Path:
        """Its files."""
        return self.directory / "root"

    @property
    def notes(self) -> Path:
        """What it was made from and how long that took; also the name of the layer below."""
        return self.directory / "layer.json"

    @property
    def users(self) -> Path:
        """A link to each machine that was made from it."""
        return self.directory / "users"

    @property
    def complete(self) -> bool:
        """Whether it can be used; it is renamed into place at the end, so it is there whole or not at all."""
        return self.notes.exists()

    def stack(self) -> tuple[Path, ...]:
        """Give the directories of this layer and those below, uppermost first."""
        below = json.loads(self.notes.read_text()).get("below")
        return (self.root, *(Layer(self.directory.parent / below).stack() if below else ()))


def images_directory(cache: Path) -> Path:
    """Give the folder of all layers."""
    return cache / "images"


def debian_layer(cache: Path) -> Layer:
    """Name the lower layer: Debian as mmdebstrap makes it."""
    made_from = json.dumps([_FORMAT, SUITE, PACKAGES, DPKG_OPTIONS])
    return Layer(images_directory(cache) / f"debian-{_digest(made_from)}")


def installed_layer(cache: Path, playbooks: Path) -> Layer:
    """Name the upper layer: what the install steps of these playbooks' roles add."""
    inputs = json.dumps([debian_layer(cache).directory.name, read_install_inputs(playbooks)], sort_keys=True)
    return Layer(images_directory(cache) / f"installed-{_digest(inputs)}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def read_install_inputs(playbooks: Path) -> dict[str, str]:
    """Read all that the install steps depend on, by name: their tasks, the variables and files these name, the wheels.

    A variable that no install step uses may change without a new image: it only has to be right, not the same.
    """
    inputs = {file.name: file.read_text() for file in sorted(playbooks.glob("constraints/*.txt"))}
    for role in sorted(path for path in playbooks.glob("roles/*") if (path / "tasks/install.yml").is_file()):
        tasks = "\n".join(file.read_text() for file in sorted(role.glob("tasks/install*.yml")))
        variables = _load_variables(role)
        inputs[role.name] = json.dumps([tasks, _used(variables, tasks)], sort_keys=True, default=str)
        for file in sorted([*role.glob("files/**/*"), *role.glob("templates/**/*")]):
            if file.is_file() and file.name in tasks:
                inputs[f"{role.name}/{file.name}"] = hashlib.sha256(file.read_bytes()).hexdigest()
    return inputs


def _load_variables(role: Path) -> dict[str, object]:
    found: dict[str, object] = {}
    for file in sorted([*role.glob("defaults/*.yml"), *role.glob("vars/*.yml")]):
        found |= yaml.safe_load(file.read_text()) or {}
    return found


def _used(variables: Mapping[str, object], text: str) -> dict[str, object]:
    """Give the variables that a text names, and those that these name in turn."""
    used: dict[str, object] = {}
    while new := {key: value for key, value in variables.items() if key not in used and re.search(rf"\b{key}\b", text)}:
        used |= new
        text = json.dumps(list(new.values()), default=str)
    return used


def link(layer: Layer, machine: Path) -> None:
    """Note on both sides that a machine is made from this image; first on the image's, so that it is never deleted."""
    layer.users.mkdir(exist_ok=True)
    back = layer.users / _digest(str(machine))
    back.unlink(missing_ok=True)
    back.symlink_to(machine)
    machine.mkdir(parents=True, exist_ok=True)
    own = machine / "image"
    own.unlink(missing_ok=True)
    own.symlink_to(layer.directory)


def image_of(machine: Path) -> Layer | None:
    """Give the image that a machine was made from; None for one that was not made yet."""
    own = machine / "image"
    return Layer(own.readlink()) if own.is_symlink() else None


def prune(cache: Path, keep: Layer) -> tuple[Path, ...]:
    """Delete layers that no machine was made from, but ``keep`` and what lies below what stays; gives the deleted."""
    layers = [Layer(directory) for directory in images_directory(cache).glob("*-*") if (directory / "layer.json").exists()]
    in_use = overlay.lower_directories()
    stay = {root for layer in layers if layer == keep or _has_users(layer) or layer.root in in_use for root in layer.stack()}
    gone = [layer.directory for layer in layers if layer.root not in stay]
    for directory in gone:
        (directory / "layer.json").unlink()  # from here on it is no layer, should this be interrupted
        shutil.rmtree(directory)
    return tuple(gone)


def _has_users(layer: Layer) -> bool:
    return any(image_of(link.readlink()) == layer for link in layer.users.glob("*")) if layer.users.is_dir() else False
