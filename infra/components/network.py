"""The networks of a project: subnets, router and security groups."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pulumi

from infra.components.resource import Resource
from infra.desired import DesiredProject


class ProjectNetworks(pulumi.ComponentResource):
    """Everything of Neutron that a project's servers stand on."""

    def __init__(
        self,
        project: DesiredProject,
        project_id: pulumi.Output[Any],
        external_network: str,
        *,
        parent: pulumi.Resource,
        after: list[pulumi.Resource],
    ) -> None:
        """Declare subnets, the router of those that are joined to the outside, and security groups."""
        super().__init__("oneroof:department:Networks", project.key, None, pulumi.ResourceOptions(parent=parent))
        self.subnets: dict[str, Resource] = {}
        self.security_groups: dict[str, Resource] = {}
        self.router: Resource | None = None
        for network in project.networks:
            path, owner = f"{project.key}/{network.name}", {"name": network.name, "project_id": project_id}
            made = Resource("network:Network", path, owner, parent=self, after=after)
            inputs = {**owner, "network_id": made.id, "cidr": network.cidr}
            self.subnets[network.name] = Resource("network:Subnet", path, inputs, parent=self, after=[], gone_with=made)
        if project.has_router:
            joined = [
                self.subnets[network.name].id for network in project.networks if network.routed and not network.withheld
            ]
            inputs = {"name": project.key, "project_id": project_id, "external_network": external_network}
            self.router = Resource("network:Router", project.key, {**inputs, "subnet_ids": joined}, parent=self, after=after)
        for group in project.security_groups:
            inputs = {"name": group.name, "project_id": project_id, "rules": [asdict(rule) for rule in group.rules]}
            needed = [self.security_groups[name] for name in sorted(group.needs)]
            self.security_groups[group.name] = Resource(
                "network:SecurityGroup", f"{project.key}/{group.name}", inputs, parent=self, after=[*after, *needed]
            )
        self.register_outputs({})
