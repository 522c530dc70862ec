"""What the services still know of projects that are gone, beside things: rights, limits, usage."""

from __future__ import annotations

from collections.abc import Callable, Collection
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
    bulk: dict[str, Callable[[], set[str]]] = {
        "identity: the entry": lambda: {str(each.id) for each in admin.identity.projects()},
        "identity: a role": lambda: {_scope(each) for each in admin.identity.role_assignments()},
        "identity: an access key": lambda: {str(each.project_id) for each in admin.identity.credentials()},
        "identity: a trust": lambda: {str(each.project_id) for each in admin.identity.trusts()},
        "network: a quota": lambda: {str(each.project_id) for each in admin.network.quotas()},
    }
    listed = dict(zip(bulk, ask_all(bulk.values()), strict=True))
    found = [Trace(project, what) for what, having in listed.items() for project in projects if project in having]
    known = listed["identity: the entry"]
    for service in ("compute", "block_storage"):
        limited = _with_limits(getattr(admin, service), projects, known)
        found += [Trace(project, f"{service}: a quota") for project in limited]
    for own in ask_all(partial(_of_project, cloud, project) for project in projects):
        found += own
    return tuple(found)


def _scope(assignment: Any) -> str:
    return str(((assignment.scope or {}).get("project") or {}).get("id"))


def _of_project(cloud: Cloud, project: str) -> list[Trace]:
    """Ask what is told of one project at a time."""
    admin = cloud.admin
    used = admin.placement.get(f"/usages?project_id={project}", microversion="1.9").json().get("usages") or {}
    found = [Trace(project, f"placement: {amount} {what}") for what, amount in sorted(used.items()) if amount]
    quota = read_quota(cloud, project)
    if quota is not None and quota.bytes != UNLIMITED:
        found.append(Trace(project, "object_store: a quota"))
    return found


def _with_limits(proxy: Any, projects: Collection[str], known: Collection[str]) -> list[str]:
    """Give the projects that have limits of their own.

    Nova tells nothing of a project that is gone, whose limits are deleted before it is: one of them is asked for all.
    """
    gone, told = [each for each in projects if each not in known], dict[str, dict[str, Any] | None]()
    if gone:
        told[gone[0]] = _own_limits(proxy, gone[0])
    silent = gone if gone and told[gone[0]] is None else gone[:1]
    asked = [each for each in projects if each not in silent]
    told |= zip(asked, ask_all(partial(_own_limits, proxy, each) for each in asked), strict=True)
    answered = {project: limits for project, limits in told.items() if limits is not None}
    defaults = _limits(proxy.get_quota_set_defaults(next(iter(answered)))) if answered else {}  # the same for all
    return [project for project, limits in answered.items() if limits != defaults]


def _own_limits(proxy: Any, project: str) -> dict[str, Any] | None:
    from openstack.exceptions import BadRequestException

    try:
        return _limits(proxy.get_quota_set(project))
    except BadRequestException as error:
        if "not a valid project" not in describe_failure(error):
            raise
        return None


def _limits(quota: Any) -> dict[str, Any]:
    told = {name: value for name, value in quota.to_dict().items() if isinstance(value, int)}
    return {name: value for name, value in told.items() if name not in ("id", "location")}
