"""Keystone: application credentials of local users.

Keystone lets nobody but the user itself make one, so it is made with the user's password:
https://docs.openstack.org/api-ref/identity/v3/#application-credentials
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any, ClassVar

from infra.provider.cloud import Cloud
from infra.provider.field import Field, text
from infra.provider.kind import Kind, marked
from infra.provider.values import Values


class ApplicationCredential(Kind):
    """A login of a program in one project until a day; Keystone never changes one, so another day makes another secret."""

    pulumi_type = "oneroof:identity:ApplicationCredential"
    service, noun = "identity", "application_credential"
    delete_first = True  # its name is unique among those of its user
    fields: ClassVar = {
        "name": text(replaces=True),
        "user_id": text(replaces=True),
        "password": replace(text(), compared=False),
        "project_id": text(replaces=True),
        "roles": Field(list, replaces=True, unordered=True),
        "expires_at": text(replaces=True),
    }
    secret = ("password", "secret")

    def generate(self) -> Values:
        """Give a secret of 256 random bits."""
        return {"secret": secrets.token_urlsafe(32)}

    def changed(self, state: Values, inputs: Values) -> set[str]:
        """Compare what Keystone tells; neither password nor secret."""
        return super().changed(state, {name: value for name, value in inputs.items() if name not in self.secret})

    def find(self, cloud: Cloud, inputs: Values) -> Any | None:  # noqa: ARG002 - as every kind
        """Give nothing: the secret of one that an interrupted run made is lost."""
        return None

    def create(self, cloud: Cloud, inputs: Values) -> Any:
        """Make it as its user, in place of one that an interrupted run made."""
        for old in list(cloud.admin.identity.application_credentials(inputs["user_id"], name=inputs["name"])):
            if self.is_ours(old):
                cloud.admin.identity.delete_application_credential(inputs["user_id"], old, ignore_missing=True)
        user = cloud.admin.connect_as(
            user_id=inputs["user_id"], password=inputs["password"], project_id=inputs["project_id"]
        )
        try:
            return user.identity.create_application_credential(
                inputs["user_id"],
                inputs["name"],
                description=marked(""),
                roles=[{"name": role} for role in inputs["roles"]],
                expires_at=inputs["expires_at"],
                secret=inputs["secret"],
            )
        finally:
            user.close()

    def get(self, cloud: Cloud, identifier: str, state: Values) -> Any | None:
        """Give it as it is now, or nothing where it, or its user, is gone."""
        from openstack.exceptions import NotFoundException

        try:
            return cloud.admin.identity.get_application_credential(state["user_id"], identifier)
        except NotFoundException:
            return None

    def show(self, cloud: Cloud, resource: Any, state: Values) -> Values:  # noqa: ARG002 - as every kind
        """Give it with the roles it was made with: it keeps them for good, and Keystone adds those that they imply.

        What is secret comes from the state.
        """
        return {
            "name": resource.name,
            "user_id": state["user_id"],
            "project_id": resource.project_id,
            "roles": state.get("roles") or sorted(role["name"] for role in resource.roles),
            "expires_at": resource.expires_at,
            **{name: state[name] for name in self.secret if name in state},
        }

    def delete(self, cloud: Cloud, identifier: str, state: Values) -> None:
        """Delete it: its secret opens nothing any more."""
        cloud.admin.identity.delete_application_credential(state["user_id"], identifier, ignore_missing=True)


KINDS: tuple[Kind, ...] = (ApplicationCredential(),)
