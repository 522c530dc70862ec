"""What the recipes work out before anything is downloaded: versions, and the order of kernel modules."""

from __future__ import annotations

from infra.image.packages import versions_of
from infra.image.tiny import module_needs, module_order


def test_versions_are_read_out_of_the_archives_names() -> None:
    listed = [
        "/tree/var/cache/apt/archives/busybox-static_1%3a1.35.0-4+deb12u1_amd64.deb",
        "/tree/var/cache/apt/archives/libc6_2.36-9_amd64.deb",
        "/tree/var/cache/apt/archives/lock",
    ]
    assert versions_of(listed) == {"busybox-static": "1:1.35.0-4+deb12u1", "libc6": "2.36-9"}


def test_a_module_comes_after_all_it_needs_and_once() -> None:
    needs = {
        "ext4": ("jbd2", "crc16", "mbcache"),
        "jbd2": ("crc32c",),
        "crc16": (),
        "mbcache": (),
        "virtio_net": ("net_failover",),
        "net_failover": ("failover",),
        "failover": (),
    }
    order = module_order(("virtio-net", "ext4", "jbd2", "virtio_pci"), needs)
    assert order == ("failover", "net_failover", "virtio_net", "jbd2", "crc16", "mbcache", "ext4")


def test_what_a_module_needs_stands_in_itself() -> None:
    section = b"\x7fELF...\0license=GPL\0depends=virtio,net-failover\0retpoline=Y\0"
    assert module_needs(section) == ("virtio", "net_failover")
    assert module_needs(b"\0license=GPL\0depends=\0") == ()
    assert module_needs(b"no such section") == ()
