"""What belongs to the operator and to no department: what the playbooks make in Keystone, and the provisioner."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import yaml

from tenants.installation import Installation, repository

SERVICE_PROJECT = "service"
"""Made by ``playbooks/roles/keystone/files/catalogue.py`` for the services' own accounts."""


@dataclass(frozen=True)
class OperatorsOwn:
    """Who works on the cloud, and what was made so that it works."""

    user_id: str
    """The provisioner's."""
    project_id: str
    """The project that the provisioner's token is for."""
    projects: frozenset[str]
    """Names of further projects, in the provisioner's domain."""
    users: frozenset[str]
    """Names of further users, in the provisioner's domain."""
    is_built_here: bool
    """Whether the playbooks of this tree built the cloud: what else is in the provisioner's domain is then nobody's."""
    directories: frozenset[str] = frozenset()
    """Names of the domains whose groups and users come from a directory: they are its own."""


def load_operators_own(
    installation: Installation, user_id: str, project_id: str, directories: Collection[str]
) -> OperatorsOwn:
    """Give what the playbooks make, by the same file that they read; nothing of it for a cloud that others built."""
    built = installation.inventory.exists()
    defaults = yaml.safe_load((repository() / "playbooks/roles/keystone/defaults/main.yml").read_text(encoding="utf-8"))
    return OperatorsOwn(
        user_id=user_id,
        project_id=project_id,
        projects=frozenset({SERVICE_PROJECT}) if built else frozenset(),
        users=frozenset(defaults["keystone_service_users"]) if built else frozenset(),
        is_built_here=built,
        directories=frozenset(directories),
    )
