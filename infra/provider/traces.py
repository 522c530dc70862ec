"""What the services still know of projects that are gone, beside things: rights, limits, usage."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from typing import Any

from infra.provider.account import UNLIMITED, read_quota
from infra.provider.cloud import Cloud
from infra.provider.failure import describe_failure
from infra.provider.side_by_side import ask_all


@dataclass(frozen=True)
class Trace:
    """Something that a service still knows of a project."""

    project_id: str
    what: str

    def __str__(self) -> str:
        return f"{self.what} of project {self.project_id}"


def find_traces(cloud: Cloud, projects: Collection[str]) -> tuple[Trace, ...]:
    """Give what the services still know of projects that are gone, beside things: rights, limits, usage."""
    admin = cloud.admin
    found: list[Trace] = []
    known = {project.id for project in admin.identity.projects()}
    found += [Trace(project, "identity: the entry") for project in projects if project in known]
    assignments = admin.identity.role_assignments()
    scopes = {((each.scope or {}).get("project") or {}).get("id") for each in assignments}
    found += [Trace(project, "identity: a role") for project in projects if project in scopes]
    keys = {str(each.project_id) for each in admin.identity.credentials()}
    found += [Trace(project, "identity: an access key") for project in projects if project in keys]
    trusts = {each.project_id for each in admin.identity.trusts()}
    found += [Trace(project, "identity: a trust") for project in projects if project in trusts]
    limited = {quota.project_id for quota in admin.network.quotas()}
    found += [Trace(project, "network: a quota") for project in projects if project in limited]
    for own in ask_all(partial(_of_project, cloud, project) for project in projects):
        found += own
    return tuple(found)


def _of_project(cloud: Cloud, project: str) -> list[Trace]:
    """Ask what is told of one project at a time."""
    admin = cloud.admin
    found = [
        Trace(project, f"{service}: a quota")
        for service in ("compute", "block_storage")
        if _has_limits(getattr(admin, service), project)
    ]
    used = admin.placement.get(f"/usages?project_id={project}", microversion="1.9").json().get("usages") or {}
    found += [Trace(project, f"placement: {amount} {what}") for what, amount in sorted(used.items()) if amount]
    quota = read_quota(cloud, project)
    if quota is not None and quota.bytes != UNLIMITED:
        found.append(Trace(project, "object_store: a quota"))
    return found


def _has_limits(proxy: Any, project: str) -> bool:
    """Tell whether a project has limits of its own.

    Nova tells nothing of a project that is gone: its limits are deleted before it is.
    """
    from openstack.exceptions import BadRequestException

    try:
        return _limits(proxy.get_quota_set(project)) != _limits(proxy.get_quota_set_defaults(project))
    except BadRequestException as error:
        if "not a valid project" not in describe_failure(error):
            raise
        return False


def _limits(quota: Any) -> dict[str, Any]:
    told = {name: value for name, value in quota.to_dict().items() if isinstance(value, int)}
    return {name: value for name, value in told.items() if name not in ("id", "location")}
