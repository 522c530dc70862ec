"""What is tried on people, servers and networks."""

from __future__ import annotations

from typing import Any

from intrusion import BAD, Attempt


def _server(**parts: Any) -> dict[str, Any]:
    own = {"name": "intruder", "flavorRef": "{flavor}", "imageRef": "{tiny_image}", "networks": [{"uuid": "{own_network}"}]}
    return {"server": {**own, **parts}}


QUOTA_FIRST = frozenset({403, 404, 409})
"""Neutron counts the intruder's own quota before it looks for the network: the sample departments' is full."""
TOKEN = {"methods": ["token"], "token": {"id": "{own_token}"}}
TRUST = {"trustor_user_id": "{user}", "trustee_user_id": "{own_user}", "impersonation": True, "project_id": "{project}"}
DISK = {"boot_index": 1, "uuid": "{volume}", "source_type": "volume", "destination_type": "volume"}

IDENTITY = (
    Attempt("read a user", "identity", "GET", "/users/{user}"),
    Attempt("read a user's projects", "identity", "GET", "/users/{user}/projects"),
    Attempt("read a project", "identity", "GET", "/projects/{project}"),
    Attempt("read a domain", "identity", "GET", "/domains/{domain}"),
    Attempt("list a domain's users", "identity", "GET", "/users?domain_id={domain}"),
    Attempt("list a domain's groups", "identity", "GET", "/groups?domain_id={domain}"),
    Attempt("list who may do what in a project", "identity", "GET", "/role_assignments?scope.project.id={project}"),
    Attempt("list a user's application credentials", "identity", "GET", "/users/{user}/application_credentials"),
    Attempt(
        "make an application credential for a user",
        "identity",
        "POST",
        "/users/{user}/application_credentials",
        {"application_credential": {"name": "intruder"}},
    ),
    Attempt(
        "make an EC2 key for a user", "identity", "POST", "/users/{user}/credentials/OS-EC2", {"tenant_id": "{project}"}
    ),
    Attempt("change a user", "identity", "PATCH", "/users/{user}", {"user": {"description": "intruder"}}),
    Attempt("delete a user", "identity", "DELETE", "/users/{user}"),
    Attempt("change a project", "identity", "PATCH", "/projects/{spare}", {"project": {"description": "intruder"}}),
    Attempt("delete a project", "identity", "DELETE", "/projects/{spare}"),
    Attempt("take a role in a project", "identity", "PUT", "/projects/{spare}/users/{own_user}/roles/{role}"),
    Attempt("take a role in a domain", "identity", "PUT", "/domains/{domain}/users/{own_user}/roles/{role}"),
    Attempt("change a domain", "identity", "PATCH", "/domains/{domain}", {"domain": {"description": "intruder"}}),
    Attempt("make a project", "identity", "POST", "/projects", {"project": {"name": "intruder", "domain_id": "{domain}"}}),
    Attempt("make a user", "identity", "POST", "/users", {"user": {"name": "intruder", "domain_id": "{domain}"}}),
    Attempt("make a group", "identity", "POST", "/groups", {"group": {"name": "intruder", "domain_id": "{domain}"}}),
    Attempt("be trusted by a user who does not know", "identity", "POST", "/OS-TRUST/trusts", {"trust": TRUST}),
    Attempt(
        "turn a token into one for a project",
        "identity",
        "POST",
        "/auth/tokens",
        {"auth": {"identity": TOKEN, "scope": {"project": {"id": "{project}"}}}},
        frozenset({401, 403}),
    ),
)

COMPUTE = (
    Attempt("read a server", "compute", "GET", "/servers/{server}"),
    Attempt("list the servers of all", "compute", "GET", "/servers/detail?all_tenants=True"),
    Attempt("read what was done to a server", "compute", "GET", "/servers/{server}/os-instance-actions"),
    Attempt("read a project's limits", "compute", "GET", "/limits?tenant_id={project}"),
    Attempt("read a project's use", "compute", "GET", "/os-simple-tenant-usage/{project}"),
    Attempt("raise a quota", "compute", "PUT", "/os-quota-sets/{project}", {"quota_set": {"cores": 99}}),
    Attempt("rename a server", "compute", "PUT", "/servers/{server}", {"server": {"name": "intruder"}}),
    Attempt("stop a server", "compute", "POST", "/servers/{server}/action", {"os-stop": None}),
    Attempt("reboot a server", "compute", "POST", "/servers/{server}/action", {"reboot": {"type": "HARD"}}),
    Attempt("rebuild a server", "compute", "POST", "/servers/{server}/action", {"rebuild": {"imageRef": "{tiny_image}"}}),
    Attempt(
        "open a server's console",
        "compute",
        "POST",
        "/servers/{server}/remote-consoles",
        {"remote_console": {"protocol": "vnc", "type": "novnc"}},
    ),
    Attempt("read a server's console", "compute", "POST", "/servers/{server}/action", {"os-getConsoleOutput": {}}),
    Attempt(
        "make an image of a server", "compute", "POST", "/servers/{server}/action", {"createImage": {"name": "intruder"}}
    ),
    Attempt("write a server's metadata", "compute", "POST", "/servers/{server}/metadata", {"metadata": {"a": "b"}}),
    Attempt("delete a server", "compute", "DELETE", "/servers/{server}"),
    Attempt(
        "attach its own volume to a server",
        "compute",
        "POST",
        "/servers/{server}/os-volume_attachments",
        {"volumeAttachment": {"volumeId": "{own_volume}"}},
    ),
    Attempt(
        "attach a volume to its own server",
        "compute",
        "POST",
        "/servers/{own_server}/os-volume_attachments",
        {"volumeAttachment": {"volumeId": "{volume}"}},
        BAD,
    ),
    Attempt(
        "plug its own server into a network",
        "compute",
        "POST",
        "/servers/{own_server}/os-interface",
        {"interfaceAttachment": {"net_id": "{network}"}},
        BAD,
    ),
    Attempt(
        "plug a port into its own server",
        "compute",
        "POST",
        "/servers/{own_server}/os-interface",
        {"interfaceAttachment": {"port_id": "{port}"}},
        BAD,
    ),
    Attempt(
        "give its own server a security group",
        "compute",
        "POST",
        "/servers/{own_server}/action",
        {"addSecurityGroup": {"name": "{group}"}},
        BAD,
    ),
    Attempt("boot on a network", "compute", "POST", "/servers", _server(networks=[{"uuid": "{network}"}]), BAD),
    Attempt("boot on a port", "compute", "POST", "/servers", _server(networks=[{"port": "{port}"}]), BAD),
    Attempt("boot with a volume", "compute", "POST", "/servers", _server(block_device_mapping_v2=[DISK]), BAD),
    Attempt("boot in a security group", "compute", "POST", "/servers", _server(security_groups=[{"name": "{group}"}]), BAD),
    Attempt("boot an image", "compute", "POST", "/servers", _server(imageRef="{image}"), BAD),
    Attempt(
        "read a user's key pairs",
        "compute",
        "GET",
        "/os-keypairs?user_id={user}",
        headers={"X-OpenStack-Nova-API-Version": "2.10"},
    ),
)

NETWORK = (
    Attempt("read a network", "network", "GET", "/networks/{network}"),
    Attempt("read a port", "network", "GET", "/ports/{port}"),
    Attempt("read a security group", "network", "GET", "/security-groups/{group}"),
    Attempt("read a floating address", "network", "GET", "/floatingips/{address}"),
    Attempt("read a quota", "network", "GET", "/quotas/{project}"),
    Attempt("raise a quota", "network", "PUT", "/quotas/{project}", {"quota": {"port": 999}}),
    Attempt("rename a network", "network", "PUT", "/networks/{network}", {"network": {"name": "intruder"}}),
    Attempt("put a port on a network", "network", "POST", "/ports", {"port": {"network_id": "{network}"}}),
    Attempt(
        "put a subnet on a network",
        "network",
        "POST",
        "/subnets",
        {"subnet": {"network_id": "{network}", "ip_version": 4, "cidr": "10.99.0.0/24"}},
        QUOTA_FIRST,
    ),
    Attempt(
        "make a security group for a project",
        "network",
        "POST",
        "/security-groups",
        {"security_group": {"name": "intruder", "project_id": "{project}"}},
        BAD,
    ),
    Attempt("open its own network to all", "network", "PUT", "/networks/{own_network}", {"network": {"shared": True}}),
    Attempt(
        "open its own network to the outside",
        "network",
        "PUT",
        "/networks/{own_network}",
        {"network": {"router:external": True}},
    ),
    Attempt("rename a port", "network", "PUT", "/ports/{port}", {"port": {"name": "intruder"}}),
    Attempt(
        "put its own port into a security group",
        "network",
        "PUT",
        "/ports/{own_port}",
        {"port": {"security_groups": ["{group}"]}},
    ),
    Attempt(
        "join its own router to a subnet",
        "network",
        "PUT",
        "/routers/{own_router}/add_router_interface",
        {"subnet_id": "{subnet}"},
    ),
    Attempt(
        "join its own router to a port",
        "network",
        "PUT",
        "/routers/{own_router}/add_router_interface",
        {"port_id": "{port}"},
    ),
    Attempt(
        "join a router to its own subnet",
        "network",
        "PUT",
        "/routers/{router}/add_router_interface",
        {"subnet_id": "{own_subnet}"},
    ),
    Attempt(
        "take a floating address", "network", "PUT", "/floatingips/{address}", {"floatingip": {"port_id": "{own_port}"}}
    ),
    Attempt(
        "point a floating address of its own at a port",
        "network",
        "POST",
        "/floatingips",
        {"floatingip": {"floating_network_id": "{outside}", "port_id": "{port}"}},
    ),
    Attempt("release a floating address", "network", "DELETE", "/floatingips/{address}"),
    Attempt(
        "let somebody into a security group",
        "network",
        "POST",
        "/security-group-rules",
        {"security_group_rule": {"security_group_id": "{group}", "direction": "ingress", "protocol": "tcp"}},
    ),
    Attempt(
        "let a security group's servers into its own",
        "network",
        "POST",
        "/security-group-rules",
        {"security_group_rule": {"security_group_id": "{own_group}", "direction": "ingress", "remote_group_id": "{group}"}},
    ),
    Attempt("delete a rule", "network", "DELETE", "/security-group-rules/{rule}"),
    Attempt("delete a security group", "network", "DELETE", "/security-groups/{group}"),
    Attempt(
        "share a network with itself",
        "network",
        "POST",
        "/rbac-policies",
        {
            "rbac_policy": {
                "object_type": "network",
                "object_id": "{network}",
                "action": "access_as_shared",
                "target_tenant": "{own_project}",
            }
        },
        BAD,
    ),
    Attempt(
        "share its own network with everybody",
        "network",
        "POST",
        "/rbac-policies",
        {
            "rbac_policy": {
                "object_type": "network",
                "object_id": "{own_network}",
                "action": "access_as_shared",
                "target_tenant": "*",
            }
        },
    ),
    Attempt("delete a port", "network", "DELETE", "/ports/{port}"),
)

_PLACEMENT = {"OpenStack-API-Version": "placement 1.36"}
PLACEMENT = (
    Attempt("list the hosts", "placement", "GET", "/resource_providers", headers=_PLACEMENT),
    Attempt("read a server's place", "placement", "GET", "/allocations/{server}", headers=_PLACEMENT),
    Attempt("free a server's place", "placement", "DELETE", "/allocations/{server}", headers=_PLACEMENT),
    Attempt("read a project's use", "placement", "GET", "/usages?project_id={project}", headers=_PLACEMENT),
)
