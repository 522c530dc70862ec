"""Use every API of the cloud as a client does; print {good, problems}, a line each; changes nothing.

Runs in /opt/openstack's Python on a controller. What to expect comes as JSON on standard input: {auth_url, region, password,
controllers, computes, seconds}. A service that has just been started is given ``seconds`` to come up.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from keystoneauth1 import session
from keystoneauth1.identity import v3
from openstack.connection import Connection

CALLERS = 4  # requests at once: a new API has been seen to answer its first concurrent ones badly
REST_SECONDS = 1.0


class NotYet(Exception):  # noqa: N818 - not an error before the time is up
    """What was found instead of what was expected."""


def expect(what: str, found: set[str], wanted: set[str]) -> str:
    """Give a line on what was found; raise :class:`NotYet` when something wanted is not among it."""
    if missing := wanted - found:
        raise NotYet(f"{what}: {', '.join(sorted(missing))} not up, found up: {', '.join(sorted(found)) or 'none'}")
    return f"{what}: {', '.join(sorted(found)) or 'answers'}"


def look_at_identity(cloud: Any, _: dict[str, Any]) -> str:
    """A token, the roles, and a catalogue that names nothing but https."""
    plain = [endpoint.url for endpoint in cloud.identity.endpoints() if not endpoint.url.startswith("https://")]
    if plain:
        raise NotYet(f"catalogue: {', '.join(plain)} without TLS, expected https alone")
    roles = {role.name for role in cloud.identity.roles()}
    return expect("roles", roles, {"admin", "manager", "member", "reader", "service"})


def look_at_images(cloud: Any, _: dict[str, Any]) -> str:
    """A list of images."""
    return f"images: {sum(1 for _ in cloud.image.images())}"


def look_at_compute(cloud: Any, wish: dict[str, Any]) -> str:
    """Conductors, schedulers and computes are up, and every compute is in a cell."""
    up = {f"{service.binary} on {service.host}" for service in cloud.compute.services() if service.state == "up"}
    wanted = {f"nova-{part} on {host}" for host in wish["controllers"] for part in ("conductor", "scheduler")}
    wanted |= {f"nova-compute on {host}" for host in wish["computes"]}
    expect("hypervisors", {hypervisor.name for hypervisor in cloud.compute.hypervisors()}, set(wish["computes"]))
    return expect("compute", up, wanted)


def look_at_placement(cloud: Any, wish: dict[str, Any]) -> str:
    """Every compute offers what it has."""
    return expect("placement", {provider.name for provider in cloud.placement.resource_providers()}, set(wish["computes"]))


def look_at_network(cloud: Any, wish: dict[str, Any]) -> str:
    """OVN's controller lives on every compute."""
    alive = {
        agent.host for agent in cloud.network.agents() if agent.is_alive and agent.agent_type.startswith("OVN Controller")
    }
    return expect("network", alive, set(wish["computes"]))


def look_at_volumes(cloud: Any, _: dict[str, Any]) -> str:
    """The scheduler and the service of the volumes are up."""
    up = {service.binary for service in cloud.block_storage.services() if service.state == "up"}
    return expect("block storage", up, {"cinder-scheduler", "cinder-volume"})


def look_at_objects(cloud: Any, _: dict[str, Any]) -> str:
    """The administrator's account of the object store."""
    return f"object store: {sum(1 for _ in cloud.object_store.containers())} containers of project admin"


Look = Callable[[Any, dict[str, Any]], str]
LOOKS: tuple[Look, ...] = (
    look_at_identity,
    look_at_images,
    look_at_compute,
    look_at_placement,
    look_at_network,
    look_at_volumes,
    look_at_objects,
)


def look_until(deadline: float, look: Look, cloud: Any, wish: dict[str, Any]) -> tuple[bool, str]:
    """Look until all is as expected or the time is up; then look several times at once, which must all succeed."""
    while True:
        try:
            line = look(cloud, wish)
            with ThreadPoolExecutor(CALLERS) as callers:
                list(callers.map(lambda _: look(cloud, wish), range(CALLERS)))
        except NotYet as error:
            problem = str(error)
        except Exception as error:  # noqa: BLE001 - any failure of a client is a finding, and told as one
            problem = f"{look.__name__.removeprefix('look_at_')}: {type(error).__name__}: {error}"
        else:
            return True, line
        if time.monotonic() > deadline:
            return False, problem
        time.sleep(REST_SECONDS)


def main() -> None:
    """Look at every service at the same time and tell all that was found."""
    wish = json.load(sys.stdin)
    deadline = time.monotonic() + wish["seconds"]
    auth = v3.Password(
        wish["auth_url"],
        username="admin",
        password=wish["password"],
        project_name="admin",
        user_domain_id="default",
        project_domain_id="default",
    )
    cloud = Connection(session=session.Session(auth), region_name=wish["region"])
    with ThreadPoolExecutor(len(LOOKS)) as pool:
        told = list(pool.map(lambda look: look_until(deadline, look, cloud, wish), LOOKS))
    found = {"good": [line for good, line in told if good], "problems": [line for good, line in told if not good]}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
