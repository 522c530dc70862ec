"""Opens one grant by the services' own calls, without a stack; the next apply takes it over as its own.

Imports nothing of Pulumi: the operations host has none.
"""

from __future__ import annotations

from urllib.parse import quote

from infra.provider.access import READ, WRITE, find_image, find_policies, parse_acl, project_id, share_image, share_network
from infra.provider.account import account_address
from infra.provider.cloud import Cloud
from infra.provider.failure import CloudError, as_cloud_error


def give(cloud: Cloud, kind: str, owner: str, item: str, grantee: str, access: str, *, dry_run: bool = False) -> bool:
    """Let ``grantee`` use a container, network or image of ``owner``; tell whether it could not yet.

    Both are told as ``<domain>/<project>``. Raises :class:`CloudError`, also where one or the thing does not exist.
    """
    with as_cloud_error():
        source, target = project_id(cloud, owner), project_id(cloud, grantee)
        if kind == "container":
            return _container(cloud, source, item, target, access, dry_run)
        return _OTHERS[kind](cloud, source, item, target, dry_run)


def _container(cloud: Cloud, owner: str, name: str, target: str, access: str, dry_run: bool) -> bool:
    from openstack.exceptions import raise_from_response

    account, store = account_address(cloud, owner), cloud.in_project(owner).object_store
    address = f"{account}/{quote(name)}"
    told = store.head(address)
    raise_from_response(told)
    entry, wanted = f"{target}:*", (READ, WRITE) if access == "write" else (READ,)
    lists = {header: parse_acl(told.headers.get(header)) for header in (READ, WRITE)}
    if all(entry in lists[header] for header in wanted):
        return False
    if not dry_run:
        # our gateway replaces both lists by what one POST says
        headers = {header: ",".join([*entries, *({entry} if header in wanted and entry not in entries else ())])
                   for header, entries in lists.items()}  # fmt: skip
        raise_from_response(store.post(address, headers=headers))
    return True


def _network(cloud: Cloud, owner: str, name: str, target: str, dry_run: bool) -> bool:
    networks = list(cloud.admin.network.networks(project_id=owner, name=name))
    if len(networks) != 1:
        raise CloudError(f"{len(networks)} networks are called {name} in the project that shares it, expected one")
    if find_policies(cloud, networks[0].id, target):
        return False
    if not dry_run:
        share_network(cloud, networks[0].id, owner, target)
    return True


def _image(cloud: Cloud, owner: str, name: str, target: str, dry_run: bool) -> bool:
    image = find_image(cloud, owner, name)
    members = cloud.admin.image.members(image.id) if image.visibility == "shared" else ()
    if target in {member.member_id for member in members if member.status == "accepted"}:
        return False
    if not dry_run:
        share_image(cloud, image, target)
    return True


_OTHERS = {"network": _network, "image": _image}
