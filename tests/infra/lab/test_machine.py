from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

from infra.lab.machine import Place, Ssh, build_nspawn, render_hosts, render_network_file

PLACE = Place(
    lab="x",
    name="site-a",
    directory=Path("/s/machines/site-a"),
    layers=(Path("/c/upper/root"), Path("/c/lower/root")),
    address=IPv4Address("10.90.0.11"),
    prefix=24,
    gateway=IPv4Address("10.90.0.1"),
    bridge="lab-x",
    mtu=1400,
    hosts={"site-a": IPv4Address("10.90.0.11"), "site-b": IPv4Address("10.90.0.12")},
    ssh=Ssh(Path("/s/ssh")),
    resolver="nameserver 10.1.2.3\n",
    console=Path("/s/machines/site-a/console.log"),
)


def test_the_network_file_fits_the_hosts_uplink() -> None:
    text = render_network_file(PLACE)
    assert "Address=10.90.0.11/24\nGateway=10.90.0.1\n" in text
    assert "MTUBytes=1400\n" in text


def test_machines_know_each_other_by_name() -> None:
    assert render_hosts(PLACE.hosts) == "127.0.0.1 localhost\n10.90.0.11 site-a\n10.90.0.12 site-b\n"


def test_a_machine_is_found_again_by_its_root() -> None:
    command = build_nspawn(PLACE, ["/dev/net/tun"])
    assert f"--directory={PLACE.root}" in command
    assert f"--setenv=ONEROOF_ROOT={PLACE.root}" in command


def test_only_devices_that_the_host_has_are_bound() -> None:
    assert [word for word in build_nspawn(PLACE, []) if word.startswith("--bind")] == []
    bound = build_nspawn(replace(PLACE, binds={Path("/c/apt"): "/var/cache/apt"}), ["/dev/net/tun"])
    assert [word for word in bound if word.startswith("--bind")] == ["--bind=/dev/net/tun", "--bind=/c/apt:/var/cache/apt"]


def test_ssh_trusts_the_labs_own_list_alone() -> None:
    options = PLACE.ssh.options()
    assert "StrictHostKeyChecking=yes" in options
    assert "UserKnownHostsFile=/s/ssh/known_hosts" in options
