"""Each mistake in the shape of a declaration is one sentence: where, what was found, what was expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenants.declaration.load import load_departments
from tenants.problem import UserError

PROJECT = "projects:\n  - name: prod\n"


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (
            "projects:\n  - name: Prod\n",
            "6: projects[0].name: got Prod, expected lower-case letters, digits and hyphens, starting with a letter and "
            "not ending with a hyphen\n  HINT: Write prod.",
        ),
        (
            PROJECT + "    volumes: [{name: data, size_gib: '2 GiB'}]\n",
            "7: projects[0].volumes[0].size_gib: got 2 GiB, expected a whole number"
            "\n  HINT: Write 2, without quotation marks or a unit.",
        ),
        (
            PROJECT + "    volumes: data\n",
            "7: projects[0].volumes: got data, expected a list\n  HINT: Write [data].",
        ),
        (
            PROJECT + "    containers: [{name: a, recovery：gold}]\n",
            "7: projects[0].containers[0].recovery：gold: got the full-width ： in a key, expected one of lifecycle, name, "
            "quota, recovery, versioning\n  HINT: Type YAML's own marks with the input method switched to half width.",
        ),
        (PROJECT + "    quota: {cores: -4}\n", "7: projects[0].quota.cores: got -4, expected a whole number of at least 0"),
        (PROJECT + "    quota: {cores: many}\n", "7: projects[0].quota.cores: got many, expected a whole number"),
        (PROJECT + "    quota: {cores: 1.5}\n", "7: projects[0].quota.cores: got 1.5, expected a whole number"),
        (PROJECT + "    quota: {cores: true}\n", "7: projects[0].quota.cores: got true, expected a whole number"),
        (PROJECT + "    quota: [small]\n", "7: projects[0].quota: got a list, expected a mapping"),
        (PROJECT + "    purpose: 12\n", '7: projects[0].purpose: got 12, expected text\n  HINT: Put it in quotes: "12".'),
        (
            PROJECT + "    networks:\n      - {name: a, cidr: 10.20.0.5/24}\n",
            "8: projects[0].networks[0].cidr: got 10.20.0.5/24, expected an address range such as 10.20.4.0/24"
            "\n  HINT: Did you mean 10.20.0.0/24?",
        ),
        (
            PROJECT + "    networks:\n      - {name: a, cidr: 10.20.0.0/24, internet: yes}\n",
            "8: projects[0].networks[0].internet: got yes, expected true or false\n  HINT: Write true.",
        ),
        (
            PROJECT + "    enviroment: test\n",
            "7: projects[0].enviroment: got an unknown key, expected one of blueprints, containers, databases, "
            "environment, floating_ips, images, name, networks, purpose, quota, recovery, security_groups, servers, volumes"
            "\n  HINT: Did you mean environment?",
        ),
        (
            PROJECT + "    environment: testing\n",
            "7: projects[0].environment: got testing, expected production, test or development\n  HINT: Did you mean test?",
        ),
        (
            PROJECT + "    security_groups: [{name: web, rules: [{protocol: icmp, ports: 3}]}]\n",
            "7: projects[0].security_groups[0].rules[0]: got ports 3 with protocol icmp, expected no ports",
        ),
        (
            PROJECT + "    security_groups: [{name: web, rules: [{protocol: tcp}]}]\n",
            "7: projects[0].security_groups[0].rules[0]: got no ports, expected ports such as 443 with protocol tcp",
        ),
        (
            PROJECT + "    security_groups: [{name: web, rules: [{protocol: tcp, ports: 90-80}]}]\n",
            "7: projects[0].security_groups[0].rules[0].ports: got 90-80, "
            "expected ports between 1 and 65535, the lower one first",
        ),
        (
            PROJECT + "    servers: [{name: a, flavor: tiny, image: tiny, user_data: apt install}]\n",
            "7: projects[0].servers[0].user_data: got apt install, expected a script whose first line starts with #!, "
            "or #cloud-config",
        ),
        (
            PROJECT + "    servers: [{name: a, flavor: tiny, image: tiny, user_data: '#cloud-config'}]\n",
            "7: projects[0].servers[0].user_data: got #cloud-config without keys, "
            "expected a mapping such as packages: [nginx]",
        ),
        (
            PROJECT + "    servers:\n      - name: a\n        flavor: tiny\n        image: tiny\n"
            "        user_data: |\n          #cloud-config\n          packages: [nginx\n",
            "11: projects[0].servers[0].user_data: got #cloud-config that is not YAML in its line 3, "
            "expected a mapping such as packages: [nginx]",
        ),
        (
            PROJECT + f"    servers: [{{name: a, flavor: tiny, image: tiny, user_data: '#!{'x' * 49_000}'}}]\n",
            "7: projects[0].servers[0].user_data: got 49002 bytes, expected at most 49000",
        ),
        (
            PROJECT + "    containers: [{name: a, quota: {}}]\n",
            "7: projects[0].containers[0].quota: got a quota without limits, expected size_mib, objects or both",
        ),
        (
            PROJECT + "    containers: [{name: a, quota: {size_mib: 0}}]\n",
            "7: projects[0].containers[0].quota.size_mib: got 0, expected a whole number of at least 1",
        ),
        ("code: h/1\n", "5: code: got h/1, expected a code of capital letters, digits and hyphens such as 11-0210"),
        ("contacts: [{for: alarms}]\n", "5: contacts[0]: got neither mailbox nor phone, expected at least one of them"),
        (
            "contacts: [{for: alarms, phone: call me}]\n",
            "5: contacts[0].phone: got call me, expected a telephone number such as +86 10 5550 0100",
        ),
        ("approvers: [nobody]\n", "5: approvers[0]: got nobody, expected a mailbox such as it@health.gov.example"),
        (
            PROJECT + "    servers: [{name: a, flavor: tiny, image: tiny, probe: {}}]\n",
            "7: projects[0].servers[0].probe.expect: got nothing, expected a value\n  HINT: Text the answer must hold.",
        ),
        (  # that size_gib is missing is the same mistake
            PROJECT + "    volumes: [{name: a, size: 1}]\n",
            "7: projects[0].volumes[0].size: got an unknown key, expected one of name, recovery, size_gib, type"
            "\n  HINT: Did you mean size_gib?",
        ),
        (
            PROJECT + "    volumes: [{name: a, size_gib: 0}]\n",
            "7: projects[0].volumes[0].size_gib: got 0, expected a whole number of at least 1",
        ),
        (
            "groups: [{name: Operators}]\n",
            "5: groups[0].name: got Operators, expected lower-case letters, digits and hyphens, starting with a letter "
            "and not ending with a hyphen\n  HINT: Write operators.",
        ),
        ("users:\n", "5: users: got nothing, expected a list\n  HINT: Give a value, or leave the key out."),
        ("recovery: " + "x" * 40 + "\n", "5: recovery: got 40 characters, expected at most 32"),
    ],
)
def test_one_mistake_is_one_sentence(problems, body: str, sentence: str) -> None:
    (problem,) = problems(forestry=body)
    assert str(problem).split("forestry.yaml:", 1)[1] == sentence


def test_what_must_be_told_is_named(directory: Path) -> None:
    (directory / "forestry.yaml").write_text("name: forestry\nowners: []\n")
    with pytest.raises(UserError) as caught:
        load_departments(directory)
    assert [problem.what for problem in caught.value.problems] == [
        "cost_centre: got nothing, expected a value",
        "local_name: got nothing, expected a value",
        "owners: got 0 entries, expected at least 1",
    ]


def test_a_mailbox_looks_like_one(directory: Path) -> None:
    (directory / "forestry.yaml").write_text("name: forestry\nlocal_name: F\ncost_centre: F\nowners: [nobody]\n")
    with pytest.raises(UserError) as caught:
        load_departments(directory)
    (problem,) = caught.value.problems
    assert problem.what == "owners[0]: got nobody, expected a mailbox such as it@health.gov.example"


def test_the_models_own_field_names_are_unknown_keys(problems) -> None:
    (problem,) = problems(forestry=PROJECT + "    quota: {quota_class: small}\n")
    assert "projects[0].quota.quota_class: got an unknown key" in problem.what


def test_all_mistakes_of_all_files_come_at_once_sorted_by_place(problems, directory: Path) -> None:
    (directory / "catalogue.yaml").write_text("flavors: []\n")
    found = problems(beaches="recovery: []\nusers: 3\n", archives="unknown: 1\n")
    places = [(problem.file.name, problem.line) for problem in found if problem.file]
    assert places == sorted(places)
    assert {name for name, _ in places} == {"archives.yaml", "beaches.yaml", "catalogue.yaml"}
    assert ("beaches.yaml", 5) in places
    assert ("beaches.yaml", 6) in places


def test_a_yml_file_and_a_missing_folder_are_named(directory: Path) -> None:
    (directory / "forestry.yml").write_text("")
    with pytest.raises(UserError, match=r"forestry.yml: the file name ends in .yml, expected .yaml"):
        load_departments(directory)
    with pytest.raises(UserError, match="there is no such folder"):
        load_departments(directory / "nowhere")
