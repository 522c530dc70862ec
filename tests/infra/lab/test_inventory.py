from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import yaml

from infra.lab.address import Addresses
from infra.lab.inventory import build_inventory, machine_addresses, write_inventory
from infra.lab.machine import Ssh
from infra.lab.topology import GROUPS, load_topology


def test_the_inventory_tells_the_roles_where_they_are(tmp_path: Path) -> None:
    topology, addresses = load_topology("one"), Addresses(IPv4Network("10.90.0.0/16"))
    own = machine_addresses(topology, addresses)
    write_inventory(
        tmp_path / "i/hosts.yml", build_inventory(topology, addresses, tmp_path, Ssh(tmp_path / "ssh"), 1400, own)
    )
    everything = yaml.safe_load((tmp_path / "i/hosts.yml").read_text())["all"]
    assert everything["hosts"] == {
        "site-a": {"ansible_host": "10.90.0.11", "management_address": "10.90.0.11", "ovn_gateway": True},
        "site-b": {"ansible_host": "10.90.0.12", "management_address": "10.90.0.12", "ovn_gateway": False},
    }
    assert set(everything["children"]) == set(GROUPS)
    assert list(everything["children"]["vaults"]["hosts"]) == ["site-b"]
    assert everything["vars"]["api_address"] == "10.90.0.11"
    assert everything["vars"]["oneroof_home"] == str(tmp_path)
    assert everything["vars"]["external_network_cidr"] == "10.90.8.0/24"
    assert everything["vars"]["external_network_gateway"] == "10.90.8.1"


def test_several_controllers_share_an_address_that_is_no_machines(tmp_path: Path) -> None:
    topology, addresses = load_topology("three"), Addresses(IPv4Network("10.90.0.0/16"))
    own = machine_addresses(topology, addresses)
    everything: Any = build_inventory(topology, addresses, tmp_path, Ssh(tmp_path / "ssh"), 1400, own)["all"]
    assert everything["vars"]["api_address"] == "10.90.0.10"
    assert everything["vars"]["api_address"] not in {host["management_address"] for host in everything["hosts"].values()}
    assert [name for name, host in everything["hosts"].items() if host["ovn_gateway"]] == [topology.external_gateway]


def test_an_unchanged_inventory_is_not_written_again(tmp_path: Path) -> None:
    write_inventory(tmp_path / "hosts.yml", {"all": {}})
    before = (tmp_path / "hosts.yml").stat().st_mtime_ns
    write_inventory(tmp_path / "hosts.yml", {"all": {}})
    assert (tmp_path / "hosts.yml").stat().st_mtime_ns == before
