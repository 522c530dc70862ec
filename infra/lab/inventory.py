"""Ansible's inventory of a lab: its machines, their groups, and where this site differs from another."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address
from pathlib import Path

import yaml

from infra.lab.address import Addresses
from infra.lab.machine import Ssh
from infra.lab.topology import GROUPS, Topology
from tenants.installation import Installation
from tenants.writing import write_whole


def machine_addresses(topology: Topology, addresses: Addresses) -> dict[str, IPv4Address]:
    """Give each machine its address, by its place in the topology."""
    return {machine.name: addresses.machine(index) for index, machine in enumerate(topology.machines)}


def build_inventory(
    topology: Topology, addresses: Addresses, home: Path, ssh: Ssh, mtu: int, own: Mapping[str, IPv4Address]
) -> dict[str, object]:
    """Build the inventory; ``mtu`` is the largest packet between machines, bytes; ``own`` are their addresses."""
    first, last = addresses.external_pool
    controllers = topology.members("controllers") or tuple(own)
    return {
        "all": {
            "hosts": {
                name: {
                    "ansible_host": str(address),
                    "management_address": str(address),
                    "ovn_gateway": name == topology.external_gateway,
                }
                for name, address in own.items()
            },
            "vars": {
                "ansible_user": "root",
                "ansible_ssh_private_key_file": str(ssh.key),
                "ansible_ssh_common_args": f"-F /dev/null -o IdentitiesOnly=yes -o UserKnownHostsFile={ssh.known_hosts}",
                "oneroof_home": str(home),
                "cloud_name": "oneroof",
                "region_name": "RegionOne",
                "api_address": str(addresses.shared if len(controllers) > 1 else own[controllers[0]]),
                "management_mtu": mtu,
                "external_network_cidr": str(addresses.external),
                "external_network_gateway": str(addresses.external_gateway),
                "external_network_pool_start": str(first),
                "external_network_pool_end": str(last),
                "nova_virt_type": "qemu",
                "ovn_datapath_type": "netdev",
                "ceph_osd_size": topology.ceph_osd_size,
            },
            "children": {group: {"hosts": dict.fromkeys(topology.members(group))} for group in GROUPS},
        }
    }


def write_inventory(file: Path, inventory: dict[str, object]) -> None:
    """Write the inventory where it changed; the file is made by the lab and not for editing."""
    text = "# Written by `oneroof lab up`: what is changed here is lost.\n" + yaml.safe_dump(inventory, sort_keys=False)
    if not file.exists() or file.read_text() != text:
        write_whole(file, text)


def ssh_of(installation: Installation) -> Ssh:
    """Give the ssh files of an installation."""
    return Ssh(installation.home / "ssh")
