from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest

from infra.lab.host import Route, extra_certificates, parse_defaults, parse_resolver, parse_routes, parse_sources
from tenants.problem import UserError

DEB822 = """\
Types: deb
# where it came from
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/security
Suites: bookworm-security
Components: main

Types: deb
URIs: http://node.example
Suites: nodistro
Components: main
"""


def test_the_hosts_own_mirror_is_used() -> None:
    assert parse_sources({"debian.sources": DEB822}) == (
        "http://mirror.example/debian bookworm main",
        "http://mirror.example/debian bookworm-updates main",
        "http://mirror.example/security bookworm-security main",
    )


def test_one_line_sources_are_read_too() -> None:
    text = (
        "# old\n"
        "deb [arch=amd64 signed-by=/k] http://m.example/debian bookworm main # why\n"
        "deb-src http://m.example/d bookworm main\n"
    )
    assert parse_sources({"sources.list": text}) == ("http://m.example/debian bookworm main",)


def test_a_third_party_of_the_same_suite_is_not_debian() -> None:
    text = "deb http://m.example/debian bookworm main\ndeb http://docker.example bookworm stable\n"
    assert parse_sources({"sources.list": text}) == ("http://m.example/debian bookworm main",)


def test_a_disabled_source_does_not_count() -> None:
    assert all(
        "mirror.example" not in source for source in parse_sources({"d.sources": "Enabled: no\n" + DEB822.split("\n\n")[0]})
    )


def test_a_host_of_another_release_has_none() -> None:
    text = "Types: deb\nURIs: http://u.example\nSuites: noble\nComponents: main\n"
    assert parse_sources({"ubuntu.sources": text}) == ()


def test_debians_own_archives_are_those_that_mmdebstrap_takes() -> None:
    program = "    my $mirror    = 'http://a.example/debian';\n    my $secmirror = 'http://b.example/security';\n"
    assert parse_defaults(program) == (
        "http://a.example/debian bookworm main",
        "http://a.example/debian bookworm-updates main",
        "http://b.example/security bookworm-security main",
    )
    with pytest.raises(UserError, match="names none"):
        parse_defaults("#!/usr/bin/perl\n")


def test_only_certificates_that_the_image_lacks_are_extra() -> None:
    one, two = (f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n" for body in ("AAAA", "BBBB"))
    assert extra_certificates(one + two, one) == (two,)
    assert extra_certificates(one, one + two) == ()


def test_name_servers_on_loopback_are_no_use_to_a_machine() -> None:
    assert parse_resolver("nameserver 127.0.0.53\nnameserver 10.1.2.3\nsearch x\n") == (IPv4Address("10.1.2.3"),)


def test_default_routes_and_own_addresses_are_no_collisions() -> None:
    text = """[{"dst":"default","dev":"eth0"},{"dst":"192.0.2.0/24","dev":"eth0"},
    {"type":"local","dst":"192.0.2.2","dev":"eth0"},{"type":"broadcast","dst":"192.0.2.255","dev":"eth0"},
    {"type":"unreachable","dst":"10.9.0.0/16"}]"""
    assert parse_routes(text) == (Route(IPv4Network("192.0.2.0/24"), "eth0"), Route(IPv4Network("10.9.0.0/16"), ""))
