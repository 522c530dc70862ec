"""A department: its domain, people and projects."""

from __future__ import annotations

from typing import Any

import pulumi

from infra.components.project import DepartmentProject
from infra.components.resource import Resource
from infra.desired import DesiredGroup, DesiredState

PROVISIONER_ROLE = "member"
"""What the provisioner is in every project of the department, by inheritance from its domain."""


class DepartmentDomain(pulumi.ComponentResource):
    """One Keystone domain and all that is in it."""

    def __init__(self, state: DesiredState, external_network: str) -> None:
        """Declare it; ``external_network`` is the name of the network that floating addresses come from."""
        super().__init__("oneroof:department:Department", state.slug)
        domain_inputs = {"name": state.slug, "description": state.description}
        self.domain = Resource("identity:Domain", state.slug, domain_inputs, parent=self, after=[])
        # what is made from outside a project needs nobody in it
        needed = any(project.is_worked_in for project in state.projects)
        provisioner: list[pulumi.Resource] = [self._provisioner()] if needed else []
        self.projects = {
            project.key: DepartmentProject(project, self.domain, provisioner, external_network, parent=self)
            for project in state.projects
        }
        self.groups = {}
        rights: list[pulumi.Resource] = []  # an application credential has no more than its user has by then
        for group in state.groups:
            made = self._group(group)
            self.groups[group.name] = made
            for key, role in group.roles.items():
                project = self.projects[key].project
                inputs = {"role": role, "group_id": made.id, "project_id": project.id}
                path = f"{key}/{group.name}/{role}"
                rights.append(Resource("identity:RoleAssignment", path, inputs, parent=self, after=[], gone_with=project))
        self.users = {}
        for user in state.users:
            inputs = {"name": user.name, "domain_id": self.domain.id}
            made = self._principal("identity:User", user.name, inputs)
            self.users[user.name] = made
            for name in user.groups:
                inputs = {"group_id": self.groups[name].id, "user_id": made.id}
                path = f"{name}/{user.name}"
                rights.append(Resource("identity:Membership", path, inputs, parent=self, after=[], gone_with=self.domain))
        self.credentials = {
            (each.user, each.name): Resource(
                "identity:ApplicationCredential",
                f"{each.user}/{each.name}",
                {
                    "name": each.name,
                    "user_id": self.users[each.user].id,
                    "password": self.users[each.user].shown("password"),
                    "project_id": self.projects[each.project].project.id,
                    "roles": list(each.roles),
                    "expires_at": each.expires_at,
                },
                parent=self,
                after=rights,
            )
            for each in state.credentials
        }
        self.register_outputs({})

    def _group(self, group: DesiredGroup) -> Resource:
        """Declare a group of the department's own, or find the one that a directory keeps."""
        if group.directory:
            inputs = {"name": group.called, "directory": group.directory}
            return Resource("identity:DirectoryGroup", group.name, inputs, parent=self, after=[])
        return self._principal("identity:Group", group.name, {"name": group.name, "domain_id": self.domain.id})

    def _principal(self, type_: str, name: str, inputs: dict[str, Any]) -> Resource:
        """Declare a group or a user; Keystone takes them with their domain."""
        return Resource(type_, name, inputs, parent=self, after=[], gone_with=self.domain)

    def _provisioner(self) -> Resource:
        inputs = {"role": PROVISIONER_ROLE, "is_provisioner": True, "domain_id": self.domain.id, "is_inherited": True}
        return Resource("identity:RoleAssignment", "provisioner", inputs, parent=self, after=[], gone_with=self.domain)
