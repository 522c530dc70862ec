"""``debian-12``: a full Debian 12 with cloud-init, sshd and qemu-guest-agent, made without loop devices or mounts.

Its kernel and initial ramdisk are uploaded beside the disk, which is one ext4 file system without a boot loader: that needs
no loop device to build. The kernel in the disk's ``/boot`` is therefore not the one that starts: a new kernel comes with a
new image (``oneroof image build --update debian-12``). The root grows to the flavor's disk at first boot.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from infra.image.files import DISK, KERNEL, RAMDISK
from infra.image.packages import Tell, install_packages, make_filesystem
from tenants.problem import Problem, UserError

GUEST = Path(__file__).parent / "debian_guest"
RECIPE = (Path(__file__), GUEST, Path(__file__).with_name("packages.py"))
LABEL = "oneroof-root"
PACKAGES = (
    *("linux-image-cloud-amd64", "systemd-sysv", "systemd-resolved", "systemd-timesyncd", "dbus", "udev", "initramfs-tools"),
    *(
        "cloud-init",
        "qemu-guest-agent",
        "openssh-server",
        "sudo",
        "ca-certificates",
        "e2fsprogs",
        "iproute2",
        "iputils-ping",
    ),
    *("curl", "python3", "nano", "less", "unattended-upgrades"),
)
PROPERTIES: Mapping[str, str] = {
    "os_type": "linux",
    "os_distro": "debian",
    "os_version": "12",
    "hw_machine_type": "pc",  # the cloud kernel has the IDE driver (config drive as CD) but no AHCI
    "hw_disk_bus": "virtio",
    "hw_vif_model": "virtio",
    "hw_qemu_guest_agent": "yes",
    "img_config_drive": "mandatory",
    "os_command_line": f"root=LABEL={LABEL} ro console=tty0 console=ttyS0",
}
MINIMUM_RAM_MIB = 512
MINIMUM_DISK_GIB = 2
SLACK = 1.25
"""Size of the file system over the size of its files: room for inodes, the journal and the first boot."""


def build_debian(target: Path, log: Path, tell: Tell) -> dict[str, str]:
    """Write kernel, ramdisk and disk into ``target``; give the package versions installed. Needs root."""
    if os.geteuid() != 0:
        raise UserError(Problem("building debian-12 needs root, got another user", "run it with sudo"))
    tree = target / "tree"
    hooks = (
        f'umask 022 && cp -r "{GUEST}"/etc "$1"/',
        'chroot "$1" systemctl enable systemd-networkd systemd-resolved ssh',
        'rm -f "$1"/etc/apt/apt.conf.d/99mmdebstrap',  # the build machine's settings
        'rm -f "$1"/etc/ssh/ssh_host_*_key*',  # cloud-init makes keys of the server's own
        'truncate -s 0 "$1"/etc/machine-id && rm -f "$1"/var/lib/dbus/machine-id "$1"/etc/hostname',
    )
    versions = install_packages(tree, PACKAGES, hooks, log, tell)
    (tree / "etc/resolv.conf").unlink(missing_ok=True)  # mmdebstrap's copy of the machine's own
    (tree / "etc/resolv.conf").symlink_to("../run/systemd/resolve/stub-resolv.conf")
    boot = tree / "boot"
    shutil.copyfile(next(boot.glob("vmlinuz-*")), target / KERNEL)
    shutil.copyfile(next(boot.glob("initrd.img-*")), target / RAMDISK)
    size_mib = int(_size(tree) * SLACK / 2**20) + 64
    tell(f"making the disk, {size_mib} MiB")
    make_filesystem(target / DISK, LABEL, size_mib, log, tree)
    shutil.rmtree(tree)
    return versions


def _size(tree: Path) -> int:
    return sum(entry.lstat().st_blocks * 512 for entry in tree.rglob("*"))
