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
from infra.provider.server_group import ServerGroup
from infra.provider.side_by_side import ask_all
from infra.provider.values import Values

_IN_PROJECTS: tuple[Kind, ...] = (FloatingIp(), Server(), ServerGroup(), Router(), Network(), SecurityGroup(), Volume())
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
    marked = ask_all(partial(_marked, cloud, slug, everything) for slug in recorded)
    return {
        slug: tuple(orphan for orphan in found if orphan.identifier not in ids)
        for (slug, ids), found in zip(recorded.items(), marked, strict=True)
    }


class _Lists:
    """Each kind's list of the whole cloud, asked for once."""

    def __init__(self, cloud: Cloud) -> None:
        kinds = (_DOMAIN, *_IN_PROJECTS, *_IN_DOMAIN)
        self._lists = dict(zip(kinds, ask_all(partial(_every, cloud, kind) for kind in kinds), strict=True))

    def of(self, kind: Kind) -> list[Any]:
        return self._lists[kind]


def _every(cloud: Cloud, kind: Kind) -> list[Any]:
    return list(cloud.admin.compute.servers(all_projects=True)) if isinstance(kind, Server) else kind.listed(cloud)


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


def _marked(cloud: Cloud, slug: str, everything: _Lists) -> list[Orphan]:
    marked = list[Orphan]()
    for domain in everything.of(_DOMAIN):
        if domain.name != slug:
            continue
        projects = [project for project in everything.of(_PROJECT) if project.domain_id == domain.id]
        inside = {project.id for project in projects}
        for kind in _IN_PROJECTS:
            marked += [
                _orphan(kind, each) for each in everything.of(kind) if each.project_id in inside and kind.is_ours(each)
            ]
        for project in projects:
            marked += _containers(cloud, project.id)
        for kind in _IN_DOMAIN:
            marked += [
                _orphan(kind, each) for each in everything.of(kind) if each.domain_id == domain.id and kind.is_ours(each)
            ]
        if _DOMAIN.is_ours(domain):
            marked.append(_orphan(_DOMAIN, domain))
    return marked


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
