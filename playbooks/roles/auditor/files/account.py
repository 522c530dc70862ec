"""Make an account that reads: a role, a project, and a user with that role and ``reader`` in it; print what changed.

Reads from standard input {auth_url, region, admin_password, name, password}; ``--apply`` makes it so, ``--check`` only says.
Another role of the user is taken away: it would be able to do more than read.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from keystoneauth1 import exceptions, session
from keystoneauth1.identity import v3
from openstack.connection import Connection


def sign_in(wish: dict[str, Any], user: str, password: str, project: str) -> v3.Password:
    """Give the credentials of a user of the default domain; nothing is asked of Keystone yet."""
    return v3.Password(
        wish["auth_url"],
        username=user,
        password=password,
        project_name=project,
        user_domain_id="default",
        project_domain_id="default",
    )


def held(wish: dict[str, Any]) -> set[str] | None:
    """Give the roles that a token of the account has; None where there is no such user, project or password."""
    try:
        access = sign_in(wish, wish["name"], wish["password"], wish["name"]).get_access(session.Session())
    except exceptions.Unauthorized:
        return None
    return set(access.role_names or ())


def make(identity: Any, wish: dict[str, Any]) -> None:
    """Make what is missing and take away what is too much."""
    name = wish["name"]
    place = {"name": name, "domain_id": "default"}
    role = next(identity.roles(name=name), None) or identity.create_role(name=name)
    project = next(identity.projects(**place), None) or identity.create_project(**place)
    user = next(identity.users(**place), None)
    if user is None:
        user = identity.create_user(password=wish["password"], **place)
    else:
        identity.update_user(user, password=wish["password"])
    wanted = {role.id, next(identity.roles(name="reader")).id}
    for one in wanted:
        identity.assign_project_role_to_user(project, user, one)
    for assigned in identity.role_assignments(user_id=user.id):
        where = assigned.scope.get("project", {}).get("id")
        if where and (where != project.id or assigned.role["id"] not in wanted):
            identity.unassign_project_role_from_user(where, user, assigned.role["id"])


def main() -> None:
    """Read the wish and make it so, or say what would be made."""
    wish = json.load(sys.stdin)
    if held(wish) == {wish["name"], "reader"}:
        return
    if sys.argv[1:] == ["--apply"]:
        cloud = Connection(
            session=session.Session(sign_in(wish, "admin", wish["admin_password"], "admin")), region_name=wish["region"]
        )
        make(cloud.identity, wish)
    print(f"account {wish['name']}")


if __name__ == "__main__":
    main()
