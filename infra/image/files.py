"""What a built guest image is: its files, what Glance is told of it, and the manifest kept beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

MANIFEST = "image.json"
KERNEL, RAMDISK, DISK = "vmlinuz", "initrd", "disk.raw"


@dataclass(frozen=True)
class Manifest:
    """How one image was made: what a later run compares, and what an auditor reads."""

    name: str
    recipe: str
    """SHA-256 of the recipe's files: the part of the inputs known without the network."""
    packages: Mapping[str, str]
    """Debian package to version, of everything the image was made from."""
    properties: Mapping[str, str]
    minimum_ram_mib: int
    minimum_disk_gib: int
    built_at: str
    """Instant of the build, ISO 8601, UTC."""

    def to_json(self) -> str:
        """Render for the file beside the image."""
        return json.dumps(asdict(self), indent=2, sort_keys=True) + "\n"


@dataclass(frozen=True)
class ImageFiles:
    """A built image: three files for Glance (container formats ``aki``, ``ari`` and ``bare``, the disk ``raw``)."""

    name: str
    kernel: Path
    ramdisk: Path
    disk: Path
    properties: Mapping[str, str]
    """Glance properties of the disk, but for ``kernel_id`` and ``ramdisk_id``, which Glance gives."""
    minimum_ram_mib: int
    minimum_disk_gib: int
    digest: str
    """Short hash of all inputs (recipe and package versions); changes when the image does."""
    built_at: str

    @property
    def directory(self) -> Path:
        """Folder in the cache that holds the files."""
        return self.disk.parent

    @property
    def bytes_on_disk(self) -> int:
        """What the files take up; the disk is sparse."""
        return sum(file.stat().st_blocks * 512 for file in (self.kernel, self.ramdisk, self.disk))


def load_image(directory: Path) -> tuple[ImageFiles, Manifest]:
    """Read a folder made by ``ensure_image``; raise :class:`OSError` or :class:`ValueError` where it is not one."""
    manifest = Manifest(**json.loads((directory / MANIFEST).read_text()))
    files = ImageFiles(
        name=manifest.name,
        kernel=directory / KERNEL,
        ramdisk=directory / RAMDISK,
        disk=directory / DISK,
        properties=manifest.properties,
        minimum_ram_mib=manifest.minimum_ram_mib,
        minimum_disk_gib=manifest.minimum_disk_gib,
        digest=directory.name.rpartition("-")[2],
        built_at=manifest.built_at,
    )
    return files, manifest
