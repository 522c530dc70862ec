"""From an inventory to what departments were given."""

from __future__ import annotations

from dataclasses import replace

import pytest
from small_cloud import INVENTORY

from infra.inventory.model import (
    Failure,
)
from monitoring.reading import ReadingError, build_usage
from monitoring.usage import SHARED, Amounts, department_shares, department_usage, unread_for_shares
from tenants.declaration.quota import Limits

GIB = 1024**3
LIMITS = Limits(**dict.fromkeys(Limits.model_fields, 1) | {"instances": 4, "cores": 8, "ram_mib": 4096, "volume_gib": 50})


def test_departments_have_their_projects_and_the_operator_none() -> None:
    usage = build_usage(INVENTORY, {("health", "prod"): LIMITS})
    assert [(p.department, p.project) for p in usage.projects] == [("health", "older-name"), ("health", "prod")]
    assert [(s.department, s.project, s.name, s.addresses) for s in usage.servers] == [
        ("health", "prod", "db", ()),
        ("health", "prod", "web", ("10.0.0.5",)),
    ]


def test_quota_is_what_was_declared_and_addresses_what_was_read() -> None:
    older, prod = build_usage(INVENTORY, {("health", "prod"): LIMITS}).projects
    assert prod.quota == Amounts(4, 8, 4 * GIB, 1, 50 * GIB, 3)
    assert older.quota == Amounts(), "-1 is no limit, and nothing was declared"


def test_usage_counts_servers_volumes_snapshots_and_addresses() -> None:
    _, prod = build_usage(INVENTORY, {}).projects
    assert prod.usage == Amounts(2, 3, 2 * GIB, 1, 6 * GIB, 1)
    assert department_usage([prod])["health"]["cores"] == 3


def test_capacity_leaves_hosts_out_that_are_down_and_counts_full_ones() -> None:
    usage = build_usage(INVENTORY, {})
    assert usage.hosts == 2
    assert usage.capacity == Amounts(
        cores=16, memory_bytes=(15872 + 8192) * 1024**2, storage_bytes=30 * GIB, floating_addresses=190
    )
    assert usage.stored_bytes == 1.5 * GIB
    assert department_shares(usage) == {"health": pytest.approx(6 / 30)}


def test_what_could_not_be_read_is_left_out_and_named() -> None:
    broken = replace(INVENTORY, servers=None, storage_pools=None, failures=(Failure("servers", "503 Service Unavailable"),))
    usage = build_usage(broken, {})
    assert usage.projects[1].usage.cores is None
    assert usage.projects[1].usage.volumes == 1
    assert usage.capacity.storage_bytes is None
    assert usage.stored_bytes is None
    assert usage.missing == {"servers": "503 Service Unavailable"}
    assert usage.parts["servers"] is False
    assert usage.parts["volumes"] is True


@pytest.mark.parametrize("part", SHARED)
def test_shares_are_not_made_of_a_reading_that_lacks_a_part(part: str) -> None:
    assert unread_for_shares(build_usage(INVENTORY, {})) == ()
    broken = replace(INVENTORY, failures=(Failure(part, "503 Service Unavailable"),), **{part: None})
    assert unread_for_shares(build_usage(broken, {})) == (part,)


def test_without_projects_there_is_nothing_to_say() -> None:
    silent = replace(INVENTORY, projects=None, failures=(Failure("projects", "401 Unauthorized"),))
    with pytest.raises(ReadingError, match="projects: 401 Unauthorized"):
        build_usage(silent, {})
