"""What the provider does where a service answers badly under its usual load."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Timer
from typing import Any
from uuid import uuid4

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
    for group in cloud.network.security_groups(project_id=made.id):  # Neutron's own, which it would leave behind
        cloud.network.delete_security_group(group)
    cloud.identity.delete_project(made)


def test_the_first_containers_of_a_project_can_be_made_at_once(installation: Installation, project_id: str) -> None:
    provider = Cloud({"OS_CLIENT_CONFIG_FILE": str(installation.clouds), CLOUD_VARIABLE: "oneroof"})
    kind = Container()
    inputs = [{"name": name, "project_id": project_id, "readers": [], "writers": []} for name in NAMES]
    with ThreadPoolExecutor(len(NAMES)) as pool:
        made = list(pool.map(lambda wish: kind.create(provider, wish), inputs))
    assert sorted(kind.identifier(container) for container in made) == [f"{project_id}/{name}" for name in NAMES]
    for container, wish in zip(made, inputs, strict=True):
        kind.delete(provider, kind.identifier(container), wish)


def test_an_account_takes_no_more_than_its_quota(installation: Installation, project_id: str) -> None:
    provider = Cloud({"OS_CLIENT_CONFIG_FILE": str(installation.clouds), CLOUD_VARIABLE: "oneroof"})
    quota, container = ObjectStoreQuota(), {"name": "papers", "project_id": project_id, "readers": [], "writers": []}
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


RESERVE = """
INSERT INTO reservations VALUES ('{id}', '{project}', UTC_TIMESTAMP() + INTERVAL 60 SECOND);
INSERT INTO resourcedeltas VALUES ('network', '{id}', 1);
"""
RELEASE = "DELETE FROM reservations WHERE id = '{id}'"


def test_what_is_reserved_and_not_there_is_waited_for(
    installation: Installation, project_id: str, oneroof: Callable[..., str]
) -> None:
    """Neutron counts a thing that is being made twice until its request has ended; here such a reservation ends late."""
    provider = Cloud({"OS_CLIENT_CONFIG_FILE": str(installation.clouds), CLOUD_VARIABLE: "oneroof"})
    limits, kind = NetworkQuota(), Network()
    declared = {"project_id": project_id, "limits": {"networks": 1}}
    wanted = {"name": "only", "project_id": project_id, "is_router_external": False}
    reservation = str(uuid4())

    def database(statement: str) -> None:
        oneroof("lab", "ssh", "site-a", "--", f"mariadb neutron -e {shlex.quote(statement)}")

    limits.create(provider, declared)
    database(RESERVE.format(id=reservation, project=project_id))
    end = Timer(2, database, [RELEASE.format(id=reservation)])
    try:
        end.start()
        assert kind.create(provider, wanted).name == "only"
        end.join()
        with pytest.raises(ConflictException, match="Quota exceeded"):
            kind.create(provider, {**wanted, "name": "one-too-many"})
    finally:
        end.join()
        for network in provider.admin.network.networks(project_id=project_id):
            kind.delete(provider, network.id, {})
        limits.delete(provider, project_id, declared)
