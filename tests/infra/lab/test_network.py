from __future__ import annotations

import json
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from infra.lab.address import Addresses
from infra.lab.network import Network, closed_chains, render_table


def test_the_table_hides_the_machines_behind_the_host_but_not_from_it() -> None:
    network = Network("x", Addresses(IPv4Network("10.90.0.0/16")), IPv4Address("10.90.0.11"), Path("/h"))
    table = render_table(network)
    assert 'ip saddr 10.90.0.0/16 oifname != "lab-x" masquerade' in table
    assert table.startswith("add table ip lab-x\ndelete table ip lab-x\n")


def test_only_chains_that_drop_what_passes_need_an_opening() -> None:
    def chain(table: str, hook: str, policy: str) -> dict[str, object]:
        return {"chain": {"family": "ip", "table": table, "name": table.upper(), "hook": hook, "policy": policy}}

    ruleset = json.dumps(
        {
            "nftables": [
                {"metainfo": {}},
                chain("docker", "forward", "drop"),
                chain("open", "forward", "accept"),
                chain("closed", "input", "drop"),
                {"chain": {"family": "ip", "table": "plain", "name": "p"}},
            ]
        }
    )
    assert closed_chains(ruleset) == (("ip", "docker", "DOCKER"),)
    assert closed_chains("") == ()
