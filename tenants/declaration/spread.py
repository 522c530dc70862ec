"""Several servers of one kind: how many, and whether they may share a host."""

from __future__ import annotations

from enum import StrEnum

MAX_COUNT = 100
MAX_SPREAD = 10
"""Members that Nova allows in a server group: https://docs.openstack.org/nova/latest/configuration/config.html (quota)."""
MAX_NAME = 32


class Spread(StrEnum):
    """Whether several servers of one kind may share a host."""

    PREFER = "prefer"
    REQUIRE = "require"


def check_copies(name: str, count: int, spread: Spread | None, volumes: int, address: bool | str) -> None:
    """Raise ValueError with what does not go together, as a sentence."""
    if spread is not None and count == 1:
        raise ValueError("got spread with one server, expected a count of at least 2")
    if spread is not None and count > MAX_SPREAD:
        raise ValueError(f"got spread with a count of {count}, expected at most {MAX_SPREAD}")
    if count == 1:
        return
    if volumes:
        raise ValueError(f"got volumes with a count of {count}, expected none: a volume is attached to one server")
    if isinstance(address, str):
        raise ValueError(
            f"got floating_ip {address} with a count of {count}, expected true: each needs an address of its own"
        )
    if (longest := len(copy_name(name, count))) > MAX_NAME:
        raise ValueError(f"got a name of {longest} characters with its number, expected at most {MAX_NAME}")


def copy_name(name: str, number: int) -> str:
    """Give the name of one of several servers; the first is number 1.

    >>> copy_name("web", 2)
    'web-2'
    """
    return f"{name}-{number}"
