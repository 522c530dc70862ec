"""The benchmark's departments, as each side is told them: declarations for oneroof, a configuration for Terraform. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

PORTS = (22, 80, 443)
LIMITS: Mapping[str, Mapping[str, int]] = {
    "compute": {"instances": 10, "cores": 20, "ram": 51200},
    "block_storage": {"volumes": 20, "gigabytes": 500, "snapshots": 20},
    "network": {"networks": 10, "routers": 4, "floating_ips": 10},
}
"""The three quotas; Neutron's in openstacksdk's words."""
CHANGED_CORES = 21
ROLE = "member"
_OTHER_LIMITS = {"subnets": 10, "ports": 100, "security_groups": 10, "security_group_rules": 100}
_THIRD = 96
"""The networks are 10.23.96.0/24 and on: inside the sample's address plan."""


def slug(prefix: str, number: int) -> str:
    """Give the name of one department.

    >>> slug("bench", 3)
    'bench-003'
    """
    return f"{prefix}-{number:03}"


def cidr(number: int) -> str:
    """Give the address range of one department's network; the hundredth begins anew, as ranges of projects may."""
    return f"10.23.{_THIRD + number % 100}.0/24"


def build_catalogue(sample: Mapping[str, Any]) -> dict[str, Any]:
    """Give a catalogue that adds the benchmark's class; it leaves object space out, as the benchmark has three quotas."""
    quotas = LIMITS["compute"] | LIMITS["block_storage"] | LIMITS["network"] | _OTHER_LIMITS
    words = {"ram": "ram_mib", "gigabytes": "volume_gib"}
    limits = {words.get(name, name): value for name, value in quotas.items()}
    return {**sample, "quota_classes": {**sample["quota_classes"], "bench": limits}}


def build_declaration(name: str, number: int, *, cores: int = LIMITS["compute"]["cores"]) -> dict[str, Any]:
    """Give one department for oneroof: a project with all there is in it, a group with a role, a user in the group."""
    project = {
        "name": "prod",
        "quota": {"class": "bench", "cores": cores},
        "networks": [{"name": "front", "cidr": cidr(number)}],
        "security_groups": [{"name": "open", "rules": [{"protocol": "tcp", "ports": port} for port in PORTS]}],
    }
    return {
        "name": name,
        "local_name": f"Benchmark {number}",
        "owners": ["it@bench.gov.example"],
        "cost_centre": "B-0",
        "projects": [project],
        "groups": [{"name": "staff", "roles": {"prod": ROLE}}],
        "users": [{"name": "operator", "groups": ["staff"]}],
    }


def build_bare_declaration(name: str) -> dict[str, Any]:
    """Give a department that has one project and nothing in it."""
    whole = build_declaration(name, 0)
    project = {"name": "prod", "quota": {"class": "bench"}, "security_groups": []}
    return {**whole, "projects": [project], "groups": [], "users": []}


_TERRAFORM_HEAD = """\
terraform {
  required_providers {
    openstack = { source = "terraform-provider-openstack/openstack" }
  }
}

provider "openstack" {}

data "openstack_networking_network_v2" "outside" {
  name = "%(external)s"
}

data "openstack_identity_role_v3" "role" {
  name = "%(role)s"
}
"""
_OF_DEPARTMENT = """
resource "openstack_identity_project_v3" "%(id)s_domain" {
  name      = "%(name)s"
  is_domain = true
}

resource "openstack_identity_project_v3" "%(id)s_project" {
  name      = "%(name)s-prod"
  domain_id = openstack_identity_project_v3.%(id)s_domain.id
}

resource "openstack_identity_group_v3" "%(id)s" {
  name      = "staff"
  domain_id = openstack_identity_project_v3.%(id)s_domain.id
}

resource "openstack_identity_user_v3" "%(id)s" {
  name      = "operator"
  domain_id = openstack_identity_project_v3.%(id)s_domain.id
  password  = "%(password)s"
}

resource "openstack_identity_role_assignment_v3" "%(id)s_group" {
  group_id   = openstack_identity_group_v3.%(id)s.id
  project_id = openstack_identity_project_v3.%(id)s_project.id
  role_id    = data.openstack_identity_role_v3.role.id
}

resource "openstack_identity_role_assignment_v3" "%(id)s_user" {
  user_id    = openstack_identity_user_v3.%(id)s.id
  project_id = openstack_identity_project_v3.%(id)s_project.id
  role_id    = data.openstack_identity_role_v3.role.id
}

resource "openstack_compute_quotaset_v2" "%(id)s" {
  project_id = openstack_identity_project_v3.%(id)s_project.id
  instances  = %(instances)d
  cores      = %(cores)d
  ram        = %(ram)d
}

resource "openstack_blockstorage_quotaset_v3" "%(id)s" {
  project_id = openstack_identity_project_v3.%(id)s_project.id
  volumes    = %(volumes)d
  gigabytes  = %(gigabytes)d
  snapshots  = %(snapshots)d
}

resource "openstack_networking_quota_v2" "%(id)s" {
  project_id = openstack_identity_project_v3.%(id)s_project.id
  network    = %(networks)d
  router     = %(routers)d
  floatingip = %(floating_ips)d
}

resource "openstack_networking_network_v2" "%(id)s" {
  name      = "front"
  tenant_id = openstack_identity_project_v3.%(id)s_project.id
}

resource "openstack_networking_subnet_v2" "%(id)s" {
  name       = "front"
  network_id = openstack_networking_network_v2.%(id)s.id
  tenant_id  = openstack_identity_project_v3.%(id)s_project.id
  cidr       = "%(cidr)s"
}

resource "openstack_networking_router_v2" "%(id)s" {
  name                = "prod"
  tenant_id           = openstack_identity_project_v3.%(id)s_project.id
  external_network_id = data.openstack_networking_network_v2.outside.id
}

resource "openstack_networking_router_interface_v2" "%(id)s" {
  router_id = openstack_networking_router_v2.%(id)s.id
  subnet_id = openstack_networking_subnet_v2.%(id)s.id
}

resource "openstack_networking_secgroup_v2" "%(id)s" {
  name      = "open"
  tenant_id = openstack_identity_project_v3.%(id)s_project.id
}
"""
_OF_PORT = """
resource "openstack_networking_secgroup_rule_v2" "%(id)s_%(port)d" {
  security_group_id = openstack_networking_secgroup_v2.%(id)s.id
  tenant_id         = openstack_identity_project_v3.%(id)s_project.id
  direction         = "ingress"
  ethertype         = "IPv4"
  protocol          = "tcp"
  port_range_min    = %(port)d
  port_range_max    = %(port)d
  remote_ip_prefix  = "0.0.0.0/0"
}
"""


def render_terraform(names: Sequence[str], *, external: str, password: str, first_cores: int) -> str:
    """Give the same departments as a Terraform configuration; the first one's quota of cores is told apart."""
    parts = [_TERRAFORM_HEAD % {"external": external, "role": ROLE}]
    for number, name in enumerate(names):
        limits = {**LIMITS["compute"], **LIMITS["block_storage"], **LIMITS["network"]}
        limits["cores"] = first_cores if number == 0 else limits["cores"]
        values = {"id": name.replace("-", "_"), "name": name, "cidr": cidr(number), "password": password, **limits}
        parts.append(_OF_DEPARTMENT % values)
        parts += [_OF_PORT % {**values, "port": port} for port in PORTS]
    return "".join(parts)
