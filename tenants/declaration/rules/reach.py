"""Reach: what is to be reachable from outside can be."""

from __future__ import annotations

from collections.abc import Iterator

from tenants.declaration.catalogue import Catalogue
from tenants.declaration.model import Department, Project, Protocol, SecurityRule, Server
from tenants.declaration.rules.finding import Finding


def check(department: Department, catalogue: Catalogue) -> Iterator[Finding]:
    """Check floating addresses and probes of one department."""
    for at, project in enumerate(department.projects):
        joined = {network.name: network.internet for network in project.networks}
        for number, server in enumerate(project.servers):
            place = ("projects", at, "servers", number)
            if server.floating_ip and server.shared_network is not None:
                what = f"got a server of {server.network}, expected a network of the project: another's way out is its own"
                yield Finding(
                    (*place, "floating_ip"), what, "Set floating_ip: false, or put it on a network of the project."
                )
            if server.floating_ip and not joined.get(server.network, True):
                what = f"got a server of network {server.network}, expected a network with internet: true"
                yield Finding((*place, "floating_ip"), what, "Set internet: true there, or floating_ip: false here.")
            if server.probe is None:
                continue
            if not server.floating_ip:
                what = "got a probe of a server without floating address, expected floating_ip: true"
                yield Finding((*place, "probe"), what)
            if server.probe.port not in _OpenPorts(server, project, catalogue):
                what = f"got {server.probe.port}, expected a port that the server's security groups let in"
                hint = f"Add a rule: {{protocol: tcp, ports: {server.probe.port}, from: anywhere}}."
                yield Finding((*place, "probe", "port"), what, hint)


class _OpenPorts:
    """The TCP ports of a server that some address range may reach."""

    def __init__(self, server: Server, project: Project, catalogue: Catalogue) -> None:
        rules: list[SecurityRule] = []
        for group in project.security_groups:
            if group.name in server.security_groups:
                for entry in group.rules:
                    if isinstance(entry, SecurityRule):
                        rules.append(entry)
                    elif entry in catalogue.rule_sets:
                        rules.extend(catalogue.rule_sets[entry].rules)
        self._ranges = [
            rule.port_range
            for rule in rules
            if rule.protocol is Protocol.TCP and rule.port_range and rule.source_cidr is not None
        ]

    def __contains__(self, port: int) -> bool:
        return any(low <= port <= high for low, high in self._ranges)
