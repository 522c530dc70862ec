"""Which addresses a lab has: pure choices over what the host already routes.

A lab takes one private network, 10.88.0.0/16 where it is free, then 10.89.0.0/16 and so on. Its first /24 is the management
network (the host .1, what several controllers share .10, the machines from .11), its ninth the external one that floating
addresses come from.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from itertools import islice

from tenants.problem import Problem, UserError

_FIRST, _LAST = 88, 199
_SHARED, _FIRST_MACHINE, _BUILDER = 10, 11, 250
_EXTERNAL = 8
_WIDEST, _NARROWEST = 16, 20
_PRIVATE = tuple(IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))


@dataclass(frozen=True)
class Taken:
    """A network that is in use, and by whom."""

    network: IPv4Network
    by: str
    """Named as in a sentence: "the host's route through eth0"."""


@dataclass(frozen=True)
class Addresses:
    """Every address of one lab, from its network alone."""

    network: IPv4Network

    @property
    def management(self) -> IPv4Network:
        """Where the machines and the host meet."""
        return next(self.network.subnets(new_prefix=24))

    @property
    def external(self) -> IPv4Network:
        """Where floating addresses come from."""
        return next(islice(self.network.subnets(new_prefix=24), _EXTERNAL, None))

    @property
    def host(self) -> IPv4Address:
        """The host's own address on the lab's bridge, the machines' gateway."""
        return self.management[1]

    @property
    def shared(self) -> IPv4Address:
        """Where the API answers when several controllers share it: whichever of them holds the address."""
        return self.management[_SHARED]

    def machine(self, index: int) -> IPv4Address:
        """Give the address of the machine with this place in the topology, counted from 0."""
        return self.management[_FIRST_MACHINE + index]

    @property
    def builder(self) -> IPv4Address:
        """The machine that the base image is made on."""
        return self.management[_BUILDER]

    @property
    def external_gateway(self) -> IPv4Address:
        """The external network's router: the address that the cloud's gateway machine gives its external bridge."""
        return self.external[1]

    @property
    def external_pool(self) -> tuple[IPv4Address, IPv4Address]:
        """First and last floating address."""
        return self.external[10], self.external[250]


def parse_network(text: str) -> IPv4Network:
    """Read a network that the user tells; raises :class:`UserError` where it cannot serve."""
    try:
        network = IPv4Network(text)
    except ValueError as error:
        raise UserError(Problem(f"network: got {text}, expected an IPv4 network such as 10.120.0.0/16 ({error})")) from error
    if not _WIDEST <= network.prefixlen <= _NARROWEST:
        raise UserError(
            Problem(
                f"network: got {text}, expected a prefix from /{_WIDEST} to /{_NARROWEST}", hint="for example 10.120.0.0/16"
            )
        )
    if not any(network.subnet_of(private) for private in _PRIVATE):
        raise UserError(Problem(f"network: got {text}, expected a private one (10/8, 172.16/12 or 192.168/16)"))
    return network


def find_collisions(network: IPv4Network, taken: Iterable[Taken]) -> tuple[Problem, ...]:
    """Say with whom this network collides, a sentence each."""
    return tuple(
        Problem(
            f"network {network} collides with {other.network} ({other.by})",
            hint="choose a free one with --network, for example 10.120.0.0/16",
        )
        for other in taken
        if network.overlaps(other.network)
    )


def choose_network(taken: Sequence[Taken]) -> IPv4Network:
    """Give the first of 10.88.0.0/16, 10.89.0.0/16, ... that nobody uses; raises :class:`UserError` where none is free."""
    for second in range(_FIRST, _LAST + 1):
        network = IPv4Network(f"10.{second}.0.0/16")
        if not find_collisions(network, taken):
            return network
    by = ", ".join(sorted({f"{other.network} ({other.by})" for other in taken if other.network.overlaps(_PRIVATE[0])}))
    raise UserError(
        Problem(
            f"no network from 10.{_FIRST}.0.0/16 to 10.{_LAST}.0.0/16 is free: {by}",
            hint="choose a free one with --network, for example 172.20.0.0/16",
        )
    )
