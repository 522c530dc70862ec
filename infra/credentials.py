"""The ``clouds.yaml`` of a department's local users: pure, for the caller to keep where nobody else reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.outcome import Outcome


def build_clouds(
    outcome: Outcome,
    passwords: Mapping[str, str],
    operator: Mapping[str, Any],
    *,
    credentials: Mapping[str, Mapping[str, str]],
) -> dict[str, Any]:
    """Give one entry a user and project, ``<project>-<user>``; addresses and trust are those of the operator's entry.

    Each application credential (``<user>/<name>`` to its ``id`` and ``secret``) has the entry ``<user>-<name>``.
    """
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
        | {
            called.replace("/", "-"): {
                "auth_type": "v3applicationcredential",
                "auth": {
                    "auth_url": operator["auth"]["auth_url"],
                    "application_credential_id": each["id"],
                    "application_credential_secret": each["secret"],
                },
                **shared,
            }
            for called, each in sorted(credentials.items())
        }
    }
