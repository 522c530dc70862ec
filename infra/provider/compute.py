"""Nova: flavors and servers."""

from __future__ import annotations

import base64
from typing import Any, ClassVar

from infra.provider.access import PATIENCE_SECONDS, shared_network_id
from infra.provider.cloud import Cloud
from infra.provider.failure import CloudError
from infra.provider.field import Field, number, text
from infra.provider.kind import Kind
from infra.provider.values import Values


class Flavor(Kind):
    """A size of servers; Nova never changes one, so a change makes a new one."""

    pulumi_type = "oneroof:compute:Flavor"
    service, noun = "compute", "flavor"
    takes_foreign, delete_first = True, True
    fields: ClassVar = {
        "name": text(replaces=True),
        "vcpus": number(least=1, replaces=True),
        "ram": number(least=1, replaces=True),
        "disk": number(replaces=True),
        "description": text(""),
    }
    unique_by = ()


WITHHELD = "oneroof: quarantine"
"""Why a server is locked that is to be erased: who is no administrator cannot start, change or delete it then."""


class Server(Kind):
    """A virtual machine with one network and its volumes in order; it boots with a config drive."""

    pulumi_type = "oneroof:compute:Server"
    service, noun = "compute", "server"
    delete_first = True  # its volumes can be attached once
    fields: ClassVar = {
        "name": text(),
        "project_id": text(replaces=True),
        "description": text(""),
        "flavor": text(replaces=True),
        "image": text(replaces=True, recorded=True),
        "network_id": text("", replaces=True, recorded=True),
        "shared_network": text("", replaces=True, recorded=True),
        "security_group_ids": Field(list, (), unordered=True),
        "volume_ids": Field(list, ()),
        "user_data": text("", replaces=True, recorded=True),
        "server_group_id": text(None, replaces=True, recorded=True),
        "is_withheld": Field(bool, False),
        "is_connected": Field(bool, True),
    }
    outputs = ("fixed_address", "port_id")
    unique_by = ("name", "project_id")

    def check(self, inputs: Values) -> dict[str, str]:
        """A server is on one network: of its project, or of another that shares it."""
        if bool(inputs["network_id"]) == bool(inputs["shared_network"]):
            return {"network_id": "got none or two networks, expected network_id or shared_network"}
        return {}

    def listed(self, cloud: Cloud, **filters: Any) -> list[Any]:
        """List the servers of every project: Nova matches a name as an expression, so the caller compares it again."""
        return list(cloud.admin.compute.servers(all_projects=True, project_id=filters["project_id"]))

    def find(self, cloud: Cloud, inputs: Values) -> Any | None:
        """Give the server of this name; one that an interrupted run started is waited for."""
        found = super().find(cloud, inputs)
        return self._wait_active(cloud, found.id, inputs["name"]) if found is not None and found.status == "BUILD" else found

    def create(self, cloud: Cloud, inputs: Values) -> Any:
        """Boot it with its volumes, so that they are there from its first second, and wait until it is active."""
        own = cloud.in_project(inputs["project_id"])
        image = cloud.image_id(inputs["image"])
        disk = {
            "uuid": image,
            "source_type": "image",
            "destination_type": "local",
            "boot_index": 0,
            "delete_on_termination": True,
        }
        volumes = [
            {"uuid": volume, "source_type": "volume", "destination_type": "volume", "boot_index": -1}
            for volume in inputs["volume_ids"]
        ]
        group = inputs.get("server_group_id")
        script = base64.b64encode(inputs["user_data"].encode()).decode()
        server = own.compute.create_server(
            name=inputs["name"],
            description=self.body(inputs)["description"],
            image_id=image,
            flavor_id=cloud.flavor_id(inputs["flavor"]),
            networks=[{"uuid": _network(cloud, inputs)}],
            security_groups=[{"name": group} for group in inputs["security_group_ids"]] or None,
            block_device_mapping=[disk, *volumes],
            has_config_drive=True,
            **({"user_data": script} if script else {}),
            **({"scheduler_hints": {"group": group}} if group else {}),
        )
        made = self._wait_active(cloud, server.id, inputs["name"])
        if not inputs["is_withheld"]:
            return made
        self._withhold(cloud, server.id, inputs["name"])
        return cloud.admin.compute.get_server(server.id)

    def _withhold(self, cloud: Cloud, identifier: str, name: str) -> None:
        """Lock it, then switch it off."""
        compute = cloud.admin.compute
        compute.lock_server(identifier, locked_reason=WITHHELD)
        if compute.get_server(identifier).status == "ACTIVE":
            compute.stop_server(identifier)
            cloud.wait(f"stopping server {name}", lambda: compute.get_server(identifier).status == "SHUTOFF")

    def _give_back(self, cloud: Cloud, identifier: str, name: str) -> None:
        """Unlock it, then switch it on."""
        cloud.admin.compute.unlock_server(identifier)
        if cloud.admin.compute.get_server(identifier).status == "SHUTOFF":
            cloud.admin.compute.start_server(identifier)
            self._wait_active(cloud, identifier, name)

    def _wait_active(self, cloud: Cloud, identifier: str, name: str) -> Any:
        seen: list[Any] = []

        def active() -> bool:
            seen[:] = [cloud.admin.compute.get_server(identifier)]
            if seen[0].status == "ERROR":
                reason = (seen[0].fault or {}).get("message", "no reason given")
                cloud.admin.compute.delete_server(identifier, ignore_missing=True)
                raise CloudError(f"server {name} could not be started and was removed again: {reason}")
            return bool(seen[0].status == "ACTIVE")

        cloud.wait(f"starting server {name}", active, seconds=600)
        return seen[0]

    def show(self, cloud: Cloud, resource: Any, state: Values) -> Values:
        """Look at its port and its volumes as well."""
        port = next(iter(cloud.admin.network.ports(device_id=resource.id)), None)
        seen = super().show(cloud, _Seen(resource, port), state)
        return seen | {"volume_ids": [each.volume_id for each in _attached(cloud, resource.id)]}

    def update(self, cloud: Cloud, identifier: str, state: Values, inputs: Values, changed: set[str]) -> None:
        """Rename it, change the groups of its port, attach and detach volumes."""
        words = changed & {"name", "description"}
        if words:
            super().update(cloud, identifier, state, inputs, words)
        if "is_connected" in changed:
            self._connect(cloud, identifier, inputs)
        if changed & {"security_group_ids", "is_connected"}:
            for port in list(cloud.admin.network.ports(device_id=identifier)):
                cloud.admin.network.update_port(port.id, security_groups=inputs["security_group_ids"])
        was_withheld = bool(state.get("is_withheld"))
        if "volume_ids" in changed:
            if was_withheld:
                cloud.admin.compute.unlock_server(identifier)
            self._converge_volumes(cloud, identifier, inputs)
        if inputs["is_withheld"]:
            self._withhold(cloud, identifier, inputs["name"])
        elif was_withheld:  # what its owner locked or switched off stays so
            self._give_back(cloud, identifier, inputs["name"])

    def _connect(self, cloud: Cloud, identifier: str, inputs: Values) -> None:
        """Give it a new port where it lost its own, as one does whose network was shared no more for a while."""
        own, ports = cloud.in_project(inputs["project_id"]), cloud.admin.network.ports
        own.compute.create_server_interface(identifier, net_id=_network(cloud, inputs))
        cloud.wait(f"connecting server {inputs['name']}", lambda: any(True for _ in ports(device_id=identifier)))

    def _converge_volumes(self, cloud: Cloud, identifier: str, inputs: Values) -> None:
        """Keep the volumes that are in place already; from the first that differs on, detach and attach in order."""
        actual = [each.volume_id for each in _attached(cloud, identifier)]
        declared = inputs["volume_ids"]
        same = next((i for i, pair in enumerate(zip(actual, declared, strict=False)) if pair[0] != pair[1]), None)
        same = min(len(actual), len(declared)) if same is None else same
        own = cloud.in_project(inputs["project_id"])
        for volume in actual[same:]:
            own.compute.delete_volume_attachment(identifier, volume)
        for volume in actual[same:]:
            _wait_volume(cloud, volume, "available")
        for volume in declared[same:]:
            own.compute.create_volume_attachment(identifier, volume_id=volume)
            _wait_volume(cloud, volume, "in-use")

    def delete(self, cloud: Cloud, identifier: str, state: Values) -> None:
        """Delete it and wait until it is gone, so that its volumes and its port are free."""
        super().delete(cloud, identifier, state)
        cloud.wait(f"deleting server {state['name']}", lambda: self.get(cloud, identifier, state) is None)


def _network(cloud: Cloud, inputs: Values) -> str:
    """Give the id of the network that it is on."""
    if not inputs["shared_network"]:
        return str(inputs["network_id"])
    return shared_network_id(cloud, inputs["shared_network"], inputs["project_id"], patience=PATIENCE_SECONDS)


class _Seen:
    """A server together with its port, under the names of the fields."""

    def __init__(self, server: Any, port: Any) -> None:
        self._server = server
        self.flavor = server.flavor["original_name"]
        self.port_id = port.id if port else ""
        self.is_connected = port is not None
        self.fixed_address = port.fixed_ips[0]["ip_address"] if port and port.fixed_ips else ""
        self.security_group_ids = list(port.security_group_ids) if port else []
        self.volume_ids: list[str] = []
        self.is_withheld = bool(server.is_locked) and server.locked_reason == WITHHELD

    def __getattr__(self, name: str) -> Any:
        return getattr(self._server, name)


def _attached(cloud: Cloud, server_id: str) -> list[Any]:
    return sorted(cloud.admin.compute.volume_attachments(server_id), key=lambda each: (len(each.device), each.device))


def _wait_volume(cloud: Cloud, volume_id: str, status: str) -> None:
    cloud.wait(
        f"volume {volume_id} becoming {status}",
        lambda: cloud.admin.block_storage.get_volume(volume_id).status == status,
    )


KINDS: tuple[Kind, ...] = (Flavor(), Server())
