"""A department: its domain, people and projects."""

from __future__ import annotations

import pulumi

from infra.components.project import DepartmentProject
from infra.components.resource import Resource
from infra.desired import DesiredState

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
        for group in state.groups:
            inputs = {"name": group.name, "domain_id": self.domain.id}
            made = self.groups[group.name] = Resource("identity:Group", group.name, inputs, parent=self, after=[])
            for key, role in group.roles.items():
                inputs = {"role": role, "group_id": made.id, "project_id": self.projects[key].project.id}
                Resource("identity:RoleAssignment", f"{key}/{group.name}/{role}", inputs, parent=self, after=[])
        self.users = {}
        for user in state.users:
            inputs = {"name": user.name, "domain_id": self.domain.id}
            made = self.users[user.name] = Resource("identity:User", user.name, inputs, parent=self, after=[])
            for name in user.groups:
                inputs = {"group_id": self.groups[name].id, "user_id": made.id}
                Resource("identity:Membership", f"{name}/{user.name}", inputs, parent=self, after=[])
        self.register_outputs({})

    def _provisioner(self) -> Resource:
        inputs = {"role": PROVISIONER_ROLE, "is_provisioner": True, "domain_id": self.domain.id, "is_inherited": True}
        return Resource("identity:RoleAssignment", "provisioner", inputs, parent=self, after=[])
