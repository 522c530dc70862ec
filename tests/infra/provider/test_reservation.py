"""Which of Neutron's refusals are asked again."""

from __future__ import annotations

from infra.provider.reservation import has_room, parse_over_quota

DETAILS = {
    "network": {"limit": 2, "used": 1, "reserved": 1},
    "subnet": {"limit": 2, "used": 2, "reserved": 0},
    "port": {"limit": -1, "used": 400, "reserved": 0},
}


def test_the_limits_that_a_refusal_names() -> None:
    assert parse_over_quota("Quota exceeded for resources: ['network'].") == ("network",)
    assert parse_over_quota("Quota exceeded for resources: ['port', 'router']. Neutron server") == ("port", "router")
    assert parse_over_quota("Security group default already exists") == ()


def test_what_is_only_reserved_leaves_room() -> None:
    assert has_room(DETAILS, ("network",))
    assert has_room(DETAILS, ("network", "port"))
    assert not has_room(DETAILS, ("network", "subnet"))
