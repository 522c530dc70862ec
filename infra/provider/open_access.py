"""Everything that projects of departments have open to anybody else, as the services tell it: declared or not.

Neutron tells all of it in one list, Glance the members of one image at a time, the object store the lists of one container
at a time. Imports nothing of Pulumi.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from infra.provider.access import READ, WRITE, parse_acl
from infra.provider.account import account_address
from infra.provider.cloud import Cloud
from infra.provider.failure import CloudError, describe_failure

EVERYBODY = "everybody"
_DEFAULT_DOMAIN = "default"


@dataclass(frozen=True, order=True)
class Open:
    """One thing of one project that one other may use."""

    owner: str
    """``<domain>/<project>``."""
    kind: str
    item: str
    grantee: str
    """``<domain>/<project>``, :data:`EVERYBODY`, or an entry of a container's list as it stands there."""
    access: str
    """read or write of a container, use of everything else."""


def collect_open(cloud: Cloud) -> frozenset[Open]:
    """Read what is open across projects, of all but the cloud's own domain; raises :class:`CloudError`."""
    from keystoneauth1.exceptions import ClientException
    from openstack.exceptions import SDKException

    try:
        identity = cloud.admin.identity
        domains = {domain.id: domain.name for domain in identity.domains() if domain.id != _DEFAULT_DOMAIN}
        projects = {p.id: f"{domains[p.domain_id]}/{p.name}" for p in identity.projects() if p.domain_id in domains}
        return frozenset((*_networks(cloud, projects), *_images(cloud, projects), *_containers(cloud, projects)))
    except (SDKException, ClientException) as error:
        raise CloudError(describe_failure(error)) from error


def _networks(cloud: Cloud, projects: Mapping[str, str]) -> Iterator[Open]:
    names = {network.id: network.name for network in cloud.admin.network.networks()}
    for policy in cloud.admin.network.rbac_policies():
        if policy.project_id in projects and policy.action == "access_as_shared":
            item, owner = names.get(policy.object_id, policy.object_id), projects[policy.project_id]
            yield Open(owner, policy.object_type, item, _called(policy.target_project_id, projects), "use")


def _images(cloud: Cloud, projects: Mapping[str, str]) -> Iterator[Open]:
    glance = cloud.admin.image
    for image in glance.images(visibility="all"):
        if image.owner not in projects or image.visibility == "private":
            continue
        if image.visibility == "shared":
            targets = [_called(m.member_id, projects) for m in glance.members(image.id) if m.status != "rejected"]
        else:
            targets = [EVERYBODY]
        yield from (Open(projects[image.owner], "image", image.name, target, "use") for target in targets)


def _containers(cloud: Cloud, projects: Mapping[str, str]) -> Iterator[Open]:
    for identifier, owner in projects.items():
        address = account_address(cloud, identifier)
        for name in _names(cloud, address) if address else ():
            headers = cloud.admin.object_store.head(f"{address}/{quote(name)}").headers
            writers = {_grantee(entry, projects) for entry in parse_acl(headers.get(WRITE))}
            readers = {_grantee(entry, projects) for entry in parse_acl(headers.get(READ))}
            for grantee in readers | writers:
                yield Open(owner, "container", name, grantee, "write" if grantee in writers else "read")


def _names(cloud: Cloud, address: str) -> Iterator[str]:
    marker, page = "", [{"name": ""}]
    while page:
        response = cloud.admin.object_store.get(address, params={"format": "json", "marker": marker})
        page = response.json() if response.status_code == 200 else []  # the gateway forbids what was never used
        for each in page:
            yield each["name"]
            marker = each["name"]


def _grantee(entry: str, projects: Mapping[str, str]) -> str:
    if entry.startswith((".r:", "*")) or entry == ".rlistings":
        return EVERYBODY
    project, _, users = entry.partition(":")
    return projects[project] if users in ("", "*") and project in projects else entry


def _called(project: Any, projects: Mapping[str, str]) -> str:
    return EVERYBODY if project == "*" else projects.get(project, str(project))
