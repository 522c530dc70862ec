"""Application credentials: they can do no more than their user, and none is over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from tenants.declaration.model import Department
from tenants.declaration.rules.finding import Finding
from tenants.declaration.sentence import listed, nearest


def check(department: Department) -> Iterator[Finding]:
    """Check that each names a local user, a project and roles that the user has there."""
    users = [user.name for user in department.users]
    projects = [project.name for project in department.projects]
    seen: set[tuple[str, str]] = set()
    for at, credential in enumerate(department.application_credentials):
        place = ("application_credentials", at)
        if (credential.user, credential.name) in seen:
            what = f"got {credential.name}, expected a name that no other of user {credential.user} has"
            yield Finding((*place, "name"), what)
        seen.add((credential.user, credential.name))
        if credential.user not in users:
            expected = f"a local user of the department: {listed(users)}" if users else "a local user, but there is none"
            yield Finding((*place, "user"), f"got {credential.user}, expected {expected}", nearest(credential.user, users))
            continue
        if credential.project not in projects:
            what = f"got {credential.project}, expected a project of the department: {listed(projects)}"
            yield Finding((*place, "project"), what, nearest(credential.project, projects))
            continue
        able = department.roles_of(credential.user, credential.project)
        if not able:
            what = f"got {credential.project}, where {credential.user} has no role, expected a project where it has one"
            yield Finding((*place, "project"), what)
        for number, role in enumerate(credential.roles):
            if able and role not in able:
                what = f"got {role}, expected a role that {credential.user} has there: {listed(able)}"
                yield Finding((*place, "roles", number), what, nearest(role, able))


def check_ends(department: Department, today: date) -> Iterator[Finding]:
    """Check that none has ended."""
    for at, credential in enumerate(department.application_credentials):
        if credential.ends < today:
            days = (today - credential.ends).days
            what = f"got {credential.ends}, which is over since {days} day{'s' if days > 1 else ''}, expected a day to come"
            yield Finding(("application_credentials", at, "ends"), what, "Renew it by a later day, or remove it.")
