"""Cinder: volume types and volumes."""

from __future__ import annotations

from typing import Any, ClassVar

from infra.provider.cloud import Cloud
from infra.provider.failure import CloudError
from infra.provider.field import Field, number, text
from infra.provider.kind import Kind, refuse_erasure
from infra.provider.values import UNKNOWN, Values


class VolumeType(Kind):
    """A kind of disk."""

    pulumi_type = "oneroof:block_storage:VolumeType"
    service, noun = "block_storage", "type"
    takes_foreign = True
    fields: ClassVar = {
        "name": text(),
        "description": text(""),
        "is_public": Field(bool, True, replaces=True),
        "extra_specs": Field(dict, None, replaces=True),
    }
    unique_by = ()

    @property
    def label(self) -> str:
        """What people call it."""
        return "volume type"


class Volume(Kind):
    """A disk that outlives its server."""

    pulumi_type = "oneroof:block_storage:Volume"
    service, noun = "block_storage", "volume"
    holds_data = True
    fields: ClassVar = {
        "name": text(),
        "project_id": text(replaces=True),
        "description": text(""),
        "size": number(least=1),
        "volume_type": text(None, replaces=True),
    }
    unique_by = ("name", "project_id")

    def refuse(self, state: Values, inputs: Values) -> str | None:
        """A volume grows, it never shrinks."""
        old, new = state.get("size"), inputs["size"]
        if old is not None and new is not UNKNOWN and new < old:
            return f"volume {state['name']} cannot shrink: got {new} GiB, expected at least {old} GiB"
        return None

    def listed(self, cloud: Cloud, **filters: Any) -> list[Any]:
        """List the volumes of every project."""
        return list(cloud.admin.block_storage.volumes(all_projects=True, **filters))

    def find(self, cloud: Cloud, inputs: Values) -> Any | None:
        """Give the volume of this name; one that an interrupted run began is waited for."""
        found = super().find(cloud, inputs)
        return None if found is None else self._wait(cloud, found.id, inputs["name"])

    def create(self, cloud: Cloud, inputs: Values) -> Any:
        """Create it in its project and wait until it can be attached."""
        volume = cloud.in_project(inputs["project_id"]).block_storage.create_volume(
            **{name: value for name, value in self.body(inputs).items() if name != "project_id"}
        )
        return self._wait(cloud, volume.id, inputs["name"])

    def _wait(self, cloud: Cloud, identifier: str, name: str) -> Any:
        seen: list[Any] = []

        def settled() -> bool:
            seen[:] = [cloud.admin.block_storage.get_volume(identifier)]
            if seen[0].status.startswith("error"):
                raise CloudError(f"volume {name} is in status {seen[0].status}")
            return seen[0].status in ("available", "in-use")

        cloud.wait(f"volume {name}", settled)
        return seen[0]

    def update(self, cloud: Cloud, identifier: str, state: Values, inputs: Values, changed: set[str]) -> None:
        """Rename it; let it grow, attached or not."""
        words = changed & {"name", "description"}
        if words:
            super().update(cloud, identifier, state, inputs, words)
        if "size" in changed:
            cloud.in_project(inputs["project_id"]).block_storage.extend_volume(identifier, inputs["size"])
            cloud.wait(
                f"growing volume {inputs['name']}",
                lambda: self._wait(cloud, identifier, inputs["name"]).size == inputs["size"],
            )

    def delete(self, cloud: Cloud, identifier: str, state: Values) -> None:
        """Delete it, only where the operator said that data may go, and wait until it is gone."""
        if self.get(cloud, identifier, state) is None:
            return
        refuse_erasure(cloud, f"volume {state['name']}")
        self._wait(cloud, identifier, state["name"])
        super().delete(cloud, identifier, state)
        cloud.wait(f"deleting volume {state['name']}", lambda: self.get(cloud, identifier, state) is None)


KINDS: tuple[Kind, ...] = (VolumeType(), Volume())
