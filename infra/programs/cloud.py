"""The program of the stack ``cloud``: what all departments share."""

from __future__ import annotations

from collections.abc import Callable

import pulumi

from infra.components.resource import Resource
from infra.shared import DesiredCloud


class SharedCloud(pulumi.ComponentResource):
    """Flavors, volume types, images and the way outside."""

    def __init__(self, cloud: DesiredCloud) -> None:
        """Declare all of it; what was there before under the same name is used as it is."""
        super().__init__("oneroof:cloud:Shared", "cloud")
        for flavor in cloud.flavors:
            inputs = {"name": flavor.name, "vcpus": flavor.vcpus, "ram": flavor.ram, "disk": flavor.disk}
            described = {**inputs, "description": flavor.description}
            Resource("compute:Flavor", flavor.name, described, parent=self, after=[])
        for name, description in cloud.volume_types.items():
            inputs = {"name": name, "description": description}
            Resource("block_storage:VolumeType", name, inputs, parent=self, after=[])
        if cloud.external is not None:
            self._external(cloud)
        for image in cloud.images:
            ids: dict[str, pulumi.Output[str]] = {}
            for part in image.parts:
                extra = {f"{key}_id": ids[key] for key in ("kernel", "ramdisk") if key in ids and part.key == "disk"}
                made = Resource(
                    "image:Image",
                    part.name,
                    {
                        "name": part.name,
                        "file": str(part.file),
                        "sha512": part.sha512,
                        "disk_format": part.disk_format,
                        "container_format": part.container_format,
                        "min_ram": image.min_ram if part.key == "disk" else 0,
                        "min_disk": image.min_disk if part.key == "disk" else 0,
                        "properties": {**(image.properties if part.key == "disk" else {}), **extra},
                    },
                    parent=self,
                    after=[],
                )
                ids[part.key] = made.id
        self.register_outputs({})

    def _external(self, cloud: DesiredCloud) -> None:
        external = cloud.external
        if external is None:
            return
        network = Resource(
            "network:Network",
            external.name,
            {
                "name": external.name,
                "is_router_external": True,
                "provider_network_type": "flat",
                "provider_physical_network": external.physical_network,
            },
            parent=self,
            after=[],
        )
        inputs = {"name": external.name, "network_id": network.id, "cidr": external.cidr, "gateway_ip": external.gateway}
        pools = [{"start": external.pool_start, "end": external.pool_end}]
        subnet = {**inputs, "is_dhcp_enabled": False, "allocation_pools": pools}
        Resource("network:Subnet", external.name, subnet, parent=self, after=[])


def cloud_program(cloud: DesiredCloud) -> Callable[[], None]:
    """Give the inline program."""

    def program() -> None:
        SharedCloud(cloud)

    return program
