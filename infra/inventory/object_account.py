"""What a project holds in the object store, as the store counts it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Container:
    """An object container."""

    name: str
    bytes: int
    objects: int


@dataclass(frozen=True)
class Account:
    """A project's object containers, as the store counts them."""

    bytes: int
    objects: int
    containers: int
    """How many there are; ``listed`` may name fewer."""
    listed: tuple[Container, ...]
    """Those that one answer names (1,000 at most)."""


def parse_account(headers: Mapping[str, str], listed: Iterable[Mapping[str, Any]]) -> Account:
    """Read an account's totals and its containers."""
    return Account(
        bytes=int(headers["X-Account-Bytes-Used"]),
        objects=int(headers["X-Account-Object-Count"]),
        containers=int(headers["X-Account-Container-Count"]),
        listed=tuple(Container(each["name"], each["bytes"], each["count"]) for each in listed),
    )
