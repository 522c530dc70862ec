"""One list names the OpenStack release, complete, by hash, and without any registry's address."""

from __future__ import annotations

import re
from pathlib import Path

CONSTRAINTS = Path(__file__).parents[2] / "playbooks/constraints"
SERVICES = {"cinder", "glance", "keystone", "neutron", "nova", "openstack-placement"}


def pinned() -> dict[str, str]:
    text = (CONSTRAINTS / "openstack.txt").read_text()
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", text, re.MULTILINE))


def test_every_wheel_has_its_hashes() -> None:
    blocks = re.split(r"^(?=[a-z0-9])", (CONSTRAINTS / "openstack.txt").read_text(), flags=re.MULTILINE)[1:]
    assert {block.split("==")[0] for block in blocks} == set(pinned())
    assert [block.split("==")[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_the_list_is_what_was_asked_for() -> None:
    asked = [line for line in (CONSTRAINTS / "openstack.in").read_text().splitlines() if line and not line.startswith("#")]
    have = pinned()
    assert {line.split("==")[0] for line in asked} >= SERVICES
    for line in asked:
        name, _, version = line.partition("==")
        assert name in have
        assert not version or have[name] == version


def test_no_registry_is_named() -> None:
    for path in CONSTRAINTS.iterdir():
        assert not re.search(r"https?://|--(extra-)?index-url|--find-links", path.read_text()), path.name
