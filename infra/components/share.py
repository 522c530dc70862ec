"""What a project gives to projects of other departments."""

from __future__ import annotations

from typing import Any

import pulumi

from infra.components.network import ProjectNetworks
from infra.components.resource import Resource
from infra.desired import DesiredProject, DesiredShare


class ProjectShares(pulumi.ComponentResource):
    """The networks and images that other departments may use; containers say it themselves."""

    def __init__(
        self, project: DesiredProject, project_id: pulumi.Output[Any], networks: ProjectNetworks, *, parent: pulumi.Resource
    ) -> None:
        """Declare one resource for each share."""
        super().__init__("oneroof:department:Shares", project.key, None, pulumi.ResourceOptions(parent=parent))
        for share in project.shares:
            name, owner = f"{share.place}/{share.grantee}", {"project_id": project_id, "grantee": share.grantee}
            if share.kind == "network":
                subnet = networks.subnets[share.item]
                inputs = {**owner, "object_type": "network", "object_id": subnet.shown("network_id")}
                Resource("network:RbacPolicy", name, inputs, parent=self, after=[subnet])
            elif share.kind == "image":
                Resource("image:Member", name, {**owner, "image": share.item}, parent=self, after=[])
        self.register_outputs({})


def container_access(shares: tuple[DesiredShare, ...], container: str) -> dict[str, list[str]]:
    """Give who may read a container and who may write it as well, as its own inputs."""
    of_it = [share for share in shares if share.kind == "container" and share.item == container]
    writers = [share.grantee for share in of_it if share.access == "write"]
    return {"readers": [share.grantee for share in of_it], "writers": writers}
