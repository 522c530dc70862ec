"""The installation's other machines over ssh: which they are, and how a command runs there."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from backup.command import Command
from tenants.installation import Installation
from tenants.problem import Problem, UserError


@dataclass(frozen=True)
class Host:
    """A machine and how it is reached."""

    name: str
    address: str
    key: Path
    known_hosts: Path
    user: str = "root"
    options: tuple[str, ...] = ()
    variables: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def command(self, script: str, *, terminal: bool = False) -> Command:
        """Give the ssh command line that runs a shell script there.

        Every word of ``script`` is quoted by its maker (:func:`shlex.join`); secrets go through standard input.
        """
        options = ["BatchMode=yes", "ConnectTimeout=10", "ServerAliveInterval=15", "ServerAliveCountMax=8"]
        # Where the installation knows its machines' keys, no other is taken; else the first one seen is remembered.
        checking = "yes" if self.known_hosts.is_file() else "accept-new"
        options += [f"StrictHostKeyChecking={checking}", f"UserKnownHostsFile={self.known_hosts}", "LogLevel=ERROR"]
        flags = [part for option in options for part in ("-o", option)]
        flags += ["-tt"] if terminal else ["-T"]
        # The inventory's own options come first: ssh keeps the first value that it is told.
        return Command(("ssh", *self.options, "-i", str(self.key), *flags, f"{self.user}@{self.address}", script))


def load_host(installation: Installation, group: str) -> Host:
    """Give the first machine of an inventory's group; raise :class:`UserError` where there is none."""
    file = installation.inventory
    hint = "oneroof lab up makes the lab's; a production site has its own."
    if not file.is_file():
        raise UserError(Problem("there is no inventory", hint, file))
    hosts = dict(find_hosts(yaml.safe_load(file.read_text(encoding="utf-8")) or {}, group))
    if not hosts:
        raise UserError(Problem(f"the inventory has no machine in group {group}", hint, file))
    name, variables = next(iter(hosts.items()))
    key = Path(variables.get("ansible_ssh_private_key_file", installation.home / "ssh" / "id_ed25519"))
    known = installation.home / "ssh" / "known_hosts"
    address, user = str(variables.get("ansible_host", name)), str(variables.get("ansible_user", "root"))
    options = tuple(shlex.split(str(variables.get("ansible_ssh_common_args", ""))))
    return Host(name, address, key, known, user, options, variables)


def find_hosts(inventory: Mapping[str, Any], group: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the machines of a group with their variables, those of ``all`` and of every mention of the machine included."""
    top = inventory.get("all") or {}
    mentions: dict[str, dict[str, Any]] = {}
    members: dict[str, None] = {}

    def walk(name: str, node: Mapping[str, Any], inside: bool) -> None:
        inside = inside or name == group
        for host, variables in (node.get("hosts") or {}).items():
            mentions.setdefault(host, {}).update(variables or {})
            if inside:
                members[host] = None
        for child, below in (node.get("children") or {}).items():
            walk(child, below or {}, inside)

    walk("all", top, False)
    for host in members:
        yield host, {**(top.get("vars") or {}), **mentions[host]}
