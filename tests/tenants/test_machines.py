"""Machines out of an inventory, as a command line for ssh."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tenants.installation import Installation
from tenants.machines import find_machines, load_machine, load_machines
from tenants.problem import UserError

INVENTORY = """\
all:
  vars: {ansible_ssh_common_args: -F /dev/null -o IdentitiesOnly=yes, vault_directory: /srv/vault, region: north}
  hosts:
    site-a: {ansible_host: 10.0.0.1, ansible_port: 2222}
    site-b: {ansible_host: 10.0.0.2}
  children:
    operations: {hosts: {site-a: }}
    second_site:
      vars: {region: south, vault_directory: /never}
      children: {vaults: {hosts: {site-b: }, vars: {vault_directory: /data/vault}}}
    computes: {}
"""


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    installation = Installation(tmp_path)
    installation.inventory.parent.mkdir()
    installation.inventory.write_text(INVENTORY)
    return installation


def test_a_machine_has_the_variables_of_every_mention_and_the_nearest_group_wins(installation: Installation) -> None:
    vault = load_machine(installation, "vaults")
    assert (vault.name, vault.address) == ("site-b", "10.0.0.2")
    assert (vault.variables["vault_directory"], vault.variables["region"]) == ("/data/vault", "south")
    assert load_machine(installation, "operations").variables["vault_directory"] == "/srv/vault"
    assert [machine.name for machine in load_machines(installation, "all")] == ["site-a", "site-b"]


def test_a_machines_own_word_is_the_last() -> None:
    inventory = {"all": {"children": {"vaults": {"hosts": {"b": {"user": "own"}}, "vars": {"user": "group"}}}}}
    assert dict(find_machines(inventory, "vaults")) == {"b": {"user": "own"}}


def test_a_group_may_be_told_elsewhere_than_where_it_is_used() -> None:
    inventory = yaml.safe_load(
        "{operations: {children: {controllers: }}, controllers: {hosts: {a: {ansible_host: 10.0.0.9}}}}"
    )
    assert dict(find_machines(inventory, "operations")) == {"a": {"ansible_host": "10.0.0.9"}}


def test_ssh_gets_the_inventorys_options_first_and_never_asks(installation: Installation) -> None:
    argv = load_machine(installation, "vaults").ssh("true")
    assert argv[:6] == ("ssh", "-F", "/dev/null", "-o", "IdentitiesOnly=yes", "-i")
    assert argv[-3:] == ("-T", "root@10.0.0.2", "true")
    assert "BatchMode=yes" in argv
    assert "-p" not in argv
    argv = load_machine(installation, "operations").ssh("top", terminal=True)
    assert argv[5:7] == ("-p", "2222")
    assert argv[-3:] == ("-tt", "root@10.0.0.1", "top")


def test_once_keys_are_known_no_other_is_taken(installation: Installation) -> None:
    assert "StrictHostKeyChecking=accept-new" in load_machine(installation, "vaults").ssh("true")
    (installation.home / "ssh").mkdir()
    (installation.home / "ssh" / "known_hosts").touch()
    assert "StrictHostKeyChecking=yes" in load_machine(installation, "vaults").ssh("true")


def test_a_group_without_machines_is_one_sentence(installation: Installation) -> None:
    assert dict(find_machines({}, "vaults")) == {}
    with pytest.raises(UserError, match="no machine in group computes"):
        load_machine(installation, "computes")
    installation.inventory.unlink()
    with pytest.raises(UserError, match="there is no installation in"):
        load_machine(installation, "vaults")
