"""What the cloud holds that can be lost: volumes, containers, images, servers' root disks; by the inventory's bulk calls.

Containers are one more call where the account has a key of Ceph's gateway that reads all of them, else one for each project.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from infra.inventory import Inventory
from infra.inventory.accounts import AccountError, HeldContainer, list_all_containers, list_containers

FIELDS = frozenset({"domains", "projects", "servers", "volumes", "images"})
"""Of the inventory, what is looked at."""
OPERATORS_DOMAIN = "default"
"""Keystone's id of the domain that bootstrap makes."""


@dataclass(frozen=True)
class Holding:
    """One thing in the cloud that holds data."""

    department: str
    """Name of its project's domain; empty for the operator's own."""
    kind: str
    """volume, container, image or server (its root disk)."""
    name: str
    """``<project>/<name>`` as a declaration says it."""
    id: str
    bytes: int | None = None
    created_at: datetime | None = None
    """None where the cloud does not say."""
    public: bool = False
    """Whether every department may use it: a shared image."""
    of_image: str = ""
    """Image that a root disk was made from."""


@dataclass(frozen=True)
class Unread:
    """A part of the cloud that could not be read: nothing can be said of it."""

    source: str
    error: str


@dataclass(frozen=True)
class Holdings:
    """Everything found, and what could not be looked at."""

    at: datetime
    things: tuple[Holding, ...]
    unread: tuple[Unread, ...] = ()


def collect_holdings(connection: Any, with_containers: Container[str] = ()) -> Holdings:
    """Read the cloud; a part that fails is told in the result.

    ``with_containers`` are the Keystone names of projects that must have an account: Ceph's gateway forbids what is not
    there, and there alone a 403 means that it cannot be read.
    """
    from infra.inventory.collect import collect_inventory

    inventory = collect_inventory(connection, only=FIELDS)
    accounts, unread = _accounts(connection, inventory, with_containers)
    return build_holdings(inventory, accounts, unread)


def _accounts(
    connection: Any, inventory: Inventory, with_containers: Container[str]
) -> tuple[Mapping[str, tuple[HeldContainer, ...]], list[Unread]]:
    accounts: dict[str, tuple[HeldContainer, ...]] = {}
    unread: list[Unread] = []
    projects = [project for project in inventory.projects or () if project.domain_id != OPERATORS_DOMAIN]
    try:
        if (every := list_all_containers(connection)) is not None:
            return {project.id: every.get(project.id, ()) for project in projects}, unread
    except AccountError as error:
        return accounts, [Unread("containers", str(error))]
    for project in projects:
        try:
            accounts[project.id] = tuple(list_containers(connection, project.id, expected=project.name in with_containers))
        except AccountError as error:
            unread.append(Unread(f"containers of {project.name}", str(error)))
    return accounts, unread


def build_holdings(
    inventory: Inventory, accounts: Mapping[str, Iterable[HeldContainer]], unread: Iterable[Unread] = ()
) -> Holdings:
    """Give what an inventory and the listings of object store accounts (by project id) hold."""
    domains = {domain.id: domain.name for domain in inventory.domains or ()}
    places: dict[str, tuple[str, str]] = {}
    for project in inventory.projects or ():
        department = "" if project.domain_id == OPERATORS_DOMAIN else domains.get(project.domain_id, project.domain_id)
        places[project.id] = department, project.name.removeprefix(f"{department}-") if department else project.name

    def holding(kind: str, project_id: str, name: str, identifier: str, **more: Any) -> Holding:
        department, project = places.get(project_id, ("", project_id))
        return Holding(department, kind, f"{project}/{name}", identifier, **more)

    things = [
        holding("volume", v.project_id, v.name or v.id, v.id, bytes=v.size_gib << 30, created_at=_instant(v.created_at))
        for v in inventory.volumes or ()
    ]
    things += [
        holding("image", i.project_id, i.name or i.id, i.id, bytes=i.size_bytes, created_at=_instant(i.created_at),
                public=i.visibility == "public")
        for i in inventory.images or ()
        if i.status == "active"
    ]  # fmt: skip
    names = {image.id: image.name for image in inventory.images or ()}
    things += [
        holding("server", s.project_id, s.name, s.id, bytes=s.disk_gib << 30, created_at=_instant(s.created_at),
                of_image=names.get(s.image_id, s.image_id))
        for s in inventory.servers or ()
        if s.image_id and s.disk_gib  # one that boots from a volume has no disk of its own
    ]  # fmt: skip
    for project_id, containers in accounts.items():
        things += [holding("container", project_id, told.name, told.name, bytes=told.bytes) for told in containers]
    failures = [Unread(failure.source, failure.error) for failure in inventory.failures]
    return Holdings(
        datetime.fromisoformat(inventory.collected_at),
        tuple(sorted(things, key=lambda t: (t.department, t.name, t.kind, t.id))),
        (*failures, *unread),
    )


def _instant(text: str) -> datetime | None:
    try:
        told = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return told if told.tzinfo else told.replace(tzinfo=UTC)
