"""Machines out of an inventory, as a command line for ssh."""

from __future__ import annotations

from pathlib import Path

import pytest

from backup.remote import find_hosts, load_host
from tenants.installation import Installation
from tenants.problem import UserError

INVENTORY = """\
all:
  vars: {ansible_ssh_common_args: -F /dev/null -o IdentitiesOnly=yes, vault_directory: /srv/vault}
  hosts:
    site-a: {ansible_host: 10.0.0.1}
    site-b: {ansible_host: 10.0.0.2}
  children:
    operations: {hosts: {site-a: }}
    second_site: {children: {vaults: {hosts: {site-b: {vault_directory: /data/vault}}}}}
    computes: {}
"""


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    installation = Installation(tmp_path)
    installation.inventory.parent.mkdir()
    installation.inventory.write_text(INVENTORY)
    return installation


def test_a_host_has_the_variables_of_every_mention(installation: Installation) -> None:
    host = load_host(installation, "vaults")
    assert (host.name, host.address, host.variables["vault_directory"]) == ("site-b", "10.0.0.2", "/data/vault")
    assert load_host(installation, "operations").variables["vault_directory"] == "/srv/vault"


def test_ssh_gets_the_inventory_s_options_first_and_never_asks(installation: Installation) -> None:
    command = load_host(installation, "vaults").command("true")
    assert command.argv[:6] == ("ssh", "-F", "/dev/null", "-o", "IdentitiesOnly=yes", "-i")
    assert command.argv[-2:] == ("root@10.0.0.2", "true")
    assert "BatchMode=yes" in command.argv
    assert "StrictHostKeyChecking=accept-new" in command.argv
    (installation.home / "ssh").mkdir()
    (installation.home / "ssh" / "known_hosts").touch()
    assert "StrictHostKeyChecking=yes" in load_host(installation, "vaults").command("true").argv


def test_a_group_without_machines_is_one_sentence(installation: Installation) -> None:
    assert dict(find_hosts({}, "vaults")) == {}
    with pytest.raises(UserError, match="no machine in group computes"):
        load_host(installation, "computes")
    installation.inventory.unlink()
    with pytest.raises(UserError, match="there is no inventory"):
        load_host(installation, "vaults")
