"""What a project needs of its quota if everything it declares is built."""

from __future__ import annotations

from tenants.declaration.catalogue import Catalogue
from tenants.declaration.model import Limits, Project, SecurityRule

BUILT_IN_GROUP_RULES = 4
"""Rules of the group ``default`` that Neutron makes in each project: in and out, for IPv4 and IPv6."""
RULES_OUT = 2
"""Rules that Neutron adds to each new group: everything out, for IPv4 and IPv6."""


def build_demand(project: Project, catalogue: Catalogue) -> Limits:
    """Count what a completed project needs; what is not in the catalogue counts nothing.

    How much its containers hold cannot be known from a declaration, so ``containers_gib`` is 0, as are snapshots.
    """
    flavors = [catalogue.flavors[server.flavor] for server in project.servers if server.flavor in catalogue.flavors]
    joined = sum(network.internet for network in project.networks)
    rules = sum(
        RULES_OUT
        + sum(
            1 if isinstance(entry, SecurityRule) else len(catalogue.rule_sets[entry].rules)
            for entry in group.rules
            if isinstance(entry, SecurityRule) or entry in catalogue.rule_sets
        )
        for group in project.security_groups
    )
    return Limits(
        instances=len(project.servers),
        cores=sum(flavor.vcpus for flavor in flavors),
        ram_mib=sum(flavor.ram_mib for flavor in flavors),
        volumes=len(project.volumes),
        volume_gib=sum(volume.size_gib for volume in project.volumes),
        snapshots=0,
        networks=len(project.networks),
        subnets=len(project.networks),
        routers=1 if joined else 0,
        ports=len(project.servers) + len(project.networks) + joined,  # a network's metadata port, a router's interface
        security_groups=1 + len(project.security_groups),
        security_group_rules=BUILT_IN_GROUP_RULES + rules,
        floating_ips=len(project.floating_ips) + sum(server.floating_ip is True for server in project.servers),
        containers_gib=0,
    )
