"""What a department's stack recorded of its projects, quotas and data: the part of its state that a plan speaks of. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from infra.desired import DesiredState
from infra.programs.stacks import Step

Limits = Mapping[str, int]
Quotas = Mapping[tuple[str, str], Limits]
"""Project of the declaration and service to limits."""


@dataclass(frozen=True)
class Recorded:
    """The stack as last applied."""

    projects: Mapping[str, str]
    """Project of the declaration to its id."""
    quotas: Quotas
    resources: tuple[Mapping[str, Any], ...]
    """All of it, as the engine keeps it."""


def build_recorded(resources: Iterable[Mapping[str, Any]]) -> Recorded:
    """Take out of a stack's resources what a plan needs to know."""
    every = tuple(resources)
    projects = {
        _name(each): str(each["id"]) for each in every if each["type"] == "oneroof:identity:Project" and each.get("id")
    }
    quotas = {
        (_name(each), str(each["type"]).split(":")[1]): _limits((each.get("outputs") or {}).get("limits"))
        for each in every
        if str(each["type"]).endswith(":Quota")
    }
    return Recorded(projects, quotas, every)


def declared_quotas(desired: DesiredState) -> Quotas:
    """Give the limits that a department declares."""
    return {(project.key, service): limits for project in desired.projects for service, limits in project.quotas.items()}


def actual_quotas(recorded: Recorded, steps: Iterable[Step]) -> Quotas:
    """Give the limits as they are: as recorded, and where the engine saw others, those."""
    seen = {
        (step.name, step.type.split(":")[1]): _limits(old)
        for step in steps
        if step.type.endswith(":Quota") and step.operation == "update"
        for name, old, _ in step.changes
        if name == "limits"
    }
    return {**recorded.quotas, **seen}


def _limits(found: Any) -> Limits:
    return {name: int(value) for name, value in (found or {}).items()}


def _name(resource: Mapping[str, Any]) -> str:
    return str(resource["urn"]).rpartition("::")[2]
