"""Register services, endpoints and service users in Keystone; print what changed, one thing a line.

Reads from standard input {auth_url, region, password, services: [{type, name, url}], users: {name: password}};
``--apply`` makes it so, ``--check`` only says. One session for all of it: a task for each would take a minute.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from keystoneauth1 import exceptions, session
from keystoneauth1.identity import v3
from openstack.connection import Connection

SERVICE_ROLES = ("admin", "service")


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


def register_services(identity: Any, wish: dict[str, Any], apply: bool) -> list[str]:
    """Bring services and endpoints to what is wished."""
    changed = []
    services = {service.type: service for service in identity.services()}
    endpoints = {(endpoint.service_id, endpoint.interface): endpoint for endpoint in identity.endpoints()}
    for want in wish["services"]:
        service = services.get(want["type"])
        if service is None:
            changed.append(f"service {want['type']}")
            if not apply:
                continue
            service = identity.create_service(type=want["type"], name=want["name"])
        for interface in ("public", "internal"):
            endpoint = endpoints.get((service.id, interface))
            if endpoint is not None and endpoint.url == want["url"]:
                continue
            changed.append(f"{interface} endpoint of {want['type']}")
            if apply and endpoint is None:
                identity.create_endpoint(
                    service_id=service.id, interface=interface, region_id=wish["region"], url=want["url"]
                )
            elif apply:
                identity.update_endpoint(endpoint, url=want["url"])
    return changed


def register_user(identity: Any, wish: dict[str, Any], name: str, roles: dict[str, str], apply: bool) -> list[str]:
    """Bring one service user, its password and its roles to what is wished.

    Whether the password is the wished one only Keystone can tell: a token is asked for with it.
    """
    password = wish["users"][name]
    auth = sign_in(wish, name, password, "service")
    try:
        if set(SERVICE_ROLES) <= set(auth.get_access(session.Session()).role_names or ()):
            return []
    except exceptions.Unauthorized:
        pass  # no such user, another password, or no role in the project
    if apply:
        user = next(identity.users(name=name, domain_id="default"), None)
        if user is None:
            user = identity.create_user(name=name, password=password, domain_id="default")
        else:
            identity.update_user(user, password=password)
        project = next(identity.projects(name="service", domain_id="default"))
        for role in SERVICE_ROLES:
            identity.assign_project_role_to_user(project, user, roles[role])
    return [f"user {name}"]


def main() -> None:
    """Read the wish and make it so, or say what would be made."""
    wish = json.load(sys.stdin)
    apply = sys.argv[1:] == ["--apply"]
    cloud = Connection(
        session=session.Session(sign_in(wish, "admin", wish["password"], "admin")), region_name=wish["region"]
    )
    identity: Any = cloud.identity
    changed = []
    if not list(identity.projects(name="service", domain_id="default")):
        changed.append("project service")
        if apply:
            identity.create_project(name="service", domain_id="default")
    roles = {role.name: role.id for role in identity.roles()}
    changed += register_services(identity, wish, apply)
    # Hashing a password takes a third of a second on purpose: the users side by side.
    with ThreadPoolExecutor(4) as pool:
        for lines in pool.map(lambda name: register_user(identity, wish, name, roles, apply), wish["users"]):
            changed += lines
    if changed:
        print("\n".join(changed))


if __name__ == "__main__":
    main()
