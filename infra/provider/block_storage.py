"""Cinder: volume types and volumes."""

from __future__ import annotations

from typing import Any, ClassVar

from infra.provider.cloud import Cloud
from infra.provider.failure import CloudError
from infra.provider.field import Field, number, text
from infra.provider.kind import Kind, refuse_erasure, unmarked
from infra.provider.values import UNKNOWN, Values

WITHHELD = "maintenance"
"""Status in which Cinder lets nobody but an administrator attach, change, copy or delete a volume."""


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
        "is_withheld": Field(bool, False),
    }
    unique_by = ("name", "project_id")

    def body(self, inputs: Values) -> Values:
        """Leave out what is a status, and not told when it is made."""
        return super().body({name: value for name, value in inputs.items() if name != "is_withheld"})

    def show(self, cloud: Cloud, resource: Any, state: Values) -> Values:  # noqa: ARG002 - as of every kind
        """Tell by its status whether it is in quarantine."""
        own = {name: getattr(resource, name) for name in self.fields if name not in ("is_withheld", "description")}
        return own | {"description": unmarked(resource.description), "is_withheld": resource.status == WITHHELD}

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
            return seen[0].status in ("available", "in-use", WITHHELD)

        cloud.wait(f"volume {name}", settled)
        return seen[0]

    def update(self, cloud: Cloud, identifier: str, state: Values, inputs: Values, changed: set[str]) -> None:
        """Rename it; let it grow, attached or not."""
        if state.get("is_withheld"):
            self._reset(cloud, identifier, inputs["name"], "available")
        words = changed & {"name", "description"}
        if words:
            super().update(cloud, identifier, state, inputs, words)
        if "size" in changed:
            cloud.in_project(inputs["project_id"]).block_storage.extend_volume(identifier, inputs["size"])
            cloud.wait(
                f"growing volume {inputs['name']}",
                lambda: self._wait(cloud, identifier, inputs["name"]).size == inputs["size"],
            )
        if inputs["is_withheld"]:
            self._reset(cloud, identifier, inputs["name"], WITHHELD)

    def _reset(self, cloud: Cloud, identifier: str, name: str, status: str) -> None:
        """Change its status, once it is attached to nothing: the server that had it lets go at the same time."""
        cloud.wait(f"detaching volume {name}", lambda: self._wait(cloud, identifier, name).status != "in-use")
        cloud.admin.block_storage.reset_volume_status(identifier, status, None, None)

    def delete(self, cloud: Cloud, identifier: str, state: Values) -> None:
        """Delete it, only where the operator said that data may go, and wait until it is gone."""
        if self.get(cloud, identifier, state) is None:
            return
        refuse_erasure(cloud, f"volume {state['name']}", identifier)
        if self._wait(cloud, identifier, state["name"]).status == WITHHELD:
            self._reset(cloud, identifier, state["name"], "available")
        super().delete(cloud, identifier, state)
        cloud.wait(f"deleting volume {state['name']}", lambda: self.get(cloud, identifier, state) is None)


KINDS: tuple[Kind, ...] = (VolumeType(), Volume())
