"""Answers as the API reference shows them, read into values: what is missing, optional or said in words."""

from __future__ import annotations

from typing import Any

import pytest

from infra.inventory import sources

SERVER: dict[str, Any] = {
    "id": "s1",
    "name": "web",
    "tenant_id": "p1",
    "status": "ACTIVE",
    "flavor": {"original_name": "small", "vcpus": 2, "ram": 2048, "disk": 10},
    "image": {"id": "i1"},
    "addresses": {
        "inner": [
            {"addr": "10.1.0.9", "version": 4, "OS-EXT-IPS:type": "fixed"},
            {"addr": "203.0.113.7", "version": 4, "OS-EXT-IPS:type": "floating"},
        ],
        "another": [{"addr": "10.1.0.10", "version": 4}],
    },
    "OS-EXT-SRV-ATTR:host": "host-1",
    "os-extended-volumes:volumes_attached": [{"id": "v1"}],
    "created": "2026-01-01T00:00:00Z",
}


def test_a_server_has_its_own_size_and_addresses_by_kind() -> None:
    server = sources.parse_server(SERVER)
    assert (server.flavor, server.vcpus, server.ram_mib, server.disk_gib) == ("small", 2, 2048, 10)
    assert server.fixed_addresses == ("10.1.0.10", "10.1.0.9")
    assert server.floating_addresses == ("203.0.113.7",)
    assert (server.host, server.image_id, server.volume_ids) == ("host-1", "i1", ("v1",))


def test_a_server_from_a_volume_without_host_is_read_too() -> None:
    told = {key: value for key, value in SERVER.items() if not key.startswith(("OS-EXT", "os-extended"))}
    server = sources.parse_server({**told, "image": "", "addresses": {}})
    assert (server.host, server.image_id, server.volume_ids, server.fixed_addresses) == (None, None, (), ())


@pytest.mark.parametrize(
    ("scope", "found"),
    [
        ({"project": {"id": "p1"}}, ("p1", None, False, False)),
        ({"domain": {"id": "d1"}, "OS-INHERIT:inherited_to": "projects"}, (None, "d1", False, True)),
        ({"system": {"all": True}}, (None, None, True, False)),
    ],
)
def test_a_role_assignment_says_where_it_holds(scope: dict[str, Any], found: tuple[object, ...]) -> None:
    one = sources.parse_role_assignment({"role": {"id": "r1", "name": "member"}, "group": {"id": "g1"}, "scope": scope})
    assert (one.role, one.user_id, one.group_id) == ("member", None, "g1")
    assert (one.project_id, one.domain_id, one.system, one.inherited) == found


def test_a_pool_that_names_no_number_has_none() -> None:
    said = {"total_capacity_gb": 88.5, "free_capacity_gb": "unknown", "provisioned_capacity_gb": "infinite"}
    pool = sources.parse_storage_pool({"name": "ceph", "capabilities": said})
    assert (pool.total_gib, pool.free_gib, pool.provisioned_gib) == (88.5, None, None)


def test_a_volume_without_name_and_type_is_read() -> None:
    volume = sources.parse_volume(
        {
            "id": "v1",
            "name": None,
            "os-vol-tenant-attr:tenant_id": "p1",
            "status": "in-use",
            "size": 4,
            "volume_type": None,
            "bootable": "false",
            "encrypted": False,
            "attachments": [{"server_id": "s1"}],
            "created_at": "2026-01-01T00:00:00",
        }
    )
    assert (volume.name, volume.volume_type, volume.bootable, volume.server_ids) == ("", "", False, ("s1",))


def test_a_router_may_have_no_way_out() -> None:
    told = {"id": "r1", "name": "r", "project_id": "p1", "status": "ACTIVE"}
    assert sources.parse_router({**told, "external_gateway_info": None}).external_network_id is None
    gateway = {"network_id": "n1", "external_fixed_ips": [{"ip_address": "203.0.113.2", "subnet_id": "x"}]}
    router = sources.parse_router({**told, "external_gateway_info": gateway})
    assert (router.external_network_id, router.external_addresses) == ("n1", ("203.0.113.2",))


def test_a_groups_rules_come_in_one_order() -> None:
    def rule(low: int) -> dict[str, Any]:
        return {
            "direction": "ingress",
            "ethertype": "IPv4",
            "protocol": "tcp",
            "port_range_min": low,
            "port_range_max": low,
            "remote_ip_prefix": None,
            "remote_group_id": None,
        }

    told = {"id": "g1", "name": "web", "project_id": "p1"}
    one, other = ({**told, "security_group_rules": [rule(a), rule(b)]} for a, b in ((80, 443), (443, 80)))
    assert sources.parse_security_group(one) == sources.parse_security_group(other)


def test_a_quota_has_its_numbers_alone() -> None:
    assert sources.parse_network_quota({"project_id": "p1", "port": 20, "network": -1}).limits == {"network": -1, "port": 20}
