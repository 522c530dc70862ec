"""What an interrupted run made and did not record: found in a department by the mark that everything made here carries.

Nothing hangs on an orphan, for what would is made after it was recorded; so orphans can go first, in the order below.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from infra.provider.account import account_address
from infra.provider.block_storage import Volume
from infra.provider.cloud import Cloud
from infra.provider.compute import Server
from infra.provider.failure import CloudError, describe_failure
from infra.provider.identity import Domain, Group, Project, User
from infra.provider.kind import Kind
from infra.provider.network import FloatingIp, Network, Router, SecurityGroup
from infra.provider.object_store import Container
from infra.provider.values import Values

_IN_PROJECTS: tuple[Kind, ...] = (FloatingIp(), Server(), Router(), Network(), SecurityGroup(), Volume())
_DOMAIN, _PROJECT = Domain(), Project()
_IN_DOMAIN: tuple[Kind, ...] = (User(), Group(), _PROJECT)


@dataclass(frozen=True)
class Orphan:
    """A resource of the department that no stack records."""

    kind: Kind
    identifier: str
    state: Values

    @property
    def called(self) -> str:
        """What people call it."""
        return f"{self.kind.label} {self.state['name']}"


def find_orphans(cloud: Cloud, recorded: Mapping[str, Collection[str]]) -> dict[str, tuple[Orphan, ...]]:
    """Give, of each domain named, what carries our mark in it and has none of its recorded ids, in the order to delete it.

    One list a kind of the whole cloud, and one of the containers of each project of the domains.
    """
    everything = _Lists(cloud)
    return {
        slug: tuple(orphan for orphan in _marked(cloud, slug, everything) if orphan.identifier not in ids)
        for slug, ids in recorded.items()
    }


class _Lists:
    """Each kind's list of the whole cloud, asked for once."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._lists: dict[Kind, list[Any]] = {}

    def of(self, kind: Kind) -> list[Any]:
        if kind not in self._lists:
            everywhere = isinstance(kind, Server)
            servers = self._cloud.admin.compute.servers
            self._lists[kind] = list(servers(all_projects=True)) if everywhere else kind.listed(self._cloud)
        return self._lists[kind]


def delete_orphans(cloud: Cloud, orphans: Collection[Orphan]) -> None:
    """Delete them; raises :class:`CloudError` for the first that the cloud keeps, or that holds data and may not go."""
    from keystoneauth1.exceptions import ClientException
    from openstack.exceptions import SDKException

    for orphan in orphans:
        try:
            orphan.kind.delete(cloud, orphan.identifier, orphan.state)
        except CloudError as error:
            raise CloudError(f"cannot delete {orphan.called}: {error}") from None
        except (SDKException, ClientException) as error:
            raise CloudError(f"cannot delete {orphan.called}: {describe_failure(error)}") from error


def _marked(cloud: Cloud, slug: str, everything: _Lists) -> Iterator[Orphan]:
    for domain in everything.of(_DOMAIN):
        if domain.name != slug:
            continue
        projects = [project for project in everything.of(_PROJECT) if project.domain_id == domain.id]
        inside = {project.id for project in projects}
        for kind in _IN_PROJECTS:
            for found in everything.of(kind):
                if found.project_id in inside and kind.is_ours(found):
                    yield _orphan(kind, found)
        for project in projects:
            yield from _containers(cloud, project.id)
        for kind in _IN_DOMAIN:
            for found in everything.of(kind):
                if found.domain_id == domain.id and kind.is_ours(found):
                    yield _orphan(kind, found)
        if _DOMAIN.is_ours(domain):
            yield _orphan(_DOMAIN, domain)


def _orphan(kind: Kind, found: Any) -> Orphan:
    name = getattr(found, "floating_ip_address", None) or found.name or found.id
    return Orphan(kind, kind.identifier(found), {"name": name})


def _containers(cloud: Cloud, project_id: str) -> Iterator[Orphan]:
    address, kind = account_address(cloud, project_id), Container()
    if address is None:
        return
    ask = partial(cloud.admin.object_store.get, address)
    marker = ""
    while True:
        response = ask(params={"format": "json", "marker": marker})
        page = response.json() if response.status_code == 200 else []
        for name in (each["name"] for each in page):
            state = {"name": name, "project_id": project_id}
            found = kind.get(cloud, f"{project_id}/{name}", state)
            if found is not None and kind.is_ours(found):
                yield Orphan(kind, kind.identifier(found), state)
        if not page:
            return
        marker = page[-1]["name"]
