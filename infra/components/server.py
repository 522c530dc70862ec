"""A server with its floating address."""

from __future__ import annotations

from typing import Any

import pulumi

from infra.components.network import ProjectNetworks
from infra.components.resource import Resource
from infra.desired import DesiredServer


class DepartmentServer(pulumi.ComponentResource):
    """A virtual machine and the way to it."""

    def __init__(
        self,
        path: str,
        server: DesiredServer,
        project_id: pulumi.Output[Any],
        networks: ProjectNetworks,
        volumes: dict[str, Resource],
        server_groups: dict[str, Resource],
        external_network: str,
        *,
        parent: pulumi.Resource,
        after: list[pulumi.Resource],
    ) -> None:
        """Declare the server, booted with its volumes, and its address once the router is there."""
        super().__init__("oneroof:department:Server", path, None, pulumi.ResourceOptions(parent=parent))
        self.server = Resource(
            "compute:Server",
            path,
            {
                "name": server.name,
                "project_id": project_id,
                "flavor": server.flavor,
                "image": server.image,
                # the subnet's, not the network's: without a subnet Nova boots a server without an address
                "network_id": networks.subnets[server.network].shown("network_id") if server.network else "",
                "shared_network": server.shared_network,
                "security_group_ids": [networks.security_groups[name].id for name in server.security_groups],
                "volume_ids": [volumes[name].id for name in server.volumes],
                "user_data": server.user_data,
                "server_group_id": server_groups[server.server_group].id if server.server_group else None,
                "is_withheld": server.withheld,
            },
            parent=self,
            after=after,
        )
        self.floating_ip: Resource | None = None
        if server.floating_ip:
            inputs = {"name": server.name, "project_id": project_id, "external_network": external_network}
            self.floating_ip = Resource(
                "network:FloatingIp",
                path,
                {**inputs, "port_id": self.server.shown("port_id")},
                parent=self,
                after=[networks.router] if networks.router else [],
            )
        self.register_outputs({})
