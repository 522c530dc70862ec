"""People: whoever has an account may do something with it."""

from __future__ import annotations

from collections.abc import Iterator

from tenants.declaration.model import Department
from tenants.declaration.rules.finding import Finding
from tenants.declaration.sentence import listed, nearest


def check(department: Department) -> Iterator[Finding]:
    """Check groups and local users of one department."""
    groups = [group.name for group in department.groups]
    kept = {group.name: group.directory for group in department.groups if group.directory}
    for at, user in enumerate(department.users):
        if not user.groups:
            what = f"got none, expected at least one group, or {user.name} may do nothing"
            yield Finding(("users", at, "groups"), what)
        for number, group in enumerate(user.groups):
            if group not in groups:
                expected = f"a group of the department: {listed(groups)}" if groups else "a group, but there is none"
                what = f"got {group}, expected {expected}"
                yield Finding(("users", at, "groups", number), what, nearest(group, groups))
            elif group in kept:
                what = f"got {group}, whose members directory {kept[group]} keeps, expected a group of the department's own"
                yield Finding(("users", at, "groups", number), what)
    for at, named in enumerate(department.groups):
        if not named.roles:
            what = f"got none, expected a role on at least one project, or {named.name} may do nothing"
            yield Finding(("groups", at, "roles"), what)
