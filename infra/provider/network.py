"""Neutron: networks, subnets, routers, security groups and floating addresses."""

# ruff: noqa: ARG002 - every kind has the same methods, whether it needs each argument or not

from __future__ import annotations

import ipaddress
from typing import Any, ClassVar

from infra.provider.cloud import Cloud
from infra.provider.field import Field, number, text
from infra.provider.kind import Kind, marked, unmarked
from infra.provider.reservation import within_quota
from infra.provider.values import UNKNOWN, Values

RULE_KEYS = ("direction", "ether_type", "protocol", "port_range_min", "port_range_max", "remote_ip_prefix", "remote_group")
"""What tells two rules of a security group apart; a remote group is named, ``self`` is the group the rule is in."""


class _Counted(Kind):
    """What Neutron counts against a limit of its project."""

    def create(self, cloud: Cloud, inputs: Values) -> Any:
        """Create it and give it."""
        return within_quota(cloud, inputs.get("project_id"), lambda: super(_Counted, self).create(cloud, inputs))


class Network(_Counted):
    """A network; an external one carries the provider's attributes."""

    pulumi_type = "oneroof:network:Network"
    service, noun = "network", "network"
    takes_foreign = True
    fields: ClassVar = {
        "name": text(),
        "project_id": text(None, replaces=True),
        "description": text(""),
        "is_router_external": Field(bool, False),
        "is_shared": Field(bool, False),
        "mtu": number(None, least=68),
        "provider_network_type": text(None, replaces=True),
        "provider_physical_network": text(None, replaces=True),
        "provider_segmentation_id": number(None, replaces=True),
    }
    unique_by = ("name", "project_id")

    def find(self, cloud: Cloud, inputs: Values) -> Any | None:
        """Give the network of this name; a private one is not what an external one is looked for as."""
        found = super().find(cloud, inputs)
        same = found is not None and bool(found.is_router_external) == inputs["is_router_external"]
        return found if same else None


class Subnet(_Counted):
    """Addresses of a network."""

    pulumi_type = "oneroof:network:Subnet"
    service, noun = "network", "subnet"
    takes_foreign = True
    fields: ClassVar = {
        "name": text(),
        "network_id": text(replaces=True),
        "project_id": text(None, replaces=True),
        "description": text(""),
        "cidr": text(replaces=True),
        "ip_version": Field(int, 4, replaces=True, rule=lambda version: version in (4, 6), expected="4 or 6"),
        "gateway_ip": text(None),
        "is_dhcp_enabled": Field(bool, True),
        "allocation_pools": Field(list, None, unordered=True),
        "dns_nameservers": Field(list, None),
    }
    unique_by = ("name", "network_id")
    delete_first = True  # Neutron refuses a second subnet with the same range in a network

    def check(self, inputs: Values) -> dict[str, str]:
        """An address range must be one, and hold its gateway."""
        try:
            range_ = ipaddress.ip_network(inputs["cidr"])
        except ValueError as error:
            return {"cidr": f"got {inputs['cidr']!r}, expected an address range such as 10.20.0.0/24 ({error})"}
        gateway = inputs["gateway_ip"]
        if gateway and ipaddress.ip_address(gateway) not in range_:
            return {"gateway_ip": f"got {gateway}, expected an address in {range_}"}
        return {}


class Router(Kind):
    """A router with its gateway and all its interfaces."""

    pulumi_type = "oneroof:network:Router"
    service, noun = "network", "router"
    fields: ClassVar = {
        "name": text(),
        "project_id": text(None, replaces=True),
        "description": text(""),
        "external_network": text(""),
        "subnet_ids": Field(list, (), unordered=True),
    }
    outputs = ("external_address",)
    unique_by = ("name", "project_id")

    def body(self, inputs: Values) -> Values:
        """Leave out what is not the router's own."""
        own = {name: value for name, value in inputs.items() if name not in ("external_network", "subnet_ids")}
        return super().body(own)

    def create(self, cloud: Cloud, inputs: Values) -> Any:
        """Create it with its gateway, then its interfaces one by one: Neutron serialises them anyway."""
        gateway = inputs["external_network"]
        info = {"external_gateway_info": {"network_id": cloud.network_id(gateway)}} if gateway else {}
        network, project = cloud.admin.network, inputs["project_id"]
        router = within_quota(cloud, project, lambda: network.create_router(**self.body(inputs), **info))
        for subnet in inputs["subnet_ids"]:
            _join(cloud, router, subnet)
        return router

    def show(self, cloud: Cloud, resource: Any, state: Values) -> Values:
        """Look at its ports for the interfaces."""
        return self._shown(cloud, resource, _interfaces(cloud, resource.id))

    def show_made(self, cloud: Cloud, resource: Any, inputs: Values) -> Values:
        """Take the interfaces that were added just now."""
        return self._shown(cloud, resource, list(inputs["subnet_ids"]))

    def _shown(self, cloud: Cloud, resource: Any, subnet_ids: list[str]) -> Values:
        info = resource.external_gateway_info or {}
        addresses = [each["ip_address"] for each in info.get("external_fixed_ips", [])]
        return {
            "name": resource.name,
            "project_id": resource.project_id,
            "description": unmarked(resource.description),
            "external_network": cloud.network_name(info["network_id"]) if info else "",
            "subnet_ids": sorted(subnet_ids),
            "external_address": addresses[0] if addresses else "",
        }

    def update(self, cloud: Cloud, identifier: str, state: Values, inputs: Values, changed: set[str]) -> None:
        """Change its gateway, remove interfaces, add interfaces."""
        body = self.body({name: inputs[name] for name in changed})
        if "external_network" in changed:
            gateway = inputs["external_network"]
            body["external_gateway_info"] = {"network_id": cloud.network_id(gateway)} if gateway else {}
        if body:
            cloud.admin.network.update_router(identifier, **body)
        if "subnet_ids" in changed:
            actual, declared = set(_interfaces(cloud, identifier)), set(inputs["subnet_ids"])
            for subnet in sorted(actual - declared):
                cloud.admin.network.remove_interface_from_router(identifier, subnet_id=subnet)
            for subnet in sorted(declared - actual):
                _join(cloud, cloud.admin.network.get_router(identifier), subnet)

    def delete(self, cloud: Cloud, identifier: str, state: Values) -> None:
        """Remove its interfaces, then itself; asks for them only where others than the recorded ones are in the way."""
        from openstack.exceptions import ConflictException, NotFoundException

        try:
            for subnet in state.get("subnet_ids") or ():
                cloud.admin.network.remove_interface_from_router(identifier, subnet_id=subnet)
            super().delete(cloud, identifier, state)
        except (ConflictException, NotFoundException):
            for subnet in _interfaces(cloud, identifier):
                cloud.admin.network.remove_interface_from_router(identifier, subnet_id=subnet)
            super().delete(cloud, identifier, state)


def _join(cloud: Cloud, router: Any, subnet: str) -> None:
    add = cloud.admin.network.add_interface_to_router
    within_quota(cloud, router.project_id, lambda: add(router.id, subnet_id=subnet))


def _interfaces(cloud: Cloud, router_id: str) -> list[str]:
    ports = cloud.admin.network.ports(device_id=router_id)
    inner = (port for port in ports if port.device_owner.startswith("network:router_interface"))
    return [each["subnet_id"] for port in inner for each in port.fixed_ips]


class SecurityGroup(Kind):
    """A security group with all its rules: what is not declared is taken away."""

    pulumi_type = "oneroof:network:SecurityGroup"
    service, noun = "network", "security_group"
    fields: ClassVar = {
        "name": text(),
        "project_id": text(None, replaces=True),
        "description": text(""),
        "rules": Field(list, unordered=True),
    }
    unique_by = ("name", "project_id")

    def check(self, inputs: Values) -> dict[str, str]:
        """Every rule says the same things, so that two can be compared."""
        for rule in inputs["rules"] if inputs["rules"] is not UNKNOWN else ():
            if tuple(sorted(rule)) != tuple(sorted(RULE_KEYS)):
                return {"rules": f"got a rule with {', '.join(sorted(rule))}, expected {', '.join(RULE_KEYS)}"}
        return {}

    def body(self, inputs: Values) -> Values:
        """Leave out the rules, which have a path of their own."""
        return super().body({name: value for name, value in inputs.items() if name != "rules"})

    def create(self, cloud: Cloud, inputs: Values) -> Any:
        """Create it, then make its rules as declared."""
        make = cloud.admin.network.create_security_group
        group = within_quota(cloud, inputs["project_id"], lambda: make(**self.body(inputs)))
        group.security_group_rules = self._converge(cloud, group, inputs["rules"])
        return group

    def show(self, cloud: Cloud, resource: Any, state: Values) -> Values:
        """Give the rules in the order of their text."""
        rules = [_rule(cloud, resource, raw) for raw in resource.security_group_rules]
        shown = {"name": resource.name, "project_id": resource.project_id, "rules": rules}
        return shown | {"description": unmarked(resource.description)}

    def update(self, cloud: Cloud, identifier: str, state: Values, inputs: Values, changed: set[str]) -> None:
        """Rename it, take rules away, add rules."""
        if changed - {"rules"}:
            super().update(cloud, identifier, state, inputs, changed - {"rules"})
        if "rules" in changed:
            self._converge(cloud, cloud.admin.network.get_security_group(identifier), inputs["rules"])

    def _converge(self, cloud: Cloud, group: Any, declared: list[Values]) -> list[Values]:
        """Take rules away, then add rules; give those that are there now, as the service tells them."""
        wanted = {tuple(rule[key] for key in RULE_KEYS): rule for rule in declared}
        kept: list[Values] = []
        for raw in group.security_group_rules:
            actual = _rule(cloud, group, raw)
            if wanted.pop(tuple(actual[key] for key in RULE_KEYS), None) is None:
                cloud.admin.network.delete_security_group_rule(raw["id"])
            else:
                kept.append(raw)
        bodies = []
        for rule in wanted.values():
            remote = rule["remote_group"]
            remote_id = group.id if remote == "self" else _group_id(cloud, group.project_id, remote) if remote else None
            own = {key: value for key, value in rule.items() if key != "remote_group" and value is not None}
            bodies.append({"security_group_id": group.id, "project_id": group.project_id, **own}
                          | ({"remote_group_id": remote_id} if remote_id else {}))  # fmt: skip
        make = cloud.admin.network.create_security_group_rules
        made = within_quota(cloud, group.project_id, lambda: list(make(bodies))) if bodies else []
        return kept + [rule.to_dict() for rule in made]


def _group_id(cloud: Cloud, project_id: str, name: str) -> str:
    return str(cloud.admin.network.find_security_group(name, ignore_missing=False, project_id=project_id).id)


def _rule(cloud: Cloud, group: Any, raw: Values) -> Values:
    remote = raw.get("remote_group_id")
    name = None if remote is None else "self" if remote == group.id else cloud.admin.network.get_security_group(remote).name
    kept = {key: raw.get(key) for key in RULE_KEYS if key not in ("remote_group", "ether_type")}
    return said({**kept, "ether_type": raw.get("ethertype") or raw.get("ether_type"), "remote_group": name})


def said(rule: Values) -> Values:
    """Give a rule as declarations say it: what comes in by IPv4 from nowhere in particular comes from 0.0.0.0/0."""
    anywhere = rule["direction"] == "ingress" and rule["ether_type"] == "IPv4"
    if anywhere and rule["remote_ip_prefix"] is None and rule["remote_group"] is None:
        return {**rule, "remote_ip_prefix": "0.0.0.0/0"}
    return rule


class FloatingIp(Kind):
    """An address of the external network that leads to a port; its name is kept in its description."""

    pulumi_type = "oneroof:network:FloatingIp"
    service, noun, plural = "network", "ip", "ips"
    fields: ClassVar = {
        "name": text(),
        "project_id": text(None, replaces=True),
        "external_network": text(replaces=True),
        "port_id": text(""),
    }
    outputs = ("floating_ip_address", "fixed_ip_address")
    unique_by = ("project_id",)

    @property
    def label(self) -> str:
        """What people call it."""
        return "floating address"

    def body(self, inputs: Values) -> Values:
        """Name it in its description, the only text it has."""
        body: Values = {"description": marked(inputs["name"])} if "name" in inputs else {}
        if "project_id" in inputs:
            body["project_id"] = inputs["project_id"]
        if "port_id" in inputs:
            body["port_id"] = inputs["port_id"] or None
        return body

    def find(self, cloud: Cloud, inputs: Values) -> Any | None:
        """Give the address with this name in its description."""
        if cloud.is_fresh(inputs.get("project_id")):
            return None
        wanted = self.body(inputs)["description"]
        return next((ip for ip in self.listed(cloud, project_id=inputs["project_id"]) if ip.description == wanted), None)

    def create(self, cloud: Cloud, inputs: Values) -> Any:
        """Take an address from the external network."""
        external = cloud.network_id(inputs["external_network"])
        make = cloud.admin.network.create_ip
        return within_quota(cloud, inputs["project_id"], lambda: make(floating_network_id=external, **self.body(inputs)))

    def show(self, cloud: Cloud, resource: Any, state: Values) -> Values:
        """Give the name from the description."""
        return {
            "name": unmarked(resource.description),
            "project_id": resource.project_id,
            "external_network": cloud.network_name(resource.floating_network_id),
            "port_id": resource.port_id or "",
            "floating_ip_address": resource.floating_ip_address,
            "fixed_ip_address": resource.fixed_ip_address or "",
        }


KINDS: tuple[Kind, ...] = (Network(), Subnet(), Router(), SecurityGroup(), FloatingIp())
