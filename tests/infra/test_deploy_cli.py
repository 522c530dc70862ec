"""What ``--limit`` and ``--tags`` may name is checked before Ansible starts."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

import oneroof
from infra.deploy_cli import known_hosts, unknown_words
from tenants.problem import UserError

INVENTORY = {
    "all": {
        "vars": {"api_address": "10.88.0.11"},
        "children": {"controllers": {"hosts": {"site-a": None}}, "vaults": {"hosts": {"site-b": {"ansible_host": "b"}}}},
    }
}


def test_groups_and_hosts_of_any_depth_are_known() -> None:
    assert known_hosts(INVENTORY) == ("all", "controllers", "localhost", "site-a", "site-b", "vaults")
    assert known_hosts({}) == ()


def test_every_unknown_name_is_one_sentence() -> None:
    with pytest.raises(UserError) as raised:
        unknown_words("site-a,nosuch,vaults:gone", known_hosts(INVENTORY), "--limit")
    assert [problem.what for problem in raised.value.problems] == [
        "--limit: got nosuch, expected one of: all, controllers, site-a, site-b, vaults",
        "--limit: got gone, expected one of: all, controllers, site-a, site-b, vaults",
    ]


@pytest.mark.parametrize("told", ["site-a", "controllers,!site-a", "site-*", "controllers:&vaults", "", "localhost"])
def test_names_and_patterns_of_ansible_pass(told: str) -> None:
    unknown_words(told, known_hosts(INVENTORY), "--limit")


def test_every_tag_and_limit_that_was_told_counts() -> None:
    done = CliRunner().invoke(oneroof.cli, ["deploy", "--tags", "nosuch", "--tags", "vault", "--tags", "never-heard,backup"])
    assert done.exit_code == 2
    assert "--tags: got nosuch" in done.output
    assert "--tags: got never-heard" in done.output
