"""What one department's project gives another's: Neutron's RBAC policies and Glance's members of images.

A container's readers and writers are its own (:mod:`infra.provider.object_store`).
"""

# ruff: noqa: ARG002 - every kind has the same methods, whether it needs each argument or not

from __future__ import annotations

from typing import Any, ClassVar

from infra.provider.access import (
    PATIENCE_SECONDS,
    delete_policy,
    find_image,
    find_policies,
    project_id,
    project_path,
    share_image,
    share_network,
)
from infra.provider.cloud import Cloud
from infra.provider.field import choice, text
from infra.provider.kind import Kind
from infra.provider.values import Values


class RbacPolicy(Kind):
    """A network that one other project may use as if it were its own; it sees nothing else of the owner's."""

    pulumi_type = "oneroof:network:RbacPolicy"
    service, noun, plural = "network", "rbac_policy", "rbac_policies"
    fields: ClassVar = {
        "object_type": choice(("network",), "network", replaces=True),
        "object_id": text(replaces=True),
        "project_id": text(replaces=True),
        "grantee": text(replaces=True),
    }

    @property
    def label(self) -> str:
        """What people call it."""
        return "share of network"

    def find(self, cloud: Cloud, inputs: Values) -> Any | None:
        """Give the policy that says the same already."""
        target = project_id(cloud, inputs["grantee"], patience=PATIENCE_SECONDS)
        return next(iter(find_policies(cloud, inputs["object_id"], target)), None)

    def is_ours(self, resource: Any) -> bool:
        """Take over whoever's it is: it says what is declared, and nothing more."""
        return True

    def create(self, cloud: Cloud, inputs: Values) -> Any:
        """Share it, in the owner's name."""
        return share_network(cloud, inputs["object_id"], inputs["project_id"], project_id(cloud, inputs["grantee"]))

    def show(self, cloud: Cloud, resource: Any, state: Values) -> Values:
        """Give the other project by name, and its id, by which a bulk reading knows it."""
        shown = {name: getattr(resource, name) for name in ("object_type", "object_id", "project_id", "target_project_id")}
        return shown | {"grantee": project_path(cloud, resource.target_project_id)}

    def delete(self, cloud: Cloud, identifier: str, state: Values) -> None:
        """Take it back, with the ports of the other project on it."""
        policy = self.get(cloud, identifier, state)
        if policy is not None:
            delete_policy(cloud, policy)


class ImageMember(Kind):
    """An image of one project that one other may boot from; its id is ``<image id>/<project id>``."""

    pulumi_type = "oneroof:image:Member"
    service, noun = "image", "member"
    fields: ClassVar = {
        "image": text(replaces=True),
        "project_id": text(replaces=True),
        "grantee": text(replaces=True),
    }

    @property
    def label(self) -> str:
        """What people call it."""
        return "share of image"

    def find(self, cloud: Cloud, inputs: Values) -> Any | None:
        """Give nothing: making it twice makes it once."""
        return None

    def create(self, cloud: Cloud, inputs: Values) -> Any:
        """Make the project a member and accept in its name, so that the image is in its lists."""
        image = find_image(cloud, inputs["project_id"], inputs["image"])
        return share_image(cloud, image, project_id(cloud, inputs["grantee"], patience=PATIENCE_SECONDS))

    def get(self, cloud: Cloud, identifier: str, state: Values) -> Any | None:
        """Give the member, or nothing where it, or the image, is gone."""
        from openstack.exceptions import NotFoundException

        image, _, target = identifier.partition("/")
        try:
            member = cloud.admin.image.get_member(target, image)
        except NotFoundException:
            return None
        return member if member.status == "accepted" else None

    def show(self, cloud: Cloud, resource: Any, state: Values) -> Values:
        """Give the other project by name; the image as it is called now."""
        image = cloud.admin.image.get_image(resource.image_id)
        return {
            "image": image.name,
            "project_id": image.owner,
            "grantee": project_path(cloud, resource.member_id),
            "image_id": resource.image_id,
        }

    def identifier(self, resource: Any) -> str:
        """Give image and project."""
        return f"{resource.image_id}/{resource.member_id}"

    def delete(self, cloud: Cloud, identifier: str, state: Values) -> None:
        """Take it back; servers that were booted from it keep running."""
        image, _, target = identifier.partition("/")
        cloud.admin.image.remove_member(target, image, ignore_missing=True)


KINDS: tuple[Kind, ...] = (RbacPolicy(), ImageMember())
