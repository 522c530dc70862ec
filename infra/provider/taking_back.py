"""Takes one grant back by the services' own calls. Imports nothing of Pulumi: the operations host has none."""

from __future__ import annotations

from infra.provider.access import READ, WRITE, delete_policy, find_policies, parse_acl, project_id, without
from infra.provider.account import account_address
from infra.provider.cloud import Cloud
from infra.provider.failure import CloudError, describe_failure


def take_back(cloud: Cloud, kind: str, owner: str, item: str, grantee: str, *, dry_run: bool = False) -> bool:
    """Take access of ``grantee`` to a container, network or image of ``owner`` away; tell whether it had any.

    Both are told as ``<domain>/<project>``. One that does not exist has nothing. Raises :class:`CloudError`.
    """
    from keystoneauth1.exceptions import ClientException
    from openstack.exceptions import SDKException

    try:
        try:
            source, target = project_id(cloud, owner), project_id(cloud, grantee)
        except CloudError:
            return False
        return _TAKE[kind](cloud, source, item, target, dry_run)
    except (SDKException, ClientException) as error:
        raise CloudError(describe_failure(error)) from error


def _container(cloud: Cloud, owner: str, name: str, target: str, dry_run: bool) -> bool:
    from urllib.parse import quote

    from openstack.exceptions import raise_from_response

    account, store = account_address(cloud, owner), cloud.in_project(owner).object_store
    if account is None:
        return False
    address = f"{account}/{quote(name)}"
    told = store.head(address)
    if told.status_code == 404:
        return False
    raise_from_response(told)
    lists = {header: told.headers.get(header, "") for header in (READ, WRITE)}
    left = {header: without(text, target) for header, text in lists.items()}
    if all(parse_acl(left[header]) == parse_acl(lists[header]) for header in lists):
        return False
    if not dry_run:
        raise_from_response(store.post(address, headers=left))
    return True


def _network(cloud: Cloud, owner: str, name: str, target: str, dry_run: bool) -> bool:
    networks = cloud.admin.network.networks(project_id=owner, name=name)
    policies = [policy for network in networks for policy in find_policies(cloud, network.id, target)]
    for policy in policies if not dry_run else ():
        delete_policy(cloud, policy)
    return bool(policies)


def _image(cloud: Cloud, owner: str, name: str, target: str, dry_run: bool) -> bool:
    glance = cloud.admin.image
    images = [image for image in glance.images(owner=owner, name=name, visibility="all") if image.owner == owner]
    shared = [image for image in images if target in {member.member_id for member in glance.members(image.id)}]
    for image in shared if not dry_run else ():
        glance.remove_member(target, image.id, ignore_missing=True)
    return bool(shared)


_TAKE = {"container": _container, "network": _network, "image": _image}
