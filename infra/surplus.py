"""Undeclared roles of a department's own people in it: a plan tells them, an apply withdraws them. Pure.

Roles of others (the operator's people, another department's) are told by ``oneroof drift`` and left to who gave them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from infra.agreement import Cloud, Recorded, role_key

ROLE_TYPE = "oneroof:identity:RoleAssignment"


@dataclass(frozen=True)
class Surplus:
    """A role assignment that no stack records; ids are empty where they say nothing."""

    role: str
    group_id: str
    user_id: str
    project_id: str
    domain_id: str
    is_inherited: bool
    called: str
    """What people call it: ``<where>/<who>/<role>``."""


def find_surplus(stack: Sequence[Recorded], cloud: Cloud) -> Iterator[Surplus]:
    """Give what a department's groups and users may do in the department beyond what its stack records."""
    domains = {str(each.get("id")) for each in stack if each["type"] == "oneroof:identity:Domain"}
    projects = {
        str(each.get("id")): str(each["urn"]).rpartition("::")[2]
        for each in stack
        if each["type"] == "oneroof:identity:Project"
    }
    recorded = {role_key(str(each["id"]), each["outputs"]) for each in stack if each["type"] == ROLE_TYPE and each.get("id")}
    own = frozenset[tuple[Any, ...]]().union(*(cloud.roles_of.get(domain, frozenset()) for domain in domains))
    for key in sorted(own - recorded):
        role, group, user, project, domain, inherited = key
        actor = cloud.one("groups" if group else "users", group or user)
        if actor is not None and (project in projects or domain in domains):
            called = f"{projects.get(project, 'domain')}/{actor.name}/{role}"
            yield Surplus(role, group, user, project, domain, inherited, called)
