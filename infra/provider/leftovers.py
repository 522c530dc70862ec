"""Everything that the services hold of projects, declared or not: to take it along, and to see that nothing is left.

Lists are of the whole cloud and compared here: Neutron makes a security group for a project that one asks for by its id.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from infra.provider.account import account_address
from infra.provider.cloud import Cloud
from infra.provider.failure import CloudError, describe_failure
from infra.provider.side_by_side import ask_all

PAGE = 1000


@dataclass(frozen=True)
class Leftover:
    """One thing in a service."""

    service: str
    noun: str
    """What people call its kind."""
    identifier: str
    name: str
    project_id: str
    holds_data: bool = False
    goes_along: bool = False
    """A port that goes with the server or router that it belongs to."""
    given_by: str = ""
    """The project that gave it, where another one did."""
    user_id: str = ""
    """The user that it belongs to, where it belongs to one."""
    of: str = ""
    """The volume that a snapshot is of."""

    def __str__(self) -> str:
        return f"{self.noun} {self.name or self.identifier}"


_Lister = Callable[[Any], Iterator[Any]]
_KINDS: tuple[tuple[str, str, bool, _Lister], ...] = (
    # service, noun, holds data, how to list all: in the order in which they can be deleted
    ("compute", "server", False, lambda admin: admin.compute.servers(all_projects=True)),
    ("compute", "server group", False, lambda admin: admin.compute.server_groups(all_projects=True)),
    ("network", "floating address", False, lambda admin: admin.network.ips()),
    ("block_storage", "snapshot", True, lambda admin: admin.block_storage.snapshots(all_projects=True)),
    ("block_storage", "volume backup", True, lambda admin: admin.block_storage.backups(all_projects=True)),
    ("block_storage", "volume", True, lambda admin: admin.block_storage.volumes(all_projects=True)),
    ("network", "router", False, lambda admin: admin.network.routers()),
    ("network", "port", False, lambda admin: admin.network.ports()),
    ("network", "network", False, lambda admin: admin.network.networks()),
    ("network", "subnet pool", False, lambda admin: admin.network.subnet_pools()),
    ("network", "address scope", False, lambda admin: admin.network.address_scopes()),
    ("network", "sharing rule", False, lambda admin: admin.network.rbac_policies()),
    ("network", "security group", False, lambda admin: admin.network.security_groups()),
    ("image", "image", True, lambda admin: list_images(admin)),
)
_IN_USE = ("network:", "compute:")
"""Owners of ports that go with what they belong to."""


def find_leftovers(cloud: Cloud, projects: Collection[str], users: Collection[str] = ()) -> tuple[Leftover, ...]:
    """Give everything of these projects in every service, in the order to delete it.

    Also what others gave them, and what opens them to these ``users``, those of their department.
    """
    asks: list[Callable[[], list[Leftover]]] = [
        partial(_credentials, cloud, projects, users),
        partial(_image_members, cloud, projects),
        *(partial(_of_kind, cloud, projects, *kind) for kind in _KINDS),
        *(partial(_containers, cloud, project) for project in projects),
    ]
    return tuple(each for found in ask_all(asks) for each in found)


def _of_kind(
    cloud: Cloud, projects: Collection[str], service: str, noun: str, holds_data: bool, listed: _Lister
) -> list[Leftover]:
    found = []
    for each in listed(cloud.admin):
        owner, giver = str(each.owner if noun == "image" else each.project_id), ""
        if noun == "sharing rule" and owner not in projects:
            owner, giver = str(each.target_project_id), owner
        if owner in projects:
            name = getattr(each, "floating_ip_address", None) or each.name or ""
            along = noun == "port" and str(each.device_owner or "").startswith(_IN_USE)
            found.append(Leftover(service, noun, str(each.id), str(name), owner, holds_data, along, giver))
    return found


def _containers(cloud: Cloud, project: str) -> list[Leftover]:
    return [
        Leftover("object_store", "container", f"{project}/{name}", name, project, holds_data=True)
        for name in list_containers(cloud, project)
    ]


def find_given(cloud: Cloud, projects: Collection[str]) -> tuple[Leftover, ...]:
    """Give what other departments let these projects use: nobody uses it once they are gone."""
    rules = (
        Leftover("network", "sharing rule", str(each.id), "", str(each.target_project_id), given_by=str(each.project_id))
        for each in cloud.admin.network.rbac_policies()
        if each.target_project_id in projects and each.project_id not in projects
    )
    return (*rules, *_image_members(cloud, projects))


def find_key_pairs(cloud: Cloud, users: Collection[str]) -> tuple[Leftover, ...]:
    """Give the key pairs of users: Nova keeps those of one who is gone."""

    def of(user: str) -> list[Leftover]:
        pairs = cloud.admin.compute.keypairs(user_id=user)
        return [Leftover("compute", "key pair", str(each.name), str(each.name), "", user_id=user) for each in pairs]

    return tuple(each for found in ask_all(partial(of, user) for user in users) for each in found)


def list_images(admin: Any) -> Iterator[Any]:
    """List all images, also those of a community and those that are hidden: Glance tells them apart."""
    yield from admin.image.images(visibility="all")
    yield from admin.image.images(visibility="all", is_hidden=True)


def _credentials(cloud: Cloud, projects: Collection[str], users: Collection[str]) -> list[Leftover]:
    def of(user: str) -> list[Leftover]:
        response = cloud.admin.identity.get(f"/users/{user}/application_credentials")
        return [
            Leftover("identity", "application credential", each["id"], each["name"], each["project_id"], user_id=user)
            for each in (response.json()["application_credentials"] if response.status_code == 200 else ())
            if each["project_id"] in projects
        ]

    return [each for found in ask_all(partial(of, user) for user in users) for each in found]


def _image_members(cloud: Cloud, projects: Collection[str]) -> list[Leftover]:
    """Give the images of others that these projects may use; one call for each image that is shared."""
    glance, found = cloud.admin.image, list[Leftover]()
    for image in list_images(cloud.admin):
        if image.visibility == "shared" and image.owner not in projects:
            for member in glance.members(image.id):
                if member.member_id in projects:
                    identifier, project = f"{image.id}/{member.member_id}", str(member.member_id)
                    given = Leftover("image", "image member", identifier, image.name, project, given_by=str(image.owner))
                    found.append(given)
    return found


def find_snapshots(cloud: Cloud, volumes: Collection[str]) -> tuple[Leftover, ...]:
    """Give the snapshots of these volumes: they hold the same data, and a volume cannot go before them."""
    return tuple(
        Leftover(
            "block_storage",
            "snapshot",
            str(each.id),
            str(each.name or ""),
            str(each.project_id),
            holds_data=True,
            of=str(each.volume_id),
        )
        for each in cloud.admin.block_storage.snapshots(all_projects=True)
        if each.volume_id in volumes
    )


def delete_leftovers(cloud: Cloud, leftovers: Collection[Leftover]) -> None:
    """Delete them in their order, waiting for each that takes time; raises :class:`CloudError` for the first that stays."""
    from keystoneauth1.exceptions import ClientException
    from openstack.exceptions import SDKException

    for each in leftovers:
        try:
            _DELETE[each.noun](cloud, each)
        except CloudError as error:
            raise CloudError(f"cannot delete {each}: {error}") from None
        except (SDKException, ClientException) as error:
            raise CloudError(f"cannot delete {each}: {describe_failure(error)}") from error


def list_containers(cloud: Cloud, project: str) -> tuple[str, ...]:
    """List the containers in a project's account; none where there is no account."""
    address = account_address(cloud, project)
    return () if address is None else tuple(str(each["name"]) for each in _pages(cloud, address))


def last_written(cloud: Cloud, identifier: str) -> datetime | None:
    """Give when an object of a container (``<project id>/<name>``) was last written; nothing where it holds none."""
    from urllib.parse import quote

    project, _, name = identifier.partition("/")
    address = account_address(cloud, project)
    if address is None:
        return None
    written = [
        datetime.fromisoformat(each["last_modified"].rstrip("Z")) for each in _pages(cloud, f"{address}/{quote(name)}")
    ]
    return max(written).replace(tzinfo=UTC) if written else None


def _pages(cloud: Cloud, address: str) -> Iterator[Any]:
    ask = partial(cloud.admin.object_store.get, address)
    marker = ""
    while True:
        response = ask(params={"format": "json", "limit": str(PAGE), "marker": marker})
        page = response.json() if response.status_code == 200 else []
        yield from page
        if not page:
            return
        marker = page[-1]["name"]


def _gone(cloud: Cloud, what: str, get: Callable[[str], Any], identifier: str) -> None:
    from openstack.exceptions import NotFoundException

    def gone() -> bool:
        try:
            get(identifier)
        except NotFoundException:
            return True
        return False

    cloud.wait(f"deleting {what}", gone)


def _delete_server(cloud: Cloud, each: Leftover) -> None:
    cloud.admin.compute.delete_server(each.identifier, ignore_missing=True)
    _gone(cloud, str(each), cloud.admin.compute.get_server, each.identifier)


def _delete_snapshot(cloud: Cloud, each: Leftover) -> None:
    cloud.admin.block_storage.delete_snapshot(each.identifier, ignore_missing=True)
    _gone(cloud, str(each), cloud.admin.block_storage.get_snapshot, each.identifier)


def _delete_volume(cloud: Cloud, each: Leftover) -> None:
    cloud.admin.block_storage.delete_volume(each.identifier, ignore_missing=True)
    _gone(cloud, str(each), cloud.admin.block_storage.get_volume, each.identifier)


def _delete_router(cloud: Cloud, each: Leftover) -> None:
    from infra.provider.network import Router

    Router().delete(cloud, each.identifier, {"name": each.name})


def _delete_port(cloud: Cloud, each: Leftover) -> None:
    from openstack.exceptions import NotFoundException

    try:
        port = cloud.admin.network.get_port(each.identifier)
    except NotFoundException:
        return
    if not str(port.device_owner or "").startswith(_IN_USE):
        cloud.admin.network.delete_port(port.id, ignore_missing=True)


def _delete_container(cloud: Cloud, each: Leftover) -> None:
    from infra.provider.object_store import Container

    Container().delete(cloud, each.identifier, {"name": each.name, "project_id": each.project_id})


def _delete_member(cloud: Cloud, each: Leftover) -> None:
    image, _, member = each.identifier.partition("/")
    cloud.admin.image.remove_member(member, image, ignore_missing=True)


def _delete_backup(cloud: Cloud, each: Leftover) -> None:
    cloud.admin.block_storage.delete_backup(each.identifier, ignore_missing=True)
    _gone(cloud, str(each), cloud.admin.block_storage.get_backup, each.identifier)


def _delete_credential(cloud: Cloud, each: Leftover) -> None:
    cloud.admin.identity.delete_application_credential(each.user_id, each.identifier, ignore_missing=True)


_DELETE: dict[str, Callable[[Cloud, Leftover], Any]] = {
    "application credential": _delete_credential,
    "image member": _delete_member,
    "key pair": lambda cloud, each: cloud.admin.compute.delete_keypair(
        each.identifier, ignore_missing=True, user_id=each.user_id
    ),
    "volume backup": _delete_backup,
    "subnet pool": lambda cloud, each: cloud.admin.network.delete_subnet_pool(each.identifier, ignore_missing=True),
    "address scope": lambda cloud, each: cloud.admin.network.delete_address_scope(each.identifier, ignore_missing=True),
    "server": _delete_server,
    "server group": lambda cloud, each: cloud.admin.compute.delete_server_group(each.identifier, ignore_missing=True),
    "floating address": lambda cloud, each: cloud.admin.network.delete_ip(each.identifier, ignore_missing=True),
    "snapshot": _delete_snapshot,
    "volume": _delete_volume,
    "router": _delete_router,
    "port": _delete_port,
    "network": lambda cloud, each: cloud.admin.network.delete_network(each.identifier, ignore_missing=True),
    "sharing rule": lambda cloud, each: cloud.admin.network.delete_rbac_policy(each.identifier, ignore_missing=True),
    "security group": lambda cloud, each: cloud.admin.network.delete_security_group(each.identifier, ignore_missing=True),
    "image": lambda cloud, each: cloud.admin.image.delete_image(each.identifier, ignore_missing=True),
    "container": _delete_container,
}
