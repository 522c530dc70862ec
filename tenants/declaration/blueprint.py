"""Blueprints: declared stacks with parameters, one a file in ``tenants/blueprints/``; and their use in a project.

A parameter's value never becomes part of another text. It stands for a whole value (``{parameter: size}``), or reaches a
script as a quoted shell variable (``{shell: …}``), so no value can end a string and begin a command.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from ipaddress import IPv4Network
from typing import Any

from pydantic import Field, field_validator, model_validator

from tenants.declaration.sentence import listed
from tenants.declaration.source import describe
from tenants.declaration.words import Declared, Name

PARAMETER_PATTERN = r"^[a-z][a-z0-9_]*$"
"""Also the name of a shell variable; those that a shell itself knows are in capitals."""
PLACES = ("parameter", "named", "shell", "cloud_config")
"""Keys of a mapping that stands for something else: see :mod:`tenants.declaration.fragment`."""
RESOURCES = ("networks", "security_groups", "volumes", "containers", "floating_ips", "servers")
"""What of a project a blueprint may add to."""
LARGEST_VOLUME_GIB = 16384


class ParameterType(StrEnum):
    """What a parameter may be."""

    TEXT = "text"
    NUMBER = "number"
    CHOICE = "choice"
    VOLUME_SIZE = "volume-size"
    ADDRESS_RANGE = "address-range"
    SWITCH = "switch"


class Parameter(Declared):
    """One thing that whoever uses a blueprint may tell."""

    type: ParameterType = Field(title="Type", description="text, number, choice, volume-size, address-range or switch.")
    purpose: str = Field(min_length=1, title="Purpose", description="What it is for.")
    default: Any = Field(default=None, title="Default", description="Its value where it is not told; must be told without.")
    of: tuple[str, ...] = Field(default=(), title="Of", description="What a choice is made of.")
    least: int = Field(default=1, strict=True, title="Least", description="Least of a number or a volume's size.")
    most: int = Field(
        default=LARGEST_VOLUME_GIB, strict=True, title="Most", description="Most of a number or a volume's size."
    )
    max_length: int = Field(default=200, strict=True, ge=1, title="Longest", description="Characters of a text at most.")
    pattern: str = Field(default="", title="Pattern", description="What the whole of a text must match.")
    expected: str = Field(default="", title="Expected", description="What the pattern wants, in words.")

    @model_validator(mode="after")
    def _is_whole(self) -> Parameter:
        if (self.type is ParameterType.CHOICE) != bool(self.of):
            raise ValueError("got a choice without of, or of without a choice, expected both together")
        if self.default is not None and (problem := self.problem(self.default)):
            raise ValueError(f"got a default that is wrong: {problem}")
        return self

    def problem(self, value: object) -> str | None:
        """Give what is wrong with a value, as ``got …, expected …``."""
        got = f"got {describe(value)}, expected"
        if self.type is ParameterType.CHOICE:
            return None if value in self.of else f"{got} {listed(self.of)}"
        if self.type is ParameterType.SWITCH:
            return None if isinstance(value, bool) else f"{got} true or false"
        if self.type in (ParameterType.NUMBER, ParameterType.VOLUME_SIZE):
            whole = isinstance(value, int) and not isinstance(value, bool) and self.least <= value <= self.most
            return None if whole else f"{got} a whole number between {self.least} and {self.most}"
        if not isinstance(value, str):
            return f"{got} text"
        if self.type is ParameterType.ADDRESS_RANGE:
            return None if _is_range(value) else f"{got} an address range such as 10.20.4.0/24"
        if len(value) > self.max_length:
            return f"got {len(value)} characters, expected at most {self.max_length}"
        if any(ord(character) < 32 or ord(character) == 127 for character in value):
            return f"{got} text of one line"
        if self.pattern and not re.fullmatch(self.pattern, value):
            return f"{got} {self.expected or self.pattern}"
        return None


class Blueprint(Declared):
    """A stack with parameters."""

    purpose: str = Field(min_length=1, title="Purpose", description="What one gets.")
    parameters: Mapping[str, Parameter] = Field(default={}, title="Parameters", description="What may be told, by name.")
    project: Mapping[str, Any] = Field(title="Project", description="What it adds to a project, with parameters in it.")

    @field_validator("parameters")
    @classmethod
    def _named_as_variables(cls, value: Mapping[str, Parameter]) -> Mapping[str, Parameter]:
        if wrong := [name for name in value if not re.fullmatch(PARAMETER_PATTERN, name) or name == "name"]:
            raise ValueError(f"got parameter {wrong[0]}, expected lower-case letters, digits and underscores, and not name")
        return value

    @model_validator(mode="after")
    def _tells_what_it_uses(self) -> Blueprint:
        if unknown := sorted(set(self.project) - set(RESOURCES)):
            raise ValueError(f"got {unknown[0]} in project, expected some of {', '.join(RESOURCES)}")
        for name in _used(self.project):
            if name not in self.parameters:
                raise ValueError(f"got parameter {describe(name)} in project, expected {listed(self.parameters)}")
        return self


class BlueprintUse(Declared):
    """A blueprint of the catalogue, put into a project."""

    use: Name = Field(title="Use", description="One of the catalogue's blueprints.")
    name: Name = Field(title="Name", description="Unique in the project; what is made is called so, or begins with it.")
    values: Mapping[str, Any] = Field(
        default={},
        validation_alias="with",
        serialization_alias="with",
        title="With",
        description="The blueprint's parameters by name; oneroof tenants blueprints lists them.",
    )


def _is_range(value: str) -> bool:
    try:
        return str(IPv4Network(value)) == value
    except ValueError:
        return False


def _used(node: Any) -> Iterator[Any]:
    if isinstance(node, Mapping):
        if set(node) == {"parameter"}:
            yield node["parameter"]
        else:
            for value in node.values():
                yield from _used(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from _used(value)
