"""The lab's network on the host: a bridge, one nftables table, one route; made as often as one likes, removed whole."""

from __future__ import annotations

import json
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from infra.lab.address import Addresses
from infra.lab.command import run
from tenants.problem import Problem, UserError

_FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")


@dataclass(frozen=True)
class Network:
    """What one lab has on the host's side."""

    lab: str
    addresses: Addresses
    gateway: IPv4Address
    """The machine that the external network lies behind."""
    owner: Path
    """The lab's home, written on the bridge: whose it is."""
    mtu: int = 1500

    @property
    def bridge(self) -> str:
        """Name of the bridge; also that of the nftables table."""
        return bridge_name(self.lab)


def bridge_name(lab: str) -> str:
    """Name a lab's bridge: the kernel allows 15 characters."""
    return f"lab-{lab}"


def owner_of(bridge: str) -> str | None:
    """Tell what is written on a bridge; None where there is no such device."""
    found = run(["ip", "-json", "link", "show", "dev", bridge], accept=(0, 1)).stdout
    return str(json.loads(found)[0].get("ifalias", "")) if found.strip() else None


def set_up(network: Network) -> None:
    """Make the network what it must be, whatever half of it is there; raises :class:`UserError` for another's bridge."""
    bridge, addresses = network.bridge, network.addresses
    owner = owner_of(bridge)
    if owner is not None and owner != str(network.owner):
        raise UserError(
            Problem(
                f"the device {bridge} is there already and belongs to {owner or 'somebody else'}, expected {network.owner}",
                hint=f"choose another lab name, or remove it: ip link delete {bridge}",
            )
        )
    if owner is None:
        run(["ip", "link", "add", bridge, "type", "bridge"])
        run(["ip", "link", "set", bridge, "alias", str(network.owner)])
    run(["ip", "address", "replace", f"{addresses.host}/{addresses.management.prefixlen}", "dev", bridge])
    run(["ip", "link", "set", bridge, "mtu", str(network.mtu), "up"])
    run(["ip", "route", "replace", str(addresses.external), "via", str(network.gateway), "dev", bridge])
    run(["nft", "-f", "-"], stdin=render_table(network))
    _pass_closed_chains(network)
    if _FORWARDING.read_text().strip() != "1":
        _FORWARDING.write_text("1\n")


def tear_down(lab: str, owner: Path) -> None:
    """Remove the bridge (its addresses and routes go with it) and every rule; another's bridge is left alone."""
    bridge = bridge_name(lab)
    found = owner_of(bridge)
    if found is not None and found != str(owner):
        return
    if found is not None:
        run(["ip", "link", "delete", bridge], accept=(0, 1))
    _remove_passes(bridge)
    # "add" first: deleting a table that is not there is an error
    run(["nft", "-f", "-"], stdin=f"add table ip {bridge}\ndelete table ip {bridge}\n")


def render_table(network: Network) -> str:
    """Render the nftables table: the machines reach the world as the host, with packets that its uplink takes."""
    name, whole = network.bridge, network.addresses.network
    return f"""\
add table ip {name}
delete table ip {name}
table ip {name} {{
    chain out {{
        type nat hook postrouting priority srcnat;
        ip saddr {whole} oifname != "{name}" masquerade
    }}
    chain through {{
        type filter hook forward priority mangle;
        ip saddr {whole} tcp flags syn tcp option maxseg size set rt mtu
        ip daddr {whole} tcp flags syn tcp option maxseg size set rt mtu
    }}
}}
"""


def closed_chains(ruleset: str) -> tuple[tuple[str, str, str], ...]:
    """Find, in ``nft --json list ruleset``, chains of other software (Docker, ufw) that drop by default what passes."""
    chains = [item["chain"] for item in json.loads(ruleset or '{"nftables": []}')["nftables"] if "chain" in item]
    return tuple(
        (chain["family"], chain["table"], chain["name"])
        for chain in chains
        if chain.get("hook") == "forward" and chain.get("policy") == "drop" and chain["family"] in ("ip", "inet")
    )


def _pass_closed_chains(network: Network) -> None:
    """Let the lab's packets through them: a drop anywhere is final, so an accept in our own table would not do."""
    _remove_passes(network.bridge)
    for family, table, chain in closed_chains(run(["nft", "--json", "list", "ruleset"]).stdout):
        for end in ("saddr", "daddr"):
            passing = f'ip {end} {network.addresses.network} accept comment "{network.bridge}"'
            run(["nft", "-f", "-"], stdin=f"insert rule {family} {table} {chain} {passing}")


def _remove_passes(bridge: str) -> None:
    listed = json.loads(run(["nft", "--json", "--handle", "list", "ruleset"]).stdout or '{"nftables": []}')["nftables"]
    for rule in (item["rule"] for item in listed if "rule" in item):
        if rule.get("comment") == bridge:
            run(["nft", "delete", "rule", rule["family"], rule["table"], rule["chain"], "handle", str(rule["handle"])])
