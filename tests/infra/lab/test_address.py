from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest

from infra.lab.address import Addresses, Taken, choose_network, find_collisions, parse_network
from tenants.problem import UserError


def taken(network: str, by: str = "the host's route through eth0") -> Taken:
    return Taken(IPv4Network(network), by)


def test_every_address_follows_from_the_network() -> None:
    addresses = Addresses(IPv4Network("10.89.0.0/16"))
    assert addresses.management == IPv4Network("10.89.0.0/24")
    assert addresses.host == IPv4Address("10.89.0.1")
    assert addresses.machine(0) == IPv4Address("10.89.0.11")
    assert addresses.machine(1) == IPv4Address("10.89.0.12")
    assert addresses.external == IPv4Network("10.89.8.0/24")
    assert addresses.external_gateway == IPv4Address("10.89.8.1")
    assert addresses.external_pool == (IPv4Address("10.89.8.10"), IPv4Address("10.89.8.250"))


def test_the_narrowest_network_still_holds_the_external_one() -> None:
    assert Addresses(parse_network("172.20.16.0/20")).external == IPv4Network("172.20.24.0/24")


def test_the_first_free_network_is_chosen() -> None:
    assert choose_network([taken("192.0.2.0/24")]) == IPv4Network("10.88.0.0/16")
    assert choose_network([taken("10.88.3.0/24"), taken("10.89.0.0/16", "lab second")]) == IPv4Network("10.90.0.0/16")


def test_a_name_server_in_the_range_counts_as_taken() -> None:
    assert choose_network([taken("10.88.255.53/32", "the host's name server")]) == IPv4Network("10.89.0.0/16")


def test_where_nothing_is_free_it_says_who_has_it() -> None:
    with pytest.raises(UserError, match=r"10\.0\.0\.0/8 \(the host's route through tun0\).*\n.*--network"):
        choose_network([taken("10.0.0.0/8", "the host's route through tun0")])


def test_a_collision_names_both_networks_and_the_other_side() -> None:
    (problem,) = find_collisions(IPv4Network("10.88.0.0/16"), [taken("10.88.5.0/24"), taken("192.0.2.0/24")])
    assert "10.88.0.0/16 collides with 10.88.5.0/24 (the host's route through eth0)" in str(problem)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.120.0.0/24", "prefix from /16 to /20"),
        ("10.0.0.0/8", "prefix from /16 to /20"),
        ("11.0.0.0/16", "private"),
        ("10.120.0.1/16", "host bits set"),
        ("nonsense", "expected an IPv4 network"),
    ],
)
def test_a_network_that_cannot_serve_is_refused(text: str, expected: str) -> None:
    with pytest.raises(UserError, match=expected) as caught:
        parse_network(text)
    assert text in str(caught.value)
