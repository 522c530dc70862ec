"""An apply reads only what a refusal could come of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from infra.desired import DesiredProject, DesiredServer, DesiredState, DesiredVolume
from infra.plan.needed import sources_needed
from infra.plan.recorded import Recorded

WEB = DesiredServer("web", "tiny", "tiny", "front", (), ("data",), "", floating_ip=True)
DATA = DesiredVolume("data", 5, "standard")
QUOTAS = {"compute": {"cores": 4, "instances": 4}, "network": {"ports": 9}, "object_store": {"bytes": 9}}
PROJECT = DesiredProject("prod", "parks-prod", "", (), QUOTAS, (), (), (DATA,), (), (WEB,))
RESOURCES = tuple(
    {"type": f"oneroof:{type_}", "urn": f"urn::prod/{name}", "outputs": outputs}
    for type_, name, outputs in (
        ("compute:Server", "web", {"flavor": "tiny"}),
        ("network:FloatingIp", "web", {}),
        ("block_storage:Volume", "data", {"size": 5}),
    )
)
APPLIED = Recorded({"prod": "1"}, {("prod", service): limits for service, limits in QUOTAS.items()}, RESOURCES)
HOSTS, POOLS, ADDRESSES = {"resource_providers"}, {"storage_pools"}, {"networks", "address_use"}


def parks(**changes: object) -> DesiredState:
    return DesiredState("parks", "Parks", (replace(PROJECT, **changes),), (), ())  # type: ignore[arg-type]


def quota(service: str, **limits: int) -> dict[str, dict[str, int]]:
    return {**QUOTAS, service: {**QUOTAS[service], **limits}}


def test_of_what_neither_grows_nor_shrinks_nothing_is_read() -> None:
    assert sources_needed(parks(description="another"), APPLIED) == set()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"quotas": quota("compute", cores=5)}, HOSTS),
        ({"quotas": quota("compute", cores=3)}, {"servers"}),
        ({"quotas": quota("compute", instances=5)}, set()),  # draws on nothing finite
        ({"quotas": quota("network", ports=8)}, {"ports"}),
        ({"quotas": quota("object_store", bytes=8)}, set()),  # no bulk call tells its use
        ({"volumes": (replace(DATA, size=6),)}, POOLS | {"volumes", "snapshots"}),
        ({"servers": (replace(WEB, flavor="large"),)}, HOSTS | {"servers"}),
        ({"servers": (WEB, replace(WEB, name="shop", floating_ip=False))}, HOSTS | {"servers"}),
        ({"servers": (WEB, replace(WEB, name="shop"))}, HOSTS | ADDRESSES | {"servers", "floating_addresses"}),
        ({"servers": (), "volumes": ()}, set()),
    ],
)
def test_what_changes_is_judged_by_what_it_draws_on(changes: dict[str, object], expected: set[str]) -> None:
    assert sources_needed(parks(**changes), APPLIED) == expected


def test_a_new_department_uses_nothing_yet() -> None:
    assert sources_needed(parks(), Recorded({}, {}, ())) == HOSTS | POOLS | ADDRESSES


def test_of_one_that_was_interrupted_use_is_read_too() -> None:
    begun = Recorded({"prod": "1"}, {}, ())
    assert {"servers", "ports", "volumes", "floating_addresses"} < sources_needed(parks(), begun)
