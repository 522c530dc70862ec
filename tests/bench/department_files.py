"""The benchmark's departments, as each side is told them: declarations for oneroof, a configuration for Terraform. Pure."""

from __future__ import annotations

from collections.abc import Mapping
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


TERRAFORM = """\
terraform {
  required_providers {
    openstack = { source = "terraform-provider-openstack/openstack" }
  }
}

provider "openstack" {}

variable "prefix" { type = string }
variable "departments" { type = number }
variable "external_network" { type = string }
variable "first_cores" { type = number }

locals {
  number = { for n in range(var.departments) : format("%s-%03d", var.prefix, n) => n }
  rule = merge([for name in keys(local.number) : { for port in PORTS : "${name}-${port}" => { of = name, port = port } }]...)
}

data "openstack_networking_network_v2" "outside" {
  name = var.external_network
}

data "openstack_identity_role_v3" "role" {
  name = "ROLE"
}

resource "openstack_identity_project_v3" "domain" {
  for_each  = local.number
  name      = each.key
  is_domain = true
}

resource "openstack_identity_project_v3" "project" {
  for_each  = local.number
  name      = "${each.key}-prod"
  domain_id = openstack_identity_project_v3.domain[each.key].id
}

resource "openstack_identity_group_v3" "group" {
  for_each  = local.number
  name      = "staff"
  domain_id = openstack_identity_project_v3.domain[each.key].id
}

resource "random_free_password" "unused" {
  count = 0
}
"""
