"""What taking back a shared network takes along: the ports of others' servers on it, each with its address. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from infra.agreement import Cloud
from infra.plan.document import PlanStep

_POLICY = "oneroof:network:RbacPolicy"


def lost_ports(steps: Iterable[PlanStep], recorded: Sequence[Mapping[str, Any]], cloud: Cloud | None) -> Iterator[str]:
    """Give a sentence for each share of a network that goes while the other project has ports on it.

    ``cloud`` is the bulk reading; without it nothing is known of ports.
    """
    going = {step.name for step in steps if step.type == _POLICY and step.operation in ("delete", "replace")}
    for each in recorded if cloud is not None else ():
        name, told = str(each["urn"]).rpartition("::")[2], each.get("outputs") or {}
        if each["type"] != _POLICY or name not in going:
            continue
        servers = sorted(
            f"{_called(cloud, port.device_id)} ({', '.join(port.addresses)})"
            for port in (cloud.found.ports or () if cloud else ())
            if (port.network_id, port.project_id) == (told.get("object_id"), told.get("target_project_id"))
        )
        if servers:
            grantee = str(told.get("grantee") or "").rpartition("/")[2]
            network = name.removesuffix(f"/{told.get('grantee')}")
            yield f"network {network} is taken back from {grantee}, and with it the port there of: {', '.join(servers)}"


def _called(cloud: Cloud | None, device: str) -> str:
    server = cloud.one("servers", device) if cloud else None
    return f"server {server.name}" if server else f"device {device or '(none)'}"
