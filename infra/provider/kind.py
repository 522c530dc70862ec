"""One kind of resource: its fields, and how the cloud is asked for it.

A kind says what differs from the usual; the usual is what openstacksdk does the same way for nearly all:
``create_<noun>``, ``get_<noun>``, ``update_<noun>``, ``delete_<noun>`` and a list. Fields are openstacksdk's attributes.
"""

# ruff: noqa: ARG002 - every kind has the same methods, whether it needs each argument or not

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from infra.provider.cloud import Cloud
from infra.provider.failure import CloudError
from infra.provider.field import Field
from infra.provider.values import Values

MARK = "[oneroof]"
"""Ends the description of everything made here: what carries it may be taken over, nothing else."""
FOREIGN = "is_foreign"
"""State of a shared resource that was there before: it is used, never changed, never deleted."""

KEPT = "kept"
"""State of an adopted resource: fields in which it stays as it was found, with what is declared, until that changes."""
KEEPABLE = frozenset({"name", "description", "tags", "domain_id"})
"""Fields that may be kept: how a thing is called, and the domain of a project."""


class Kind:
    """A kind of resource; the methods reach the cloud, the class variables say what it is."""

    pulumi_type: ClassVar[str]
    """Pulumi's type: ``oneroof:<service>:<Name>``."""
    service: ClassVar[str]
    """openstacksdk's name of the service."""
    noun: ClassVar[str]
    """openstacksdk's name of the resource, in one word."""
    plural: ClassVar[str] = ""
    fields: ClassVar[Mapping[str, Field]]
    outputs: ClassVar[tuple[str, ...]] = ()
    """Attributes that are shown besides the fields."""
    secret: ClassVar[tuple[str, ...]] = ()
    """Names in the state that are encrypted."""
    unique_by: ClassVar[tuple[str, ...]] = ("name",)
    """Fields that tell two resources of the kind apart, as filters of the list."""
    takes_foreign: ClassVar[bool] = False
    """Whether one that was there before, and belongs to all projects, is used as it is."""
    holds_data: ClassVar[bool] = False
    """Whether its end is the end of somebody's data; such a resource is never replaced."""
    refuses_twins: ClassVar[bool] = False
    """Whether the service itself refuses a second one of the same name: it is looked for only after that."""
    delete_first: ClassVar[bool] = False
    """Whether the old one must go before its replacement comes."""

    @property
    def label(self) -> str:
        """What people call it."""
        return self.noun.replace("_", " ")

    def check(self, inputs: Values) -> dict[str, str]:
        """Give further problems by field name."""
        return {}

    def refuse(self, state: Values, inputs: Values) -> str | None:
        """Give the reason why this change cannot be made, as a sentence."""
        return None

    def generate(self) -> Values:
        """Give values made up here before creation, such as a password."""
        return {}

    def body(self, inputs: Values) -> Values:
        """Give what is sent to the service: every field that is set, the description with the mark."""
        body = {name: value for name, value in inputs.items() if value is not None and name in self.fields}
        if "description" in self.fields and "description" in inputs:
            body["description"] = marked(inputs["description"])
        return body

    def find(self, cloud: Cloud, inputs: Values) -> Any | None:
        """Give the resource that has the same name already, if there is one."""
        if cloud.is_fresh(inputs.get("project_id"), inputs.get("domain_id")):
            return None
        filters = {name: inputs[name] for name in self.unique_by if inputs.get(name) is not None}
        return next((found for found in self.listed(cloud, **filters) if found.name == inputs["name"]), None)

    def listed(self, cloud: Cloud, **filters: Any) -> list[Any]:
        """List the resources of this kind."""
        return list(getattr(self.proxy(cloud.admin), self.plural or f"{self.noun}s")(**filters))

    def proxy(self, connection: Any) -> Any:
        """Give the service of a connection."""
        return getattr(connection, self.service)

    def is_ours(self, resource: Any) -> bool:
        """Tell whether the resource was made here."""
        return (resource.description or "").endswith(MARK)

    def create(self, cloud: Cloud, inputs: Values) -> Any:
        """Create it and give it."""
        return getattr(self.proxy(cloud.admin), f"create_{self.noun}")(**self.body(inputs))

    def get(self, cloud: Cloud, identifier: str, state: Values) -> Any | None:
        """Give it as it is now, or nothing where it is gone."""
        from openstack.exceptions import NotFoundException

        try:
            return getattr(self.proxy(cloud.admin), f"get_{self.noun}")(identifier)
        except NotFoundException:
            return None

    def show(self, cloud: Cloud, resource: Any, state: Values) -> Values:
        """Give its fields and outputs as they are; what the cloud cannot tell comes from ``state``."""
        shown = {
            name: state.get(name) if field.recorded or not field.compared else getattr(resource, name)
            for name, field in self.fields.items()
        }
        if "description" in shown:
            shown["description"] = unmarked(resource.description)
        shown |= {name: state[name] for name in self.secret if name in state}
        return shown | {name: getattr(resource, name) for name in self.outputs}

    def show_made(self, cloud: Cloud, resource: Any, inputs: Values) -> Values:
        """Give the same of what was made just now, as :meth:`create` gave it, without asking the cloud again."""
        return self.show(cloud, resource, inputs)

    def identifier(self, resource: Any) -> str:
        """Give the id under which it is recorded."""
        return str(resource.id)

    def update(self, cloud: Cloud, identifier: str, state: Values, inputs: Values, changed: set[str]) -> None:
        """Make the changed fields as declared."""
        body = self.body({name: inputs[name] for name in changed if name in inputs})
        getattr(self.proxy(cloud.admin), f"update_{self.noun}")(identifier, **body)

    def delete(self, cloud: Cloud, identifier: str, state: Values) -> None:
        """Delete it; one that is gone already is fine."""
        getattr(self.proxy(cloud.admin), f"delete_{self.noun}")(identifier, ignore_missing=True)

    def changed(self, state: Values, inputs: Values) -> set[str]:
        """Give the fields whose declared value differs from the recorded one."""
        if state.get(FOREIGN):
            return set()
        kept = state.get(KEPT) or {}
        return {
            name
            for name, field in self.fields.items()
            if field.differs(state.get(name), inputs.get(name))
            and not (name in kept and not field.differs(kept[name], inputs.get(name)))
        } | {name for name in self.secret if name in inputs}

    def problems(self, inputs: Values) -> dict[str, str]:
        """Give everything wrong with the inputs, by field name."""
        wrong = {name: "got an unknown property, expected " + ", ".join(self.fields) for name in inputs.keys() - self.fields}
        for name, field in self.fields.items():
            if problem := field.problem(inputs.get(name)):
                wrong[name] = problem
        return wrong or self.check(inputs)


def marked(description: str) -> str:
    """Give a description that says who made the thing."""
    return f"{description} {MARK}".lstrip()


def unmarked(description: str | None) -> str:
    """Give a description as declared."""
    return (description or "").removesuffix(MARK).rstrip()


def refuse_erasure(cloud: Cloud, what: str, identifier: str) -> None:
    """Raise unless this very thing may go with its data."""
    if not cloud.may_erase(identifier):
        raise CloudError(f"{what} holds data and is kept; it is deleted only by an approved erasure")
