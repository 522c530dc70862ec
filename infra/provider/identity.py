"""Keystone: domains, projects, groups, users, memberships and role assignments."""

# ruff: noqa: ARG002 - every kind has the same methods, whether it needs each argument or not

from __future__ import annotations

import secrets
from typing import Any, ClassVar

from infra.provider.cloud import Cloud
from infra.provider.failure import CloudError
from infra.provider.field import Field, text
from infra.provider.kind import Kind
from infra.provider.side_by_side import ask_all
from infra.provider.values import Values


class Domain(Kind):
    """A department."""

    pulumi_type = "oneroof:identity:Domain"
    service, noun = "identity", "domain"
    refuses_twins = True
    fields: ClassVar = {"name": text(), "description": text(""), "is_enabled": Field(bool, True)}

    def create(self, cloud: Cloud, inputs: Values) -> Any:
        """Create it and remember that it is empty."""
        domain = super().create(cloud, inputs)
        cloud.made(domain.id)
        return domain

    def delete(self, cloud: Cloud, identifier: str, state: Values) -> None:
        """Delete it, disabled first as Keystone demands; Keystone would take its projects along, so none may be left."""
        from openstack.exceptions import NotFoundException

        left = sorted(project.name for project in cloud.admin.identity.projects(domain_id=identifier))
        if left:
            raise CloudError(f"domain {state['name']} still has projects that are not declared: {', '.join(left)}")
        try:
            cloud.admin.identity.update_domain(identifier, is_enabled=False)
        except NotFoundException:
            return
        super().delete(cloud, identifier, state)


class Project(Kind):
    """A part of a department."""

    pulumi_type = "oneroof:identity:Project"
    service, noun = "identity", "project"
    refuses_twins = True
    fields: ClassVar = {
        "name": text(),
        "domain_id": text(replaces=True),
        "description": text(""),
        "tags": Field(list, None, unordered=True),
        "is_enabled": Field(bool, True),
    }
    unique_by = ("name", "domain_id")

    def create(self, cloud: Cloud, inputs: Values) -> Any:
        """Create it and remember that it is empty."""
        project = super().create(cloud, inputs)
        cloud.made(project.id)
        return project

    def delete(self, cloud: Cloud, identifier: str, state: Values) -> None:
        """Delete it with its built-in security group; Keystone would orphan what is in it, so it must be empty."""
        admin = cloud.admin
        compute, storage, network = admin.compute, admin.block_storage, admin.network
        inside = {"all_projects": True, "project_id": identifier}
        # asked side by side: a withdrawal waits for each project
        *found, built_in = ask_all(
            (
                lambda: [f"server {each.name}" for each in compute.servers(details=False, **inside)],
                lambda: [f"volume {each.name or each.id}" for each in storage.volumes(**inside)],
                lambda: [f"network {each.name}" for each in network.networks(project_id=identifier)],
                lambda: [f"router {each.name}" for each in network.routers(project_id=identifier)],
                lambda: [f"floating address {each.floating_ip_address}" for each in network.ips(project_id=identifier)],
                lambda: [str(each.id) for each in network.security_groups(project_id=identifier, name="default")],
            )
        )
        if left := sorted(each for some in found for each in some):
            raise CloudError(f"project {state['name']} still has what is not declared: {', '.join(left)}")
        for group in built_in:
            network.delete_security_group(group, ignore_missing=True)
        super().delete(cloud, identifier, state)


class Group(Kind):
    """People with the same rights."""

    pulumi_type = "oneroof:identity:Group"
    service, noun = "identity", "group"
    refuses_twins = True
    fields: ClassVar = {"name": text(), "domain_id": text(replaces=True), "description": text("")}
    unique_by = ("name", "domain_id")


class DirectoryGroup(Kind):
    """A group that a directory keeps, found by its name in the directory's domain: never made, changed or deleted here."""

    pulumi_type = "oneroof:identity:DirectoryGroup"
    service, noun = "identity", "directory_group"
    fields: ClassVar = {"name": text(replaces=True), "directory": text(replaces=True)}

    def find(self, cloud: Cloud, inputs: Values) -> Any | None:
        """Give nothing: there is nothing to take over, for it stays the directory's."""
        return None

    def create(self, cloud: Cloud, inputs: Values) -> Any:
        """Look it up; raises :class:`CloudError` where the directory has no such group."""
        domain, name = cloud.domain_id(inputs["directory"]), inputs["name"]
        found = [group for group in cloud.admin.identity.groups(domain_id=domain, name=name) if group.name == name]
        if not found:
            raise CloudError(f"directory {inputs['directory']} has no group {name}")
        return found[0]

    def get(self, cloud: Cloud, identifier: str, state: Values) -> Any | None:
        """Give it as the directory has it now, or nothing where it is gone."""
        from openstack.exceptions import NotFoundException

        try:
            return cloud.admin.identity.get_group(identifier)
        except NotFoundException:
            return None

    def show(self, cloud: Cloud, resource: Any, state: Values) -> Values:
        """Give its name there."""
        return {"name": resource.name, "directory": state["directory"]}

    def delete(self, cloud: Cloud, identifier: str, state: Values) -> None:
        """Leave it: it is the directory's."""


class User(Kind):
    """A local account; its password is made up here and shown to nobody but the state."""

    pulumi_type = "oneroof:identity:User"
    service, noun = "identity", "user"
    refuses_twins = True
    fields: ClassVar = {"name": text(), "domain_id": text(replaces=True), "description": text("")}
    secret = ("password",)
    unique_by = ("name", "domain_id")

    def generate(self) -> Values:
        """Give a password of 192 random bits."""
        return {"password": secrets.token_urlsafe(24)}

    def body(self, inputs: Values) -> Values:
        """Send the password too."""
        password = {"password": inputs["password"]} if "password" in inputs else {}
        return super().body(inputs) | password


class _Link(Kind):
    """What has no id of its own: its existence at a path is all there is."""

    def path(self, cloud: Cloud, inputs: Values) -> str:
        """Give the path under Keystone's /v3 that is PUT, asked for and deleted."""
        raise NotImplementedError

    def find(self, cloud: Cloud, inputs: Values) -> Any | None:
        """Give nothing: making it twice makes it once."""
        return None

    def create(self, cloud: Cloud, inputs: Values) -> Any:
        """Make the link."""
        path = self.path(cloud, inputs)
        _raise_for(cloud.admin.identity.put(path))
        return path

    def get(self, cloud: Cloud, identifier: str, state: Values) -> Any | None:
        """Give the path where the link exists."""
        response = cloud.admin.identity.head(identifier)
        if response.status_code == 404:
            return None
        _raise_for(response)
        return identifier

    def show(self, cloud: Cloud, resource: Any, state: Values) -> Values:
        """Give what was declared: the path was made from it."""
        return {name: state.get(name) for name in self.fields}

    def identifier(self, resource: Any) -> str:
        """Give the path."""
        return str(resource)

    def delete(self, cloud: Cloud, identifier: str, state: Values) -> None:
        """Remove the link."""
        response = cloud.admin.identity.delete(identifier)
        if response.status_code != 404:
            _raise_for(response)


class Membership(_Link):
    """A user in a group."""

    pulumi_type = "oneroof:identity:Membership"
    service, noun = "identity", "membership"
    fields: ClassVar = {"group_id": text(replaces=True), "user_id": text(replaces=True)}

    def path(self, cloud: Cloud, inputs: Values) -> str:
        """Give the path of the user in the group."""
        return f"/groups/{inputs['group_id']}/users/{inputs['user_id']}"


class RoleAssignment(_Link):
    """A role of a group, a user or the provisioner itself, on a project or (inherited by its projects) a domain."""

    pulumi_type = "oneroof:identity:RoleAssignment"
    service, noun = "identity", "role_assignment"
    fields: ClassVar = {
        "role": text(replaces=True),
        "group_id": text("", replaces=True),
        "user_id": text("", replaces=True),
        "is_provisioner": Field(bool, False, replaces=True),
        "project_id": text("", replaces=True),
        "domain_id": text("", replaces=True),
        "is_inherited": Field(bool, False, replaces=True),
    }

    def check(self, inputs: Values) -> dict[str, str]:
        """One who, one where."""
        wrong = {}
        if sum(bool(inputs[who]) for who in ("group_id", "user_id", "is_provisioner")) != 1:
            wrong["role"] = "got several or none, expected one of group_id, user_id and is_provisioner"
        if bool(inputs["project_id"]) == bool(inputs["domain_id"]):
            wrong["role"] = "got both or none, expected one of project_id and domain_id"
        return wrong

    def path(self, cloud: Cloud, inputs: Values) -> str:
        """Give the path of the assignment."""
        user = cloud.admin.current_user_id if inputs["is_provisioner"] else inputs["user_id"]
        who = f"groups/{inputs['group_id']}" if inputs["group_id"] else f"users/{user}"
        where = f"projects/{inputs['project_id']}" if inputs["project_id"] else f"domains/{inputs['domain_id']}"
        what = f"/{where}/{who}/roles/{cloud.role_id(inputs['role'])}"
        return f"/OS-INHERIT{what}/inherited_to_projects" if inputs["is_inherited"] else what


def _raise_for(response: Any) -> None:
    from openstack.exceptions import raise_from_response

    raise_from_response(response)


KINDS: tuple[Kind, ...] = (Domain(), Project(), Group(), DirectoryGroup(), User(), Membership(), RoleAssignment())
