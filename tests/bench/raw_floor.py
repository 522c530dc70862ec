"""The floor: the same departments by raw openstacksdk calls in eight threads, nothing planned, compared or remembered.

Run as a program by the benchmark: ``raw_floor.py create|plan|change|destroy FOLDER PREFIX NUMBER EXTERNAL_NETWORK``; what it
made is in ``FOLDER/floor.json``.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from department_files import CHANGED_CORES, LIMITS, PORTS, ROLE, cidr, slug
from openstack.config import OpenStackConfig
from openstack.connection import Connection
from openstack.exceptions import raise_from_response

_THREADS = 8
Made = dict[str, str]


def create(cloud: Any, name: str, number: int, shared: Mapping[str, str], made: Made) -> None:
    """Make one department; each id is written down as soon as it is known."""
    identity, network = cloud.identity, cloud.network
    made["domain"] = domain = identity.create_domain(name=name).id
    made["project"] = project = identity.create_project(name=f"{name}-prod", domain_id=domain).id
    made["group"] = group = identity.create_group(name="staff", domain_id=domain).id
    made["user"] = user = identity.create_user(name="operator", domain_id=domain, password=os.urandom(18).hex()).id
    for who in (f"groups/{group}", f"users/{user}"):
        raise_from_response(identity.put(f"/projects/{project}/{who}/roles/{shared['role']}"))
    cloud.compute.update_quota_set(project, **LIMITS["compute"])
    cloud.block_storage.update_quota_set(project, **LIMITS["block_storage"])
    network.update_quota(project, **LIMITS["network"])
    made["network"] = front = network.create_network(name="front", project_id=project).id
    inside = network.create_subnet(name="front", network_id=front, project_id=project, ip_version=4, cidr=cidr(number))
    made["subnet"] = inside.id
    gateway = {"network_id": shared["external"]}
    made["router"] = router = network.create_router(name="prod", project_id=project, external_gateway_info=gateway).id
    network.add_interface_to_router(router, subnet_id=inside.id)
    made["security_group"] = rules = network.create_security_group(name="open", project_id=project).id
    same = {"security_group_id": rules, "project_id": project, "direction": "ingress", "ether_type": "IPv4"}
    ports = [{**same, "protocol": "tcp", "port_range_min": port, "port_range_max": port} for port in PORTS]
    list(network.create_security_group_rules([{**port, "remote_ip_prefix": "0.0.0.0/0"} for port in ports]))


def destroy(cloud: Any, made: Made) -> None:
    """Take one department back, with quota rows and the built-in security group; what was never made is passed over."""
    identity, network = cloud.identity, cloud.network
    if "router" in made:
        if "subnet" in made:
            path = f"/routers/{made['router']}/remove_router_interface"
            network.put(path, json={"subnet_id": made["subnet"]})
        network.delete_router(made["router"])
    if "network" in made:
        network.delete_network(made["network"])
    if "security_group" in made:
        network.delete_security_group(made["security_group"])
    if "project" in made:
        project = made["project"]
        for built_in in network.security_groups(project_id=project, name="default"):
            network.delete_security_group(built_in)
        network.delete_quota(project)
        cloud.compute.revert_quota_set(project)
        cloud.block_storage.revert_quota_set(project)
    for noun in ("user", "group", "project"):
        if noun in made:
            getattr(identity, f"delete_{noun}")(made[noun])
    if "domain" in made:
        identity.update_domain(made["domain"], is_enabled=False)
        identity.delete_domain(made["domain"])


def plan(cloud: Any) -> None:
    """Read everything in bulk, as the least that a plan could do."""
    from infra.inventory.collect import collect_inventory

    collect_inventory(cloud)


def main() -> None:
    """Do one piece of the work for all departments."""
    what, folder, prefix, number, external = sys.argv[1:]
    config = OpenStackConfig(config_files=[os.environ["OS_CLIENT_CONFIG_FILE"]])
    cloud = Connection(config=config.get_one(cloud=os.environ["OS_CLOUD"]))
    file = Path(folder) / "floor.json"
    every: list[Made] = json.loads(file.read_text()) if file.exists() else [{} for _ in range(int(number))]
    if what == "plan":
        return plan(cloud)
    if what == "change":
        cloud.compute.update_quota_set(every[0]["project"], cores=CHANGED_CORES)
        return None
    if what == "destroy":
        _each([lambda made=made: destroy(cloud, made) for made in every])
        file.unlink(missing_ok=True)
        return None
    (role,) = (role.id for role in cloud.identity.roles(name=ROLE))
    (outside,) = (network.id for network in cloud.network.networks(name=external, is_router_external=True))
    shared = {"role": role, "external": outside}
    try:
        _each(
            [
                lambda number=number, made=made: create(cloud, slug(prefix, number), number, shared, made)
                for number, made in enumerate(every)
            ]
        )
    finally:
        file.write_text(json.dumps(every))
    return None


def _each(work: list[Callable[[], None]]) -> None:
    with ThreadPoolExecutor(_THREADS) as pool:
        for done in [pool.submit(each) for each in work]:
            done.result()


if __name__ == "__main__":
    main()
