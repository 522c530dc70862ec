"""Fills in what a declaration leaves out where the answer depends on the rest of the same file."""

from __future__ import annotations

from tenants.declaration.model import Department, Project, Server


def complete(department: Department) -> Department:
    """Give the department with every left-out name filled in; completing twice changes nothing.

    A server without ``network`` gets the project's first network, one without ``security_groups`` the first security
    group; volumes, containers, images and databases without ``recovery`` get the project's tier, which is the department's
    where it has none of its own. Without ``approvers`` the owners approve; an application credential without ``roles`` has
    its user's.
    """
    projects = tuple(_complete_project(project, project.recovery or department.recovery) for project in department.projects)
    approvers = department.approvers or department.owners
    credentials = tuple(
        each.model_copy(update={"roles": each.roles or department.roles_of(each.user, each.project)})
        for each in department.application_credentials
    )
    return department.model_copy(
        update={"projects": projects, "approvers": approvers, "application_credentials": credentials}
    )


def _complete_project(project: Project, recovery: str) -> Project:
    return project.model_copy(
        update={
            "recovery": recovery,
            "volumes": tuple(v.model_copy(update={"recovery": v.recovery or recovery}) for v in project.volumes),
            "containers": tuple(c.model_copy(update={"recovery": c.recovery or recovery}) for c in project.containers),
            "images": tuple(i.model_copy(update={"recovery": i.recovery or recovery}) for i in project.images),
            "databases": tuple(d.model_copy(update={"recovery": d.recovery or recovery}) for d in project.databases),
            "servers": tuple(_complete_server(server, project) for server in project.servers),
        }
    )


def _complete_server(server: Server, project: Project) -> Server:
    first_network = next((network.name for network in project.networks), "")
    first_group = tuple(group.name for group in project.security_groups[:1])
    return server.model_copy(
        update={
            "network": server.network or first_network,
            "security_groups": server.security_groups or first_group,
        }
    )
