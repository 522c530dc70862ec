"""A project of a department with its quotas and all that is in it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pulumi

from infra.components.network import ProjectNetworks
from infra.components.resource import Resource
from infra.components.server import DepartmentServer
from infra.components.share import ProjectShares, container_access
from infra.desired import DesiredProject


class DepartmentProject(pulumi.ComponentResource):
    """One Keystone project, its limits first and then what counts against them."""

    def __init__(
        self,
        project: DesiredProject,
        domain: Resource,
        provisioner: list[pulumi.Resource],
        external_network: str,
        *,
        parent: pulumi.Resource,
    ) -> None:
        """Declare it; ``provisioner`` is the role assignment that lets us work inside, where one is needed."""
        super().__init__("oneroof:department:Project", project.key, None, pulumi.ResourceOptions(parent=parent))
        self.project = Resource(
            "identity:Project",
            project.key,
            {
                "name": project.name,
                "domain_id": domain.id,
                "description": project.description,
                "tags": list(project.tags),
            },
            parent=self,
            after=[],
        )
        owner = self.project.id
        quotas = {
            service: Resource(
                f"{service}:Quota",
                project.key,
                {"project_id": owner, "limits": dict(limits)},
                parent=self,
                # an account of objects is made by the first request from inside its project
                after=provisioner if service == "object_store" else [],
            )
            for service, limits in project.quotas.items()
        }
        objects: list[pulumi.Resource] = [quotas["object_store"]] if "object_store" in quotas else []
        self.networks = ProjectNetworks(project, owner, external_network, parent=self, after=[quotas["network"]])
        self.volumes = {
            volume.name: Resource(
                "block_storage:Volume",
                f"{project.key}/{volume.name}",
                {
                    "name": volume.name,
                    "project_id": owner,
                    "size": volume.size,
                    "volume_type": volume.volume_type,
                    "is_withheld": volume.withheld,
                },
                parent=self,
                after=[quotas["block_storage"], *provisioner],
            )
            for volume in project.volumes
        }
        self.containers: dict[str, Resource] = {}
        for container in project.containers:
            versions = [self.containers[container.versions_location]] if container.versions_location else []
            self.containers[container.name] = Resource(
                "object_store:Container",
                f"{project.key}/{container.name}",
                {**asdict(container), "project_id": owner, **container_access(project.shares, container.name)},
                parent=self,
                after=[*objects, *provisioner, *versions],
            )
        self.server_groups = {
            group.name: Resource(
                "compute:ServerGroup",
                f"{project.key}/{group.name}",
                {"name": group.name, "project_id": owner, "policy": group.policy},
                parent=self,
                after=[quotas["compute"], *provisioner],
            )
            for group in project.server_groups
        }
        self.servers = {
            server.name: DepartmentServer(
                f"{project.key}/{server.name}",
                server,
                owner,
                self.networks,
                self.volumes,
                self.server_groups,
                external_network,
                parent=self,
                after=[quotas["compute"], *provisioner],
            )
            for server in project.servers
        }
        self.floating_ips = {
            name: Resource(
                "network:FloatingIp",
                f"{project.key}/{name}",
                {
                    # no server's own address is called so: names of servers have no space
                    "name": f"kept {name}",
                    "project_id": owner,
                    "external_network": external_network,
                    "port_id": self.servers[server].server.shown("port_id") if server else "",
                },
                parent=self,
                after=[each for each in (quotas["network"], self.networks.router) if each is not None],
            )
            for name, server in project.floating_ips.items()
        }
        self._behind = {server: self.floating_ips[name] for name, server in project.floating_ips.items() if server}
        ProjectShares(project, owner, self.networks, parent=self)
        self.register_outputs({})

    def _address(self, server: str) -> pulumi.Output[Any] | None:
        """Give the address that leads to a server: its own, or one of the project's."""
        own = self.servers[server].floating_ip or self._behind.get(server)
        return own.shown("floating_ip_address") if own else None

    def exported(self) -> dict[str, Any]:
        """Give what others need to know about it, as outputs of the stack."""
        return {
            "id": self.project.id,
            "networks": {name: subnet.shown("network_id") for name, subnet in self.networks.subnets.items()},
            "router_address": self.networks.router.shown("external_address") if self.networks.router else None,
            "volumes": {name: volume.id for name, volume in self.volumes.items()},
            "containers": sorted(self.containers),
            "floating_ips": {name: each.shown("floating_ip_address") for name, each in self.floating_ips.items()},
            "servers": {
                name: {
                    "id": each.server.id,
                    "fixed_address": each.server.shown("fixed_address"),
                    "floating_address": self._address(name),
                }
                for name, each in self.servers.items()
            },
        }
