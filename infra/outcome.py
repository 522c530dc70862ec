"""What exists of a department after an apply: ``home/departments/<slug>.json``, read by status, backup and monitoring."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tenants.declaration.model import Department, Project, Server
from tenants.installation import Installation
from tenants.writing import write_whole

VERSION = 1
DEFAULT_CLOUD = "oneroof"


@dataclass(frozen=True)
class Outcome:
    """A department as it was made; plain data, so that readers need nothing of us."""

    version: int
    department: str
    local_name: str
    cloud: str
    digest: str
    """Of the declaration, the catalogue's part in it and the code that applied it."""
    applied_at: str
    """ISO 8601, UTC."""
    domain_id: str
    projects: tuple[Mapping[str, Any], ...]
    groups: Mapping[str, str]
    users: Mapping[str, str]
    quarantine: Mapping[str, str] = field(default_factory=dict)
    """Things that are to be erased, each with the instant since when nobody reaches it (ISO 8601, UTC)."""


def build_outcome(
    department: Department, outputs: Mapping[str, Any], *, cloud: str, digest: str, applied_at: datetime
) -> Outcome:
    """Join what was declared with what the stack says came of it."""
    return Outcome(
        version=VERSION,
        department=department.slug,
        local_name=department.local_name,
        cloud=cloud,
        digest=digest,
        applied_at=applied_at.isoformat(timespec="seconds"),
        domain_id=outputs["domain_id"],
        projects=tuple(_project(department, project, outputs["projects"][project.name]) for project in department.projects),
        groups=dict(outputs["groups"]),
        users=dict(outputs["users"]),
    )


def _project(department: Department, project: Project, made: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": project.name,
        "cloud_name": department.cloud_name(project.name),
        "id": made["id"],
        "environment": str(project.environment),
        "router_address": made.get("router_address"),
        "networks": [
            {"name": network.name, "id": made["networks"][network.name], "cidr": str(network.cidr)}
            for network in project.networks
        ],
        "volumes": [
            {
                "name": volume.name,
                "id": made["volumes"][volume.name],
                "size_gib": volume.size_gib,
                "type": volume.type,
                "recovery": volume.recovery or department.recovery,
            }
            for volume in project.volumes
        ],
        "containers": [
            {"name": container.name, "recovery": container.recovery or department.recovery}
            for container in project.containers
        ],
        "floating_ips": [
            {"name": address.name, "address": made["floating_ips"][address.name]} for address in project.floating_ips
        ],
        "servers": [_server(server, made["servers"][server.name]) for server in project.servers],
    }


def _server(server: Server, made: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": server.name,
        "id": made["id"],
        "flavor": server.flavor,
        "image": server.image,
        "fixed_address": made["fixed_address"],
        "floating_address": made.get("floating_address"),
        "volumes": list(server.volumes),
        "probe": None if server.probe is None else server.probe.model_dump(),
    }


def outcome_file(installation: Installation, slug: str, cloud: str = DEFAULT_CLOUD) -> Path:
    """Give where the outcome of a department lies; clouds other than the installation's own have a folder each."""
    folder = installation.home / "departments"
    return (folder if cloud == DEFAULT_CLOUD else folder / cloud) / f"{slug}.json"


def load_outcome(installation: Installation, slug: str, cloud: str = DEFAULT_CLOUD) -> Outcome | None:
    """Read a department's outcome, or nothing where it was never applied or by code with another format."""
    try:
        data = json.loads(outcome_file(installation, slug, cloud).read_text())
    except FileNotFoundError:
        return None
    return Outcome(**{**data, "projects": tuple(data["projects"])}) if data.get("version") == VERSION else None


def write_outcome(installation: Installation, outcome: Outcome) -> Path:
    """Write the file; give its path."""
    file = outcome_file(installation, outcome.department, outcome.cloud)
    write_whole(file, json.dumps(asdict(outcome), indent=2, ensure_ascii=False, sort_keys=True) + "\n")
    return file
