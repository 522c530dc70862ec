"""Access across projects as the services keep it: lists of containers, RBAC policies of Neutron, members of images.

Projects are told as ``<domain>/<project>``, by name, for another department's ids are not known before the cloud is
asked. Imports nothing of Pulumi, so that the operations host can take access back without it.

Lists of containers: https://docs.openstack.org/swift/latest/overview_acl.html (Ceph's gateway speaks them too).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from infra.provider.cloud import Cloud
from infra.provider.failure import CloudError

READ, WRITE = "X-Container-Read", "X-Container-Write"
_EVERY_USER = ":*"
PATIENCE_SECONDS = 120.0
"""How long a project, or a share, is waited for that the same run makes for another department."""


def project_id(cloud: Cloud, path: str, *, patience: float = 0) -> str:
    """Give the id of ``<domain>/<project>``; waits ``patience`` seconds for one that another run is making."""
    found: list[str] = []

    def look() -> bool:
        found.extend(_find(cloud, path))
        return bool(found)

    if not look() and patience:
        try:
            cloud.wait(f"project {path}", look, patience, every=1)
        except CloudError:
            if cloud.stopping.is_set():
                raise
    if not found:
        department, _, name = path.partition("/")
        raise CloudError(f"project {name} of department {department} does not exist in the cloud: apply {department} first")
    return found[0]


def project_path(cloud: Cloud, identifier: str) -> str:
    """Give ``<domain>/<project>`` of an id; the id itself where there is no such project any more."""
    from openstack.exceptions import NotFoundException

    try:
        project = cloud.admin.identity.get_project(identifier)
        return f"{cloud.admin.identity.get_domain(project.domain_id).name}/{project.name}"
    except NotFoundException:
        return identifier


def _find(cloud: Cloud, path: str) -> list[str]:
    domain_name, _, name = path.partition("/")
    identity = cloud.admin.identity
    domains = [domain.id for domain in identity.domains(name=domain_name) if domain.name == domain_name]
    return [p.id for domain in domains for p in identity.projects(domain_id=domain, name=name) if p.name == name]


def parse_acl(header: str | None) -> list[str]:
    """Give the entries of a container's list.

    >>> parse_acl("1f:*, .rlistings")
    ['1f:*', '.rlistings']
    """
    return [entry.strip() for entry in (header or "").split(",") if entry.strip()]


def show_acl(cloud: Cloud, header: str | None) -> list[str]:
    """Give who is in a list: projects by name, anything else as it stands there, so that nothing in it is overlooked."""
    return [
        project_path(cloud, entry.removesuffix(_EVERY_USER)) if _is_project(entry) else entry for entry in parse_acl(header)
    ]


def render_acl(cloud: Cloud, entries: Iterable[str], *, patience: float = 0) -> str:
    """Give the list's text: every user of each project that is told by name."""
    return ",".join(
        f"{project_id(cloud, entry, patience=patience)}{_EVERY_USER}" if "/" in entry else entry for entry in entries
    )


def _is_project(entry: str) -> bool:
    return entry.endswith(_EVERY_USER) and bool(named_project(entry))


def named_project(entry: str) -> str:
    """Give the id of the project that an entry of a list names; nothing where it names none, as ``.r:*`` and ``*:*``.

    >>> named_project("1f:7a")
    '1f'
    """
    name = entry.partition(":")[0]
    return name if ":" in entry and name.isalnum() else ""


def without(header: str | None, project: str) -> str:
    """Give a list without the entries of a project, whatever users of it they name.

    >>> without("1f:*,2e:*,1f:7a", "1f")
    '2e:*'
    """
    return ",".join(entry for entry in parse_acl(header) if entry.partition(":")[0] != project)


def find_policies(cloud: Cloud, object_id: str, target: str) -> list[Any]:
    """Give Neutron's policies that share a thing with a project."""
    every = cloud.admin.network.rbac_policies(object_id=object_id, target_project_id=target)
    return [
        p for p in every if p.object_id == object_id and p.target_project_id == target and p.action == "access_as_shared"
    ]


def shared_network_id(cloud: Cloud, path: str, target: str, *, patience: float) -> str:
    """Give the id of the network ``<domain>/<project>/<network>``, once its owner shares it with a project.

    Waits ``patience`` seconds for a grant that another run gives. Raises :class:`CloudError` where there is none.
    """
    owner, _, name = path.rpartition("/")
    found: list[str] = []

    def look() -> bool:
        for project in _find(cloud, owner):
            for network in cloud.admin.network.networks(project_id=project, name=name):
                if network.is_shared or find_policies(cloud, network.id, target):
                    found.append(network.id)
        return bool(found)

    try:
        cloud.wait(f"share of network {name}", look, patience, every=1)
    except CloudError:
        if cloud.stopping.is_set():
            raise
        raise CloudError(f"network {name} of {owner} is not shared with its project: its owner grants it first") from None
    return found[0]


def delete_policy(cloud: Cloud, policy: Any) -> None:
    """Take a shared thing back: first the ports that the other project has on it, which Neutron would keep it shared for."""
    network = cloud.admin.network
    if policy.object_type == "network":
        for port in _ports(network, policy.object_id, policy.target_project_id):
            if port.device_owner.startswith("network:router_interface"):
                network.remove_interface_from_router(port.device_id, port_id=port.id)
            else:
                network.delete_port(port.id, ignore_missing=True)
    network.delete_rbac_policy(policy.id, ignore_missing=True)


def _ports(network: Any, network_id: str, project: str) -> Iterator[Any]:
    return (p for p in list(network.ports(network_id=network_id, project_id=project)) if p.project_id == project)


def find_image(cloud: Cloud, owner: str, name: str) -> Any:
    """Give the one usable image of a name in a project; raises :class:`CloudError` for none and for several."""
    every = cloud.admin.image.images(owner=owner, name=name, visibility="all", status="active")
    found = [image for image in every if image.owner == owner and not image.is_hidden]
    if len(found) != 1:
        told = f"{len(found)} images are called {name}" if found else f"no image is called {name}"
        raise CloudError(f"{told} in the project that shares it, expected one")
    return found[0]


def share_network(cloud: Cloud, network_id: str, owner: str, target: str) -> Any:
    """Let a project use a network as if it were its own, in the owner's name; give the policy."""
    return cloud.admin.network.create_rbac_policy(
        object_type="network",
        object_id=network_id,
        project_id=owner,
        target_project_id=target,
        action="access_as_shared",
    )


def share_image(cloud: Cloud, image: Any, target: str) -> Any:
    """Make a project a member of an image and accept in its name, so that it is in its lists; give the member."""
    glance = cloud.admin.image
    if image.visibility == "private":  # which Glance shares with nobody
        glance.update_image(image.id, visibility="shared")
    if target not in {member.member_id for member in glance.members(image.id)}:
        glance.add_member(image.id, member_id=target)
    return glance.update_member(target, image.id, status="accepted")
