"""Containers of objects: how much may be in one, whether old versions are kept, and when objects end."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from tenants.declaration.words import Declared, Name, Switch

_Most = Annotated[int, Field(strict=True, ge=1, le=1_000_000_000)]
_Days = Annotated[int, Field(strict=True, ge=1, le=36_500)]


class ContainerQuota(Declared):
    """How much may be in one container, within the project's quota."""

    size_mib: _Most | None = Field(default=None, title="Space", description="Space at most, in MiB.")
    objects: _Most | None = Field(default=None, title="Objects", description="Objects at most.")

    @model_validator(mode="after")
    def _limits_something(self) -> ContainerQuota:
        if self.size_mib is None and self.objects is None:
            raise ValueError("got a quota without limits, expected size_mib, objects or both")
        return self


class Lifecycle(Declared):
    """When objects of a container end by themselves; the object store looks once a day."""

    delete_after_days: _Days = Field(
        title="Objects", description="Days after which an object is deleted, from when it was written."
    )


class Container(Declared):
    """A container of objects."""

    name: Name = Field(title="Name", description="Unique in the project.")
    recovery: str = Field(default="", title="Recovery", description="Recovery tier; the project's where left out.")
    quota: ContainerQuota | None = Field(
        default=None, title="Quota", description="How much may be in it; the project's quota alone limits it where left out."
    )
    versioning: Switch = Field(
        default=False,
        title="Versioning",
        description="Whether what is overwritten or deleted is kept, in a container <name>-versions beside it.",
    )

    lifecycle: Lifecycle | None = Field(
        default=None, title="Lifecycle", description="When its objects end by themselves; never where left out."
    )

    @property
    def versions_name(self) -> str:
        """Name of the container with its old versions."""
        return f"{self.name}-versions"
