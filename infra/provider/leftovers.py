"""Everything that the services hold of projects, declared or not: to take it along, and to see that nothing is left.

Lists are of the whole cloud and compared here: Neutron makes a security group for a project that one asks for by its id.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from infra.provider.account import UNLIMITED, account_address, read_quota
from infra.provider.cloud import Cloud
from infra.provider.failure import CloudError, describe_failure

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

    def __str__(self) -> str:
        return f"{self.noun} {self.name or self.identifier}"


_Lister = Callable[[Any], Iterator[Any]]
_KINDS: tuple[tuple[str, str, bool, _Lister], ...] = (
    # service, noun, holds data, how to list all: in the order in which they can be deleted
    ("compute", "server", False, lambda admin: admin.compute.servers(all_projects=True)),
    ("compute", "server group", False, lambda admin: admin.compute.server_groups(all_projects=True)),
    ("network", "floating address", False, lambda admin: admin.network.ips()),
    ("block_storage", "snapshot", True, lambda admin: admin.block_storage.snapshots(all_projects=True)),
    ("block_storage", "volume", True, lambda admin: admin.block_storage.volumes(all_projects=True)),
    ("network", "router", False, lambda admin: admin.network.routers()),
    ("network", "port", False, lambda admin: admin.network.ports()),
    ("network", "network", False, lambda admin: admin.network.networks()),
    ("network", "sharing rule", False, lambda admin: admin.network.rbac_policies()),
    ("network", "security group", False, lambda admin: admin.network.security_groups()),
    ("image", "image", True, lambda admin: admin.image.images()),
)
_IN_USE = ("network:", "compute:")
"""Owners of ports that go with what they belong to."""


def find_leftovers(cloud: Cloud, projects: Collection[str]) -> tuple[Leftover, ...]:
    """Give everything of these projects in every service, in the order to delete it."""
    found: list[Leftover] = []
    for service, noun, holds_data, listed in _KINDS:
        for each in listed(cloud.admin):
            owner = str(each.owner if noun == "image" else each.project_id)
            if owner in projects:
                name = getattr(each, "floating_ip_address", None) or each.name or ""
                along = noun == "port" and str(each.device_owner or "").startswith(_IN_USE)
                found.append(Leftover(service, noun, str(each.id), str(name), owner, holds_data, along))
    for project in projects:
        for name in list_containers(cloud, project):
            found.append(Leftover("object_store", "container", f"{project}/{name}", name, project, holds_data=True))
    return tuple(found)


def find_snapshots(cloud: Cloud, volumes: Collection[str]) -> tuple[Leftover, ...]:
    """Give the snapshots of these volumes: they hold the same data, and a volume cannot go before them."""
    return tuple(
        Leftover("block_storage", "snapshot", str(each.id), str(each.name or ""), str(each.project_id), holds_data=True)
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


def find_traces(cloud: Cloud, projects: Collection[str]) -> tuple[str, ...]:
    """Give what the services still know of projects that are gone, beside things: rights, limits, usage. One phrase each."""
    admin = cloud.admin
    found: list[str] = []
    known = {project.id for project in admin.identity.projects()}
    found += [f"identity: project {project}" for project in projects if project in known]
    assignments = admin.identity.role_assignments()
    scopes = {((each.scope or {}).get("project") or {}).get("id") for each in assignments}
    found += [f"identity: a role on project {project}" for project in projects if project in scopes]
    limited = {quota.project_id for quota in admin.network.quotas()}
    found += [f"network: a quota of project {project}" for project in projects if project in limited]
    for project in projects:
        for service in ("compute", "block_storage"):
            if _has_limits(getattr(admin, service), project):
                found.append(f"{service}: a quota of project {project}")
        used = admin.placement.get(f"/usages?project_id={project}", microversion="1.9").json().get("usages") or {}
        found += [f"placement: {amount} {what} of project {project}" for what, amount in sorted(used.items()) if amount]
        quota = read_quota(cloud, project)
        if quota is not None and quota.bytes != UNLIMITED:
            found.append(f"object_store: a quota of project {project}")
    return tuple(found)


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


def _has_limits(proxy: Any, project: str) -> bool:
    """Tell whether a project has limits of its own.

    Nova tells nothing of a project that is gone: its limits are deleted before it is.
    """
    from openstack.exceptions import BadRequestException

    try:
        return _limits(proxy.get_quota_set(project)) != _limits(proxy.get_quota_set_defaults(project))
    except BadRequestException as error:
        if "not a valid project" not in describe_failure(error):
            raise
        return False


def _limits(quota: Any) -> dict[str, Any]:
    told = {name: value for name, value in quota.to_dict().items() if isinstance(value, int)}
    return {name: value for name, value in told.items() if name not in ("id", "location")}


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
    port = cloud.admin.network.find_port(each.identifier)
    if port is not None and not str(port.device_owner or "").startswith(_IN_USE):
        cloud.admin.network.delete_port(port.id, ignore_missing=True)


def _delete_container(cloud: Cloud, each: Leftover) -> None:
    from infra.provider.object_store import Container

    Container().delete(cloud, each.identifier, {"name": each.name, "project_id": each.project_id})


_DELETE: dict[str, Callable[[Cloud, Leftover], Any]] = {
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
