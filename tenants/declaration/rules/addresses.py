"""Addresses: every network of the government has a range of its own, from the address plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network, summarize_address_range

from tenants.declaration.catalogue import Catalogue
from tenants.declaration.model import Department
from tenants.declaration.rules.finding import Finding
from tenants.declaration.sentence import listed

SMALLEST_PREFIX = 28
"""A subnet needs room for its gateway, the metadata port and a few servers."""


def check(department: Department, catalogue: Catalogue) -> Iterator[Finding]:
    """Check that the networks of one department are of the plan and of a sensible size."""
    plan = catalogue.addresses
    for at, project in enumerate(department.projects):
        for number, network in enumerate(project.networks):
            place = ("projects", at, "networks", number, "cidr")
            if not any(network.cidr.subnet_of(part) for part in plan.departments):
                what = f"got {network.cidr}, expected a range inside {listed([str(part) for part in plan.departments])}"
                yield Finding(place, what, "The address plan is in catalogue.yaml.")
            if not plan.largest_prefix <= network.cidr.prefixlen <= SMALLEST_PREFIX:
                bounds = f"/{plan.largest_prefix} and /{SMALLEST_PREFIX}"
                yield Finding(place, f"got /{network.cidr.prefixlen}, expected a size between {bounds}")


def check_together(departments: Sequence[Department], stems: Sequence[str], catalogue: Catalogue) -> Iterator[Finding]:
    """Check that no two networks of the government overlap; nobody can say which is at fault, so both are named."""
    every = sorted(
        (
            (network.cidr, (index, at, number), f"{department.name}/{project.name}/{network.name}")
            for index, department in enumerate(departments)
            for at, project in enumerate(department.projects)
            for number, network in enumerate(project.networks)
        ),
        key=lambda entry: (int(entry[0].network_address), entry[0].prefixlen, entry[1]),
    )
    taken = [cidr for cidr, _, _ in every]
    widest: tuple[IPv4Network, str, int] | None = None
    # sorted by first address, a range overlaps an earlier one exactly if it starts before the widest so far ends
    for cidr, (index, at, number), called in every:
        if widest is not None and cidr.network_address <= widest[0].broadcast_address:
            free = next_free(catalogue.addresses.departments, taken, cidr.prefixlen)
            hint = f"{free} is free." if free else "No range of this size is free in the address plan."
            place = ("projects", at, "networks", number, "cidr")
            other = "" if departments[index] is departments[widest[2]] else f" ({stems[widest[2]]}.yaml)"
            what = f"got {cidr}, which overlaps {widest[0]} of {widest[1]}{other}, expected a range of its own"
            yield Finding(place, what, hint, index)
        if widest is None or cidr.broadcast_address > widest[0].broadcast_address:
            widest = (cidr, called, index)


def free_ranges(plan: Iterable[IPv4Network], taken: Iterable[IPv4Network]) -> Iterator[IPv4Network]:
    """Give what nobody has of the plan, as the fewest ranges, in order.

    >>> [str(part) for part in free_ranges([IPv4Network("10.0.0.0/22")], [IPv4Network("10.0.1.0/24")])]
    ['10.0.0.0/24', '10.0.2.0/23']
    """
    occupied = sorted(taken, key=lambda network: int(network.network_address))
    for part in sorted(plan):
        start, end = int(part.network_address), int(part.broadcast_address) + 1
        for network in occupied:
            first, after = int(network.network_address), int(network.broadcast_address) + 1
            if after <= start or first >= end:
                continue
            if first > start:
                yield from summarize_address_range(IPv4Address(start), IPv4Address(first - 1))
            start = max(start, after)
        if start < end:
            yield from summarize_address_range(IPv4Address(start), IPv4Address(end - 1))


def next_free(plan: Iterable[IPv4Network], taken: Iterable[IPv4Network], prefix: int) -> IPv4Network | None:
    """Give the first range of this size that the plan holds and nobody has, or nothing."""
    occupied = sorted(taken, key=lambda network: int(network.network_address))
    size = 1 << (32 - prefix)
    for part in plan:
        start = int(part.network_address)
        for network in occupied:
            if int(network.broadcast_address) < start:
                continue
            if int(network.network_address) >= start + size:
                break
            start = -(-(int(network.broadcast_address) + 1) // size) * size
        if prefix >= part.prefixlen and start + size - 1 <= int(part.broadcast_address):
            return IPv4Network((start, prefix))
    return None
