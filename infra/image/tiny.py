"""``tiny``: Debian's cloud kernel and a BusyBox initramfs that answers HTTP seconds after power-on, without KVM.

The root is memory: nothing but the data volume at ``/srv`` outlives a restart, and user data runs at every boot (and once
more when a volume is attached later). The scripts are in ``tiny_guest/``, laid out as they lie in the guest.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from infra.image.archive import write_initramfs
from infra.image.files import DISK, KERNEL, RAMDISK
from infra.image.packages import Tell, extract_packages, make_filesystem
from tenants.problem import Problem, UserError

GUEST = Path(__file__).parent / "tiny_guest"
RECIPE = (Path(__file__), GUEST, *(Path(__file__).with_name(name) for name in ("archive.py", "packages.py")))
PACKAGES = ("linux-image-cloud-amd64", "busybox-static", "e2fsprogs", "util-linux")
MODULES = (
    *("virtio_pci", "virtio_blk", "virtio_scsi", "sd_mod", "sr_mod", "ata_piix", "virtio_net", "virtio-rng"),
    *("ext4", "vfat", "nls_cp437", "nls_ascii", "nls_utf8", "isofs"),
    *("button", "evdev"),
)
PROGRAMS = {  # what BusyBox lacks: ext4 with a journal, and a thorough look for signatures
    "sbin/mke2fs": "sbin/mkfs.ext4",  # BusyBox has a mke2fs of its own, which makes ext2
    "sbin/blkid": "sbin/blkid",
}
PROPERTIES: Mapping[str, str] = {
    "os_type": "linux",
    "os_distro": "debian",
    "hw_machine_type": "pc",  # the cloud kernel has the IDE driver (config drive as CD) but no AHCI
    "hw_disk_bus": "virtio",
    "hw_vif_model": "virtio",
    "img_config_drive": "mandatory",
    "os_command_line": "console=ttyS0 quiet mitigations=off panic=5",
}
LOADER = "ld-linux-x86-64.so.2"
MINIMUM_RAM_MIB = 128
MINIMUM_DISK_GIB = 1


def build_tiny(target: Path, log: Path, tell: Tell) -> dict[str, str]:
    """Write kernel, ramdisk and disk into ``target``; give the package versions they were made from."""
    debian, tree = target / "debian", target / "tree"
    versions = extract_packages(debian, PACKAGES, log, tell)
    kernel = next((debian / "boot").glob("vmlinuz-*"))
    release = kernel.name.removeprefix("vmlinuz-")

    tell("making the initramfs")
    shutil.copytree(GUEST, tree)
    (tree / "bin").mkdir()
    shutil.copy2(debian / "bin/busybox", tree / "bin/busybox")
    (tree / "bin/sh").symlink_to("busybox")
    _copy_modules(debian / "lib/modules" / release, tree)
    for program, name in PROGRAMS.items():
        _copy_program(debian, program, tree, name)
    write_initramfs(tree, target / RAMDISK)
    shutil.copyfile(kernel, target / KERNEL)
    # the disk holds nothing: its label alone tells the guest that it is no data volume
    make_filesystem(target / DISK, "oneroof-tiny", 16, log)
    shutil.rmtree(debian)
    shutil.rmtree(tree)
    return versions


def module_order(wanted: Iterable[str], needs: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Order modules so that each comes after what it needs; those not in ``needs`` are built into the kernel."""
    order: list[str] = []

    def place(name: str) -> None:
        if name in order or name not in needs:
            return
        for other in needs[name]:
            place(other)
        order.append(name)

    for name in wanted:
        place(name.replace("-", "_"))
    return tuple(order)


def module_needs(content: bytes) -> tuple[str, ...]:
    """Read what a module depends on out of its ``.modinfo`` section."""
    found = re.search(rb"\0depends=([^\0]*)\0", content)
    return tuple(n.replace("-", "_") for n in found[1].decode().split(",") if n) if found else ()


def _copy_modules(modules: Path, tree: Path) -> None:
    files = {f.stem.replace("-", "_"): f for f in modules.rglob("*.ko")}
    builtin = {Path(line).stem.replace("-", "_") for line in (modules / "modules.builtin").read_text().split()}
    absent = [m for m in MODULES if m.replace("-", "_") not in files.keys() | builtin]
    if absent:
        raise UserError(Problem(f"Debian's kernel {modules.name} has no module {', '.join(absent)}"))
    order = module_order(MODULES, {name: module_needs(file.read_bytes()) for name, file in files.items()})
    (tree / "lib/modules").mkdir(parents=True)
    for name in order:
        shutil.copyfile(files[name], tree / "lib/modules" / files[name].name)
    (tree / "etc/modules").write_text("".join(f"{files[name].name}\n" for name in order))


def _copy_program(debian: Path, program: str, tree: Path, name: str) -> None:
    """Copy a program and the libraries that its own loader finds for it."""
    folders = [p for p in (debian / "lib/x86_64-linux-gnu", debian / "usr/lib/x86_64-linux-gnu") if p.is_dir()]
    loader = next(f / LOADER for f in folders if (f / LOADER).exists())
    path = ":".join(str(f) for f in folders)
    argv = [str(loader), "--library-path", path, "--list", str(debian / program)]
    said = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    for found in re.findall(rf"=> ({re.escape(str(debian))}\S+)", said):
        _copy_once(Path(found), tree / "lib/x86_64-linux-gnu" / Path(found).name)
    _copy_once(loader, tree / "lib64" / LOADER)
    _copy_once(debian / program, tree / name)


def _copy_once(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        shutil.copy2(source, target)
