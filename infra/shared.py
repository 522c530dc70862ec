"""What the cloud should hold for all: a pure function of the catalogue, the images' files and the address plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.image.sums import file_sha512
from tenants.declaration.catalogue import Catalogue


@dataclass(frozen=True)
class DesiredFlavor:
    """A size of servers; memory in MiB, disk in GiB."""

    name: str
    vcpus: int
    ram: int
    disk: int
    description: str


@dataclass(frozen=True)
class ExternalNetwork:
    """The network that floating addresses come from."""

    name: str
    cidr: str
    gateway: str
    pool_start: str
    pool_end: str
    physical_network: str


@dataclass(frozen=True)
class ImagePart:
    """One file of an image: its kernel, its ramdisk or its disk."""

    key: str
    name: str
    """Name in Glance."""
    file: Path
    sha512: str
    disk_format: str
    container_format: str


@dataclass(frozen=True)
class DesiredImage:
    """An image; memory in MiB, disk in GiB, the disk part last."""

    name: str
    parts: tuple[ImagePart, ...]
    min_ram: int
    min_disk: int
    properties: Mapping[str, str]


@dataclass(frozen=True)
class DesiredCloud:
    """Everything that departments share."""

    flavors: tuple[DesiredFlavor, ...]
    volume_types: Mapping[str, str]
    """Name to description."""
    external: ExternalNetwork | None
    """None where the cloud's own is used."""
    images: tuple[DesiredImage, ...]


def build_cloud(catalogue: Catalogue, images: tuple[DesiredImage, ...], external: ExternalNetwork | None) -> DesiredCloud:
    """Give what the catalogue promises to every department."""
    return DesiredCloud(
        flavors=tuple(
            DesiredFlavor(name, flavor.vcpus, flavor.ram_mib, flavor.disk_gib, flavor.purpose)
            for name, flavor in sorted(catalogue.flavors.items())
        ),
        volume_types={name: kind.purpose for name, kind in sorted(catalogue.volume_types.items())},
        external=external,
        images=images,
    )


def build_image(
    name: str, files: Mapping[str, Path], properties: Mapping[str, str], *, min_ram: int, min_disk: int
) -> DesiredImage:
    """Give an image of its files by ``kernel``, ``ramdisk`` and ``disk``; sums that are not remembered are taken."""
    formats = {"kernel": "aki", "ramdisk": "ari"}
    parts = tuple(
        ImagePart(
            key=key,
            name=name if key == "disk" else f"{name}-{key}",
            file=files[key],
            sha512=file_sha512(files[key]),
            disk_format=formats.get(key, "qcow2" if files[key].suffix == ".qcow2" else "raw"),
            container_format=formats.get(key, "bare"),
        )
        for key in ("kernel", "ramdisk", "disk")
        if key in files
    )
    return DesiredImage(name, parts, min_ram, min_disk, dict(properties))
