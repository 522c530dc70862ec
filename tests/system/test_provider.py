"""What the provider does where a service answers badly under its usual load."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from openstack.exceptions import ConflictException

from infra.provider.account import account_address
from infra.provider.cloud import CLOUD_VARIABLE, Cloud
from infra.provider.network import Network
from infra.provider.object_store import Container
from infra.provider.quota import NetworkQuota, ObjectStoreQuota
from tenants.installation import Installation

pytestmark = pytest.mark.system
NAMES = [f"first-{number}" for number in range(8)]


@pytest.fixture
def project_id(cloud: Any) -> Iterator[str]:
    """A project that the object store has never heard of."""
    made = cloud.identity.create_project(name="system-provider", domain_id="default")
    user = cloud.session.get_user_id()
    cloud.identity.assign_project_role_to_user(made, user, next(cloud.identity.roles(name="admin")))
    yield made.id
    cloud.identity.delete_project(made)


def test_the_first_containers_of_a_project_can_be_made_at_once(installation: Installation, project_id: str) -> None:
    provider = Cloud({"OS_CLIENT_CONFIG_FILE": str(installation.clouds), CLOUD_VARIABLE: "oneroof"})
    kind = Container()
    inputs = [{"name": name, "project_id": project_id, "read_acl": "", "write_acl": ""} for name in NAMES]
    with ThreadPoolExecutor(len(NAMES)) as pool:
        made = list(pool.map(lambda wish: kind.create(provider, wish), inputs))
    assert sorted(kind.identifier(container) for container in made) == [f"{project_id}/{name}" for name in NAMES]
    for container, wish in zip(made, inputs, strict=True):
        kind.delete(provider, kind.identifier(container), wish)


def test_an_account_takes_no_more_than_its_quota(installation: Installation, project_id: str) -> None:
    provider = Cloud({"OS_CLIENT_CONFIG_FILE": str(installation.clouds), CLOUD_VARIABLE: "oneroof"})
    quota, container = ObjectStoreQuota(), {"name": "papers", "project_id": project_id, "read_acl": "", "write_acl": ""}
    own = provider.in_project(project_id).object_store

    def upload(size: int) -> int:
        return int(own.put(f"{account_address(provider, project_id)}/papers/page", data=b"x" * size).status_code)

    declared = {"project_id": project_id, "limits": {"bytes": 1000}}
    assert quota.create(provider, declared) == project_id
    made = Container().create(provider, container)
    try:
        assert quota.show(provider, quota.get(provider, project_id, declared), declared) == declared
        assert (upload(1001), upload(1000)) == (413, 201)
        quota.update(provider, project_id, declared, {**declared, "limits": {"bytes": 0}}, {"limits"})
        assert upload(1001) == 413
        quota.delete(provider, project_id, declared)
        assert upload(1001) == 201
    finally:
        own.delete(f"{account_address(provider, project_id)}/papers/page")
        Container().delete(provider, Container().identifier(made), container)


def test_as_many_networks_as_the_limit_allows_can_be_made_at_once(installation: Installation, project_id: str) -> None:
    provider = Cloud({"OS_CLIENT_CONFIG_FILE": str(installation.clouds), CLOUD_VARIABLE: "oneroof"})
    limits = NetworkQuota()
    declared = {"project_id": project_id, "limits": {"networks": len(NAMES)}}
    limits.create(provider, declared)
    kind = Network()
    wanted = [{"name": name, "project_id": project_id, "is_router_external": False} for name in NAMES]
    made: list[Any] = []
    try:
        with ThreadPoolExecutor(len(NAMES)) as pool:
            made += pool.map(lambda wish: kind.create(provider, wish), wanted)
        assert sorted(network.name for network in made) == NAMES
        with pytest.raises(ConflictException, match="Quota exceeded"):
            kind.create(provider, {**wanted[0], "name": "one-too-many"})
    finally:
        for network in provider.admin.network.networks(project_id=project_id):
            kind.delete(provider, network.id, {})
        limits.delete(provider, project_id, declared)
