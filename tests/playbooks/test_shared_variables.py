"""What group_vars/all.yml tells the roles, for one host that is everything and for several controllers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

ALL = Path(__file__).parents[2] / "playbooks/group_vars/all.yml"


def render(expression: str, controllers: int, api_address: str) -> Any:
    hosts = {f"c{number}": {"management_address": f"10.0.0.{number}"} for number in range(1, controllers + 1)}
    variables = {
        **DataLoader().load_from_file(str(ALL), trusted_as_template=True),
        "hostvars": hosts,
        "groups": {group: list(hosts) for group in ("controllers", "computes", "storage")} | {"operations": ["c1"]},
        "inventory_hostname": "c1",
        "management_address": "10.0.0.1",
        "api_address": api_address,
        "secret_rabbitmq_openstack": "PASSWORD",
    }
    return Templar(loader=DataLoader(), variables=variables).template(trust_as_template(f"{{{{ {expression} }}}}"))


@pytest.mark.parametrize(
    ("expression", "one", "three"),
    [
        ("single_host", True, False),
        ("database_address", "127.0.0.1", "127.0.0.1"),
        ("database_tls", "", "&ssl_ca=/etc/ssl/certs/ca-certificates.crt"),
        ("memcached_servers", "127.0.0.1:11211", "127.0.0.1:11221,127.0.0.1:11222,127.0.0.1:11223"),
        ("ovn_northbound", "unix:/var/run/ovn/ovnnb_db.sock", "ssl:10.0.0.1:6641,ssl:10.0.0.2:6641,ssl:10.0.0.3:6641"),
        ("ovn_southbound", "unix:/var/run/ovn/ovnsb_db.sock", "ssl:10.0.0.1:6642,ssl:10.0.0.2:6642,ssl:10.0.0.3:6642"),
        (
            "messaging_url",
            "rabbit://openstack:PASSWORD@127.0.0.1:5672/",
            "rabbit://openstack:PASSWORD@10.0.0.1:5671,openstack:PASSWORD@10.0.0.2:5671,openstack:PASSWORD@10.0.0.3:5671"
            "/?ssl=1&ssl_ca_file=/etc/ssl/certs/ca-certificates.crt",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isidentifier() else "",
)
def test_loopback_on_one_host_and_tls_between_several(expression: str, one: Any, three: Any) -> None:
    assert render(expression, 1, "10.0.0.1") == one
    assert render(expression, 3, "10.0.0.9") == three
