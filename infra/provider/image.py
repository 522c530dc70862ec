"""Glance: images from files."""

# ruff: noqa: ARG002 - every kind has the same methods, whether it needs each argument or not

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from infra.provider.cloud import Cloud
from infra.provider.field import Field, choice, number, text
from infra.provider.kind import Kind
from infra.provider.values import Values

_MADE_BY = "made_by"


class Image(Kind):
    """An image; new content makes a new image, and the old one is hidden where servers still need it."""

    pulumi_type = "oneroof:image:Image"
    service, noun = "image", "image"
    takes_foreign = True
    fields: ClassVar = {
        "name": text(),
        "file": text(compared=False),
        "sha512": text(replaces=True),
        "disk_format": choice(("raw", "qcow2", "aki", "ari", "ami"), replaces=True),
        "container_format": choice(("bare", "aki", "ari", "ami"), "bare", replaces=True),
        "visibility": choice(("public", "private", "shared", "community"), "public"),
        "min_ram": number(0),
        "min_disk": number(0),
        "properties": Field(dict, {}),
    }

    def listed(self, cloud: Cloud, **filters: Any) -> list[Any]:
        """List the images that are not hidden."""
        return [image for image in cloud.admin.image.images(**filters) if not image.is_hidden]

    def find(self, cloud: Cloud, inputs: Values) -> Any | None:
        """Give the image of this name; one of ours with other content is about to be replaced, so it is not it."""
        every = self.listed(cloud, name=inputs["name"])
        return next((i for i in every if not self.is_ours(i) or i.hash_value == inputs["sha512"]), None)

    def is_ours(self, resource: Any) -> bool:
        """Tell by its properties."""
        return bool(_property(resource, _MADE_BY) == "oneroof")

    def body(self, inputs: Values) -> Values:
        """Send properties as attributes, as Glance wants them."""
        own = {name: value for name, value in inputs.items() if name not in ("file", "sha512", "properties")}
        return {**super().body(own), **inputs.get("properties", {})}

    def create(self, cloud: Cloud, inputs: Values) -> Any:
        """Make the image, send its file, and wait until it can be used; an interrupted one is removed."""
        from openstack.image.v2.image import Image as SdkImage

        glance = cloud.admin.image
        image = SdkImage.new(**{_MADE_BY: "oneroof"}, **self.body(inputs)).create(glance)
        try:
            with Path(inputs["file"]).open("rb") as data:
                image.upload(glance, data=data)
            cloud.wait(f"image {inputs['name']}", lambda: glance.get_image(image.id).status == "active")
        except BaseException:
            glance.delete_image(image.id, ignore_missing=True)
            raise
        return glance.get_image(image.id)

    def show(self, cloud: Cloud, resource: Any, state: Values) -> Values:
        """Give the declared properties as they are."""
        names = ("name", "disk_format", "container_format", "visibility", "min_ram", "min_disk")
        shown = {name: getattr(resource, name) for name in names}
        properties = {name: _property(resource, name) for name in state.get("properties") or {}}
        return shown | {"file": state.get("file"), "sha512": resource.hash_value, "properties": properties}

    def delete(self, cloud: Cloud, identifier: str, state: Values) -> None:
        """Delete it; while disks of servers still hang on it, hide it instead."""
        from openstack.exceptions import ConflictException

        try:
            super().delete(cloud, identifier, state)
        except ConflictException:
            cloud.admin.image.update_image(identifier, is_hidden=True)


def _property(image: Any, name: str) -> Any:
    known = image.to_dict(computed=False, original_names=True)
    return known.get(name, (image.properties or {}).get(name))


KINDS: tuple[Kind, ...] = (Image(),)
