"""The ``clouds.yaml`` of a department's local users: pure, for the caller to keep where nobody else reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.outcome import Outcome


def build_clouds(outcome: Outcome, passwords: Mapping[str, str], operator: Mapping[str, Any]) -> dict[str, Any]:
    """Give one entry a user and project, ``<project>-<user>``; addresses and trust are those of the operator's entry."""
    shared = {name: operator[name] for name in ("region_name", "cacert", "verify", "interface") if name in operator}
    return {
        "clouds": {
            f"{project['cloud_name']}-{user}": {
                "auth": {
                    "auth_url": operator["auth"]["auth_url"],
                    "username": user,
                    "password": password,
                    "user_domain_name": outcome.department,
                    "project_name": project["cloud_name"],
                    "project_domain_name": outcome.department,
                },
                **shared,
            }
            for user, password in sorted(passwords.items())
            for project in outcome.projects
        }
    }
