"""Looks at one project closely, as an adoption needs it: its limits, its containers, and each of its servers."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from infra.adopt.holdings import ContainerDetail, Holdings, ServerDetail
from infra.provider.account import UNLIMITED, account_address, read_quota
from infra.provider.cloud import Cloud
from infra.provider.quota import BlockStorageQuota, ComputeQuota, NetworkQuota, QuotaKind

_LIMITS: Mapping[QuotaKind, Mapping[str, str]] = {
    ComputeQuota(): {"instances": "instances", "cores": "cores", "ram_mib": "ram"},
    BlockStorageQuota(): {"volumes": "volumes", "volume_gib": "gigabytes", "snapshots": "snapshots"},
    NetworkQuota(): {
        name: name
        for name in ("networks", "subnets", "routers", "ports", "security_groups", "security_group_rules", "floating_ips")
    },
}
"""Kind of quota to the declaration's name of a limit and the service's."""


def collect_holdings(cloud: Cloud, project_id: str, server_ids: Iterable[str]) -> Holdings:
    """Read them as the provisioner; writes nothing. Raises what openstacksdk and keystoneauth raise."""
    limits: dict[str, int] = {}
    for kind, names in _LIMITS.items():
        told = kind.read(cloud, project_id)
        limits |= {ours: int(getattr(told, theirs)) for ours, theirs in names.items()}
    space = read_quota(cloud, project_id)
    limits["containers_gib"] = space.bytes if space else UNLIMITED
    return Holdings(
        project_id=project_id,
        limits=limits,
        containers=tuple(_containers(cloud, project_id)),
        servers={identifier: _server(cloud, identifier) for identifier in server_ids},
    )


def _containers(cloud: Cloud, project_id: str) -> Iterator[ContainerDetail]:
    address = account_address(cloud, project_id)
    if address is None:
        return
    store, marker = cloud.admin.object_store, ""
    while True:
        response = store.get(address, params={"format": "json", "marker": marker})
        page = response.json() if response.status_code == 200 else []
        for name in (each["name"] for each in page):
            headers = store.head(f"{address}/{quote(name)}").headers
            yield ContainerDetail(name, headers.get("X-Container-Read", ""), headers.get("X-Container-Write", ""))
        if not page:
            return
        marker = page[-1]["name"]


def _server(cloud: Cloud, identifier: str) -> ServerDetail:
    server: Any = cloud.admin.compute.get_server(identifier)
    attached = sorted(cloud.admin.compute.volume_attachments(identifier), key=lambda each: (len(each.device), each.device))
    return ServerDetail(
        volume_ids=tuple(each.volume_id for each in attached),
        user_data=_text(server.user_data),
        key_name=server.key_name or "",
    )


def _text(encoded: str | None) -> str:
    """Give user data as text; what is none is told as such by not being a script."""
    if not encoded:
        return ""
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return "(not text)"
