"""Which resources a department's stack should record: what is desired, by Pulumi type and the program's names. Pure.

A type that is not told here (:mod:`infra.components` makes it all the same) is not judged by who asks.
"""

from __future__ import annotations

from collections.abc import Mapping

from infra.desired import DesiredProject, DesiredState

QUOTA_SERVICES = ("compute", "block_storage", "network", "object_store")


def build_names(desired: DesiredState) -> Mapping[str, frozenset[str]]:
    """Give Pulumi type to the names of the resources that are declared."""
    names: dict[str, set[str]] = {
        "identity:Domain": {desired.slug},
        "identity:RoleAssignment": {"provisioner"}
        | {f"{key}/{group.name}/{role}" for group in desired.groups for key, role in group.roles.items()},
        "identity:Group": {group.name for group in desired.groups if not group.directory},
        "identity:DirectoryGroup": {group.name for group in desired.groups if group.directory},
        "identity:User": {user.name for user in desired.users},
        "identity:Membership": {f"{group}/{user.name}" for user in desired.users for group in user.groups},
        "identity:ApplicationCredential": {f"{each.user}/{each.name}" for each in desired.credentials},
        "identity:Project": set(),
    }
    for project in desired.projects:
        for type_, found in _in_project(project).items():
            names.setdefault(type_, set()).update(found)
    return {f"oneroof:{type_}": frozenset(found) for type_, found in names.items()}


def _in_project(project: DesiredProject) -> dict[str, set[str]]:
    def inside(*names: str) -> set[str]:
        return {f"{project.key}/{name}" for name in names}

    def shared(kind: str) -> set[str]:
        return {f"{share.place}/{share.grantee}" for share in project.shares if share.kind == kind}

    networks = inside(*(network.name for network in project.networks))
    return {
        "identity:Project": {project.key},
        **{f"{service}:Quota": {project.key} for service in QUOTA_SERVICES if service in project.quotas},
        "network:Network": networks,
        "network:Subnet": networks,
        "network:Router": {project.key} if project.has_router else set(),
        "network:SecurityGroup": inside(*(group.name for group in project.security_groups)),
        "network:FloatingIp": inside(
            *(server.name for server in project.servers if server.floating_ip), *project.floating_ips
        ),
        "network:RbacPolicy": shared("network"),
        "image:Member": shared("image"),
        "block_storage:Volume": inside(*(volume.name for volume in project.volumes)),
        "object_store:Container": inside(*(container.name for container in project.containers)),
        "compute:ServerGroup": inside(*(group.name for group in project.server_groups)),
        "compute:Server": inside(*(server.name for server in project.servers)),
    }
