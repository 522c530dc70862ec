"""The installation's machines: which its Ansible inventory names, and how ssh reaches each.

Read are YAML inventories with plain values, as ``oneroof lab up`` writes and the playbooks' README shows: no INI, no host
ranges, no templates in ssh's settings, no ``group_vars`` folder beside the inventory.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tenants.installation import Installation
from tenants.problem import Problem, UserError

ALL = "all"
"""Ansible's group of every machine."""


@dataclass(frozen=True)
class Machine:
    """A machine, what the inventory tells of it, and what ssh needs to get there."""

    name: str
    address: str
    key: Path
    known_hosts: Path
    user: str = "root"
    options: tuple[str, ...] = ()
    """ssh's options that the inventory tells."""
    variables: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def ssh(self, script: str, *, terminal: bool = False) -> tuple[str, ...]:
        """Give the command line that runs a shell script there.

        Every word of ``script`` is quoted by its maker (:func:`shlex.join`); secrets go through standard input.
        """
        # Where the installation knows its machines' keys, no other is taken; else the first one seen is remembered.
        own = ssh_options(self.key, self.known_hosts, only_known=self.known_hosts.is_file())
        # The inventory's own options come first: ssh keeps the first value that it is told.
        return ("ssh", *self.options, *own, "-tt" if terminal else "-T", f"{self.user}@{self.address}", script)


def ssh_options(key: Path, known_hosts: Path, *, only_known: bool) -> tuple[str, ...]:
    """Give ssh's options for one key and one list of machines' keys: it never asks, and a dead machine is noticed."""
    settings = {
        "BatchMode": "yes",
        "ConnectTimeout": "10",
        "ServerAliveInterval": "15",
        "ServerAliveCountMax": "8",
        "StrictHostKeyChecking": "yes" if only_known else "accept-new",
        "UserKnownHostsFile": str(known_hosts),
        "LogLevel": "ERROR",
    }
    return ("-i", str(key), *(word for name, value in settings.items() for word in ("-o", f"{name}={value}")))


def load_machines(installation: Installation, group: str) -> tuple[Machine, ...]:
    """Give the machines of an inventory's group in its order; raise :class:`UserError` where there is none."""
    file = installation.inventory
    hint = "oneroof lab up makes the lab's; a production site has its own."
    if not file.is_file():
        raise installation.absent()
    found = find_machines(yaml.safe_load(file.read_text(encoding="utf-8")) or {}, group)
    machines = tuple(_build(name, variables, installation) for name, variables in found)
    if not machines:
        raise UserError(Problem(f"the inventory has no machine in group {group}", hint, file))
    return machines


def load_machine(installation: Installation, group: str) -> Machine:
    """Give the first machine of an inventory's group; raise :class:`UserError` where there is none."""
    return load_machines(installation, group)[0]


def find_machines(inventory: Mapping[str, Any], group: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the machines of a group with their variables: those of their groups, the outermost first, then their own."""
    groups: dict[str, _Group] = {ALL: _Group()}
    for name, node in inventory.items():
        _gather(name, node, 0, groups)
    # what a group nearer to the machine says holds; ``sorted`` keeps the inventory's order among equals
    layers = [(g.variables, _members(name, groups)) for name, g in sorted(groups.items(), key=lambda item: item[1].depth)]
    for machine in _members(group, groups):
        variables: dict[str, Any] = {}
        for told, members in layers:
            if machine in members:
                variables |= told
        for each in groups.values():
            variables |= each.machines.get(machine, {})
        yield machine, variables


@dataclass
class _Group:
    """All mentions of one group together."""

    machines: dict[str, dict[str, Any]] = field(default_factory=dict)
    children: dict[str, None] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    depth: int = 0


def _gather(name: str, node: Mapping[str, Any] | None, depth: int, groups: dict[str, _Group]) -> None:
    group, node = groups.setdefault(name, _Group()), node or {}
    group.depth = max(group.depth, 0 if name == ALL else max(depth, 1))
    for machine, variables in (node.get("hosts") or {}).items():
        group.machines.setdefault(machine, {}).update(variables or {})
    group.variables.update(node.get("vars") or {})
    for child, below in (node.get("children") or {}).items():
        group.children[child] = None
        _gather(child, below, depth + 1, groups)


def _members(name: str, groups: Mapping[str, _Group]) -> dict[str, None]:
    """Give the machines of a group and of the groups inside it, in the inventory's order."""
    if name == ALL:
        return dict.fromkeys(machine for group in groups.values() for machine in group.machines)
    members: dict[str, None] = {}
    reached = dict.fromkeys([name])
    waiting = [name]
    while waiting:
        group = groups.get(waiting.pop(0), _Group())
        members |= dict.fromkeys(group.machines)
        new = [child for child in group.children if child not in reached]
        reached |= dict.fromkeys(new)
        waiting += new
    return members


def _build(name: str, variables: Mapping[str, Any], installation: Installation) -> Machine:
    ssh = installation.home / "ssh"
    port = variables.get("ansible_port")
    options = shlex.split(str(variables.get("ansible_ssh_common_args", "")))
    return Machine(
        name=name,
        address=str(variables.get("ansible_host", name)),
        key=Path(variables.get("ansible_ssh_private_key_file", ssh / "id_ed25519")),
        known_hosts=ssh / "known_hosts",
        user=str(variables.get("ansible_user", "root")),
        options=(*options, *(("-p", str(port)) if port else ())),
        variables=variables,
    )
