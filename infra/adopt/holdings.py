"""What a project holds besides what an inventory tells: one project's limits, containers and servers in detail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class ContainerDetail:
    """A container of objects, and who else may come to it."""

    name: str
    read_acl: str
    write_acl: str


@dataclass(frozen=True)
class ServerDetail:
    """What only a look at one server tells."""

    volume_ids: tuple[str, ...]
    """In the order of their devices."""
    user_data: str
    """As text; empty where there is none."""
    key_name: str


@dataclass(frozen=True)
class Holdings:
    """Of one project."""

    project_id: str
    limits: Mapping[str, int]
    """By the names of a declaration's quota, object space in bytes; -1 is no limit."""
    containers: tuple[ContainerDetail, ...]
    servers: Mapping[str, ServerDetail]
    """By id."""
