"""The declaration of what is in a Keystone project already, and which resource of the stack each thing becomes. Pure.

What a declaration cannot say is left as it is and told by name, with the reason: nothing is dropped silently.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.adopt.holdings import Holdings, ServerDetail
from infra.agreement import Cloud
from infra.inventory.model import Network, Project, SecurityRule, Server, Subnet
from tenants.declaration.catalogue import Catalogue
from tenants.declaration.network import ANYWHERE
from tenants.declaration.words import NAME_PATTERN

AS_GOOD_AS_UNLIMITED = 1_000_000_000
"""What stands in a declaration for a limit that is none."""
_GIB = 1024**3
_LONGEST = 32


@dataclass(frozen=True)
class Left:
    """Something of the project that stays as it is, outside of the declaration, or a note on what was declared."""

    kind: str
    name: str
    why: str


@dataclass
class Adoption:
    """What to write into the declaration, and what each of it is in the cloud."""

    key: str
    """Name of the project in the declaration."""
    project: dict[str, Any] = field(default_factory=dict)
    """The project as the declaration's YAML says it."""
    ids: dict[tuple[str, str], str] = field(default_factory=dict)
    """Pulumi type and name in the stack to the id in the cloud."""
    left: list[Left] = field(default_factory=list)
    notes: list[Left] = field(default_factory=list)


class _Names:
    """Names in the style of declarations, each once."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def give(self, name: str, identifier: str) -> str:
        plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        plain = plain if re.match(r"[a-z]", plain) else f"x-{plain or identifier[:8]}"
        plain = plain[: _LONGEST - 3].strip("-")
        free = next(c for c in (plain, *(f"{plain}-{n}" for n in range(2, 100))) if c not in self._taken)
        self._taken.add(free)
        return free


def build_adoption(cloud: Cloud, held: Holdings, key: str, catalogue: Catalogue, external_network: str) -> Adoption:
    """Give what can be declared of a project, and by name what cannot; ``external_network`` is where addresses are from."""
    return _Builder(cloud, held, key, catalogue, external_network).build()


def _there(found: Any | None) -> Any:
    """Give what was found: its id comes from the same reading."""
    if found is None:
        raise LookupError("what was read refers to something that was not")
    return found


class _Builder:
    def __init__(self, cloud: Cloud, held: Holdings, key: str, catalogue: Catalogue, external_network: str) -> None:
        self._cloud, self._held, self._catalogue, self._external = cloud, held, catalogue, external_network
        self._made = Adoption(key)
        self._project: Project = _there(cloud.one("projects", held.project_id))
        self._networks: dict[str, str] = {}
        self._groups: dict[str, str] = {}
        self._volumes: dict[str, str] = {}
        self._routed: set[str] = set()

    def build(self) -> Adoption:
        made, key = self._made, self._made.key
        made.ids["oneroof:identity:Project", key] = self._project.id
        purpose = self._project.description
        made.project = {
            "name": key,
            "purpose": purpose if len(purpose) <= 200 else "",
            "quota": self._quota(),
            "networks": list(self._declared_networks()),
            "security_groups": list(self._declared_groups()),
            "volumes": list(self._declared_volumes()),
            "containers": list(self._declared_containers()),
            "servers": list(self._declared_servers()),
        }
        self._others()
        return made

    def _inside(self, field_: str) -> list[Any]:
        return [each for each in getattr(self._cloud.found, field_) or () if each.project_id == self._project.id]

    def _leave(self, kind: str, name: str, why: str) -> None:
        self._made.left.append(Left(kind, name, why))

    def _note(self, kind: str, name: str, why: str) -> None:
        self._made.notes.append(Left(kind, name, why))

    def _take(self, type_: str, name: str, identifier: str) -> None:
        self._made.ids[f"oneroof:{type_}", f"{self._made.key}/{name}"] = identifier

    def _quota(self) -> dict[str, Any]:
        """Give the class small and every limit that is another in the cloud."""
        standard = self._catalogue.quota_classes["small"].model_dump()
        quota: dict[str, Any] = {"class": "small"}
        for name, limit in self._held.limits.items():
            told = limit
            if limit == -1:
                told = AS_GOOD_AS_UNLIMITED
                self._note("quota", name, f"is unlimited; {told} stands for it")
            elif name == "containers_gib":
                told = -(-limit // _GIB)
                if limit % _GIB:
                    self._note("quota", name, f"is {limit} bytes, no whole GiB: {told} GiB will stand for it")
            if told != standard[name]:
                quota[name] = told
        for service in {"compute", "block_storage", "network", "object_store"}:
            self._made.ids[f"oneroof:{service}:Quota", self._made.key] = self._project.id
        return quota

    def _declared_networks(self) -> Iterator[dict[str, Any]]:
        names, routers = _Names(), self._inside("routers")
        joined = self._joined(routers)
        for network in self._inside("networks"):
            subnets = self._cloud.subnets_of.get(network.id, [])
            if why := self._unfit_network(network, subnets):
                self._leave("network", network.name, why)
                continue
            name = self._networks[network.id] = names.give(network.name, network.id)
            self._take("network:Network", name, network.id)
            self._take("network:Subnet", name, subnets[0].id)
            internet = subnets[0].id in joined
            if internet:
                self._routed.add(network.id)
            yield {"name": name, "cidr": subnets[0].cidr, **({} if internet else {"internet": False})}

    def _unfit_network(self, network: Network, subnets: list[Subnet]) -> str:
        if network.external or network.shared:
            return "is shared with others or leads outside"
        if len(subnets) != 1:
            return f"has {len(subnets)} subnets, expected one"
        (subnet,) = subnets
        if ":" in subnet.cidr or not subnet.dhcp:
            return f"its subnet {subnet.cidr} is of IPv6 or without DHCP"
        from ipaddress import IPv4Network

        cidr, plan = IPv4Network(subnet.cidr), self._catalogue.addresses
        if cidr.prefixlen < plan.largest_prefix or not any(cidr.subnet_of(part) for part in plan.departments):
            inside = ", ".join(str(part) for part in plan.departments)
            return f"{cidr} is not in the address plan of catalogue.yaml ({inside}, at most /{plan.largest_prefix})"
        return ""

    def _joined(self, routers: list[Any]) -> frozenset[str]:
        """Give the subnets of the one router that can be declared: it leads outside, and joins only its networks."""
        fit = None
        for router in routers:
            outside = self._cloud.one("networks", router.external_network_id or "")
            inner = self._subnets_behind(router.id)
            own = all(s.project_id == self._project.id and not self._unfit_network_of(s) for s in inner)
            if fit is None and outside is not None and outside.name == self._external and inner and own:
                fit = router, frozenset(s.id for s in inner)
                self._made.ids["oneroof:network:Router", self._made.key] = router.id
            elif fit is not None:
                self._leave("router", router.name, f"{fit[0].name} is the project's router already, and one can be declared")
            else:
                why = f"has no gateway to {self._external}, no network, or one that cannot be declared"
                self._leave("router", router.name, why)
        return fit[1] if fit else frozenset()

    def _unfit_network_of(self, subnet: Subnet) -> str:
        network: Network = _there(self._cloud.one("networks", subnet.network_id))
        return self._unfit_network(network, self._cloud.subnets_of.get(subnet.network_id, []))

    def _subnets_behind(self, router_id: str) -> list[Subnet]:
        from ipaddress import ip_address, ip_network

        return [
            subnet
            for port in self._cloud.interfaces.get(router_id, ())
            for subnet in self._cloud.subnets_of.get(port.network_id, ())
            if any(ip_address(address) in ip_network(subnet.cidr) for address in port.addresses)
        ]

    def _declared_groups(self) -> Iterator[dict[str, Any]]:
        every = {group.id: group for group in self._inside("security_groups") if group.name != "default"}
        told = {}
        for group in every.values():
            rules = [self._rule(rule, {g.id: g.name for g in every.values()}) for rule in group.rules]
            wrong = next((rule for rule in rules if isinstance(rule, str)), "")
            outward = sum(1 for rule in rules if rule is None)
            if not re.match(NAME_PATTERN, group.name) or len(group.name) > _LONGEST:
                wrong = "its name is no DNS label of at most 32 characters, and rules refer to it by name"
            elif not wrong and outward != 2:
                wrong = "expected everything to be let out, as by IPv4 and IPv6 alone"
            if wrong:
                self._leave("security group", group.name, wrong)
            else:
                told[group.id] = {"name": group.name, "rules": [rule for rule in rules if rule is not None]}
        names = {each["name"] for each in told.values()}
        for identifier, group in list(told.items()):
            needs = {rule["from"] for rule in group["rules"] if re.match(NAME_PATTERN, rule.get("from", "-"))} - {ANYWHERE}
            if missing := sorted(needs - names):
                self._leave("security group", group["name"], f"lets in {', '.join(missing)}, which cannot be declared")
                del told[identifier]
                continue
            self._groups[identifier] = group["name"]
            self._take("network:SecurityGroup", group["name"], identifier)
            yield group

    def _rule(self, rule: SecurityRule, names: Mapping[str, str]) -> dict[str, Any] | str | None:
        """Give a rule as declared, nothing for one that lets everything out, or what cannot be said of it."""
        if rule.direction == "egress":
            plain = (rule.protocol, rule.port_range_min, rule.remote_ip_prefix, rule.remote_group_id) == (None,) * 4
            return None if plain else "has a rule for what goes out"
        if rule.ether_type != "IPv4" or rule.protocol not in ("tcp", "udp", "icmp"):
            return f"lets in {rule.ether_type} {rule.protocol or 'any protocol'}, expected IPv4 and tcp, udp or icmp"
        if (rule.port_range_min is None) != (rule.protocol == "icmp"):
            return f"lets in {rule.protocol} {'of one type' if rule.protocol == 'icmp' else 'without ports'}"
        said: dict[str, Any] = {"protocol": rule.protocol}
        if rule.port_range_min is not None:
            one = rule.port_range_min == rule.port_range_max
            said["ports"] = rule.port_range_min if one else f"{rule.port_range_min}-{rule.port_range_max}"
        if rule.remote_group_id:
            if rule.remote_group_id not in names:
                return "lets in a security group of another project, or the built-in one"
            return {**said, "from": names[rule.remote_group_id]}
        return said if rule.remote_ip_prefix in (None, "0.0.0.0/0") else {**said, "from": rule.remote_ip_prefix}

    def _declared_volumes(self) -> Iterator[dict[str, Any]]:
        for volume in self._inside("volumes"):
            name = volume.name
            if not re.match(NAME_PATTERN, name) or len(name) > _LONGEST or name in self._volumes.values():
                why = "its name is no DNS label of at most 32 characters, or not its alone: backups find it by name"
                self._leave("volume", name or volume.id, why)
            elif volume.volume_type not in self._catalogue.volume_types:
                self._leave("volume", name, f"its type {volume.volume_type} is not in the catalogue")
            elif volume.status not in ("available", "in-use"):
                self._leave("volume", name, f"is in status {volume.status}")
            else:
                self._volumes[volume.id] = name
                self._take("block_storage:Volume", name, volume.id)
                type_ = {} if volume.volume_type == "standard" else {"type": volume.volume_type}
                yield {"name": name, "size_gib": volume.size_gib, **type_}

    def _declared_containers(self) -> Iterator[dict[str, Any]]:
        for container in self._held.containers:
            if not re.match(NAME_PATTERN, container.name) or len(container.name) > _LONGEST:
                self._leave("container", container.name, "its name is no DNS label of at most 32 characters")
            elif container.read_acl or container.write_acl:
                self._leave("container", container.name, "is shared with others by an access list")
            else:
                self._take("object_store:Container", container.name, f"{self._project.id}/{container.name}")
                yield {"name": container.name}

    def _declared_servers(self) -> Iterator[dict[str, Any]]:
        names = _Names()
        for server in self._inside("servers"):
            detail = self._held.servers[server.id]
            ports = [port for port in self._cloud.found.ports or () if port.device_id == server.id]
            if why := self._unfit_server(server, detail, ports):
                self._leave("server", server.name, why)
                continue
            name = names.give(server.name, server.id)
            self._take("compute:Server", name, server.id)
            said = {
                "name": name,
                "flavor": server.flavor,
                "image": _there(self._cloud.one("images", server.image_id or "")).name,
                "network": self._networks[ports[0].network_id],
                "security_groups": [self._groups[group] for group in ports[0].security_group_ids],
            }
            if detail.volume_ids:
                said["volumes"] = [self._volumes[volume] for volume in detail.volume_ids]
            floating = [a for a in self._cloud.found.floating_addresses or () if a.port_id == ports[0].id]
            if floating and ports[0].network_id in self._routed:
                said["floating_ip"] = True
                self._take("network:FloatingIp", name, floating[0].id)
            if detail.user_data.startswith("#!"):
                said["user_data"] = detail.user_data
            elif detail.user_data:
                self._note(
                    "server", server.name, "its user data is no script: it is not declared, and a server made anew has none"
                )
            if detail.key_name:
                self._note(
                    "server", server.name, f"its key pair {detail.key_name} is not declared, and one made anew has none"
                )
            yield said

    def _unfit_server(self, server: Server, detail: ServerDetail, ports: list[Any]) -> str:
        image = self._cloud.one("images", server.image_id or "")
        if server.status not in ("ACTIVE", "SHUTOFF"):
            return f"is in status {server.status}"
        if server.flavor not in self._catalogue.flavors:
            return f"its flavor {server.flavor} is not in the catalogue"
        if image is None or image.name not in self._catalogue.images:
            return (
                f"boots {'image ' + image.name if image else 'a volume, or an image that is gone'}, not one of the catalogue"
            )
        if len(ports) != 1 or ports[0].network_id not in self._networks:
            return f"has {len(ports)} ports, expected one in a network that can be declared"
        if not ports[0].security_group_ids or any(g not in self._groups for g in ports[0].security_group_ids):
            return "has no security group, or one that cannot be declared"
        if any(volume not in self._volumes for volume in detail.volume_ids):
            return "has a volume that cannot be declared"
        return ""

    def _others(self) -> None:
        """Leave what has no word in a declaration, and what did not find its place."""
        taken = set(self._made.ids.values())
        for address in self._inside("floating_addresses"):
            if address.id not in taken:
                self._leave("floating address", address.address, "leads to no server that can be declared")
        for snapshot in self._inside("snapshots"):
            self._leave("volume snapshot", snapshot.name or snapshot.id, "a declaration knows none")
        for image in self._inside("images"):
            self._leave("image", image.name or image.id, "images are the catalogue's")
        for port in self._inside("ports"):
            if not port.device_owner:
                self._leave("port", ", ".join(port.addresses) or port.id, "a declaration knows none")
        for each in self._cloud.found.role_assignments or ():
            if each.project_id == self._project.id:
                who = self._cloud.one("users" if each.user_id else "groups", each.user_id or each.group_id or "")
                called = f"{each.role} of {who.name if who else each.user_id or each.group_id}"
                self._leave("role", called, "declare it with a group of the department; drift tells it until then")
