"""A project of a department with its quotas and all that is in it."""

from __future__ import annotations

from typing import Any

import pulumi

from infra.components.network import ProjectNetworks
from infra.components.resource import Resource
from infra.components.server import DepartmentServer
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
        self.containers = {
            name: Resource(
                "object_store:Container",
                f"{project.key}/{name}",
                {"name": name, "project_id": owner},
                parent=self,
                after=[*objects, *provisioner],
            )
            for name in project.containers
        }
        self.servers = {
            server.name: DepartmentServer(
                f"{project.key}/{server.name}",
                server,
                owner,
                self.networks,
                self.volumes,
                external_network,
                parent=self,
                after=[quotas["compute"], *provisioner],
            )
            for server in project.servers
        }
        self.register_outputs({})

    def exported(self) -> dict[str, Any]:
        """Give what others need to know about it, as outputs of the stack."""
        return {
            "id": self.project.id,
            "networks": {name: subnet.shown("network_id") for name, subnet in self.networks.subnets.items()},
            "router_address": self.networks.router.shown("external_address") if self.networks.router else None,
            "volumes": {name: volume.id for name, volume in self.volumes.items()},
            "containers": sorted(self.containers),
            "servers": {
                name: {
                    "id": each.server.id,
                    "fixed_address": each.server.shown("fixed_address"),
                    "floating_address": each.floating_ip.shown("floating_ip_address") if each.floating_ip else None,
                }
                for name, each in self.servers.items()
            },
        }
