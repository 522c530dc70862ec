"""Each rule that goes beyond the shape of a declaration, by the sentence it ends in."""

from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path

import pytest

from tenants.declaration.load import load_departments
from tenants.declaration.rules.addresses import free_ranges, next_free
from tenants.problem import UserError

SERVER = "    servers: [{name: a, flavor: tiny, image: tiny%s}]\n"
NETWORK = "    networks: [{name: front, cidr: 10.20.0.0/24}]\n"
PROJECT = "projects:\n  - name: prod\n"
PROD = PROJECT + NETWORK


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        # names
        (PROJECT + "  - name: prod\n", "7: projects[1].name: got prod, expected a name that projects[0] does not have"),
        (
            PROJECT + "    volumes: [{name: a, size_gib: 1}, {name: a, size_gib: 1}]\n",
            "7: projects[0].volumes[1].name: got a, expected a name that volumes[0] does not have",
        ),
        (
            PROJECT + "    security_groups: [{name: default}]\n",
            "7: projects[0].security_groups[0].name: got default, expected another name: "
            "each project has a built-in group of this name",
        ),
        # references
        (
            "recovery: golden\n",
            "5: recovery: got golden, expected a recovery tier of the catalogue: none, bronze, silver or gold"
            "\n  HINT: Did you mean gold?",
        ),
        (
            PROJECT + "    quota: smal\n",
            "7: projects[0].quota: got smal, expected a quota class of the catalogue: small, medium or large"
            "\n  HINT: Did you mean small?",
        ),
        (
            PROJECT + "    volumes: [{name: a, size_gib: 1, type: fast}]\n",
            "7: projects[0].volumes[0].type: got fast, expected a volume type of the catalogue: standard",
        ),
        (
            PROJECT + "    containers: [{name: a, recovery: tape}]\n",
            "7: projects[0].containers[0].recovery: got tape, expected a recovery tier of the catalogue: "
            "none, bronze, silver or gold",
        ),
        (
            PROJECT + "    security_groups: [{name: web, rules: [htp]}]\n",
            "7: projects[0].security_groups[0].rules[0]: got htp, expected a rule set of the catalogue: "
            "ping, http, https or ssh\n  HINT: Did you mean http?",
        ),
        (
            PROJECT + "    security_groups: [{name: web, rules: [{protocol: tcp, ports: 1, from: wep}]}]\n",
            "7: projects[0].security_groups[0].rules[0].from: got wep, expected anywhere, an address range such as "
            "10.20.4.0/24, or web\n  HINT: Did you mean web?",
        ),
        (
            PROD + "    servers: [{name: a, flavor: tinny, image: tiny}]\n",
            "8: projects[0].servers[0].flavor: got tinny, expected a flavor of the catalogue: tiny, small, medium or large"
            "\n  HINT: Did you mean tiny?",
        ),
        (
            PROD + "    servers: [{name: a, flavor: small, image: debian}]\n",
            "8: projects[0].servers[0].image: got debian, expected an image of the catalogue: tiny or debian-12"
            "\n  HINT: Did you mean debian-12?",
        ),
        (
            PROD + "    servers: [{name: a, flavor: tiny, image: tiny, network: fornt}]\n",
            "8: projects[0].servers[0].network: got fornt, expected a network of the project: front"
            "\n  HINT: Did you mean front?",
        ),
        (
            PROJECT + SERVER % "",
            "7: projects[0].servers[0].network: got nothing, expected a network of the project, which has none",
        ),
        (
            PROD + SERVER % ", security_groups: [wed]",
            "8: projects[0].servers[0].security_groups[0]: got wed, expected a security group of the project: web"
            "\n  HINT: Did you mean web?",
        ),
        (
            PROD + SERVER % ", volumes: [data]",
            "8: projects[0].servers[0].volumes[0]: got data, expected a volume of the project, which has none",
        ),
        (
            PROD
            + "    volumes: [{name: v, size_gib: 1}]\n"
            + "    servers:\n      - {name: a, flavor: tiny, image: tiny, volumes: [v]}\n"
            + "      - {name: b, flavor: tiny, image: tiny, volumes: [v]}\n",
            "11: projects[0].servers[1].volumes[0]: got v, which server a has already, expected a volume of its own",
        ),
        (
            PROJECT + "groups: [{name: o, roles: {prod: mamber}}]\n",
            "7: groups[0].roles.prod: got mamber, expected a role of the catalogue: reader, member or manager"
            "\n  HINT: Did you mean member?",
        ),
        (
            PROJECT + "groups: [{name: o, roles: {prd: member}}]\n",
            "7: groups[0].roles.prd: got prd, expected a project of the department: prod\n  HINT: Did you mean prod?",
        ),
        (
            PROJECT
            + "    security_groups:\n"
            + "      - {name: a, rules: [{protocol: tcp, ports: 1, from: b}, {protocol: icmp, from: a}]}\n"
            + "      - {name: b, rules: [{protocol: tcp, ports: 2, from: a}]}\n",
            "8: projects[0].security_groups[0].rules: got a circle of groups that let each other in: a → b → a, "
            "expected an end to it\n  HINT: Let one of them name an address range.",
        ),
        (
            PROJECT + "    recovery: tape\n    volumes: [{name: a, size_gib: 1}]\n",
            "7: projects[0].recovery: got tape, expected a recovery tier of the catalogue: none, bronze, silver or gold",
        ),
        (
            PROD + SERVER % ", user_data: '#cloud-config\n\n        packages: [nginx]\n\n        '",
            "8: projects[0].servers[0].user_data: got #cloud-config for image tiny, which has no cloud-init, "
            "expected a script that starts with #!\n  HINT: Images with cloud-init: debian-12.",
        ),
        # placeholders
        (
            "contacts: [{for: TODO, mailbox: it@a.example}]\n",
            "5: contacts[0].for: got TODO, expected your own words in place of the placeholder",
        ),
        (
            PROJECT + "    containers: [{name: a, versioning: true}, {name: a-versions}]\n",
            "7: projects[0].containers[0].versioning: got true, but there is a container a-versions already, "
            "expected that name to be free\n  HINT: Its old versions are kept under that name.",
        ),
        (
            PROJECT + "    containers: [{name: a, quota: {size_mib: 51201}}]\n",
            "7: projects[0].containers[0].quota.size_mib: got 51201, expected at most 51200: the project has 50 GiB",
        ),
        # reach
        (
            PROJECT
            + "    networks: [{name: front, cidr: 10.20.0.0/24, internet: false}]\n"
            + SERVER % ", floating_ip: true",
            "8: projects[0].servers[0].floating_ip: got a server of network front, expected a network with internet: true"
            "\n  HINT: Set internet: true there, or floating_ip: false here.",
        ),
        (
            PROD + SERVER % ", probe: {expect: x}",
            "8: projects[0].servers[0].probe: got a probe of a server without floating address, expected floating_ip: true",
        ),
        (
            PROD + SERVER % ", floating_ip: true, probe: {expect: x, port: 8080}",
            "8: projects[0].servers[0].probe.port: got 8080, expected a port that the server's security groups let in"
            "\n  HINT: Add a rule: {protocol: tcp, ports: 8080, from: anywhere}.",
        ),
        (
            PROD + SERVER % ", floating_ip: yes",
            "8: projects[0].servers[0].floating_ip: got yes, expected true or false\n  HINT: Write true.",
        ),
        (
            PROD + SERVER % ", floating_ip: front",
            "8: projects[0].servers[0].floating_ip: got front, expected true or false"
            "\n  HINT: Names are those of the project's floating_ips.",
        ),
        (
            PROD + "    floating_ips: [{name: front}]\n    servers:\n"
            "      - {name: a, flavor: tiny, image: tiny, floating_ip: front}\n"
            "      - {name: b, flavor: tiny, image: tiny, floating_ip: front}\n",
            "11: projects[0].servers[1].floating_ip: got front, which server a has already, expected one of its own",
        ),
        (
            PROD + "    floating_ips: [{name: front}, {name: front}]\n",
            "8: projects[0].floating_ips[1].name: got front, expected a name that floating_ips[0] does not have",
        ),
        # people
        (
            PROJECT + "groups: [{name: o, roles: {prod: reader}}]\nusers: [{name: x}]\n",
            "8: users[0].groups: got none, expected at least one group, or x may do nothing",
        ),
        (
            "users: [{name: x, groups: [o]}]\n",
            "5: users[0].groups[0]: got o, expected a group, but there is none",
        ),
        (
            "groups: [{name: o}]\n",
            "5: groups[0].roles: got none, expected a role on at least one project, or o may do nothing",
        ),
        (
            PROJECT + "groups: [{name: o, directory: staff, roles: {prod: reader}}]\n",
            "7: groups[0].directory: got staff, expected a directory of the catalogue, which has none",
        ),
        (
            PROJECT + "groups: [{name: o, called: Staff, roles: {prod: reader}}]\n",
            "7: groups[0]: got called Staff without a directory, expected the directory that calls it so",
        ),
        (
            "recovery: platinum\n" + PROJECT + "    volumes: [{name: a, size_gib: 1}]\n    containers: [{name: b}]\n",
            "5: recovery: got platinum, expected a recovery tier of the catalogue: none, bronze, silver or gold",
        ),
        # addresses
        (
            PROJECT + "    networks: [{name: a, cidr: 10.90.0.0/24}]\n",
            "7: projects[0].networks[0].cidr: got 10.90.0.0/24, expected a range inside 10.20.0.0/14"
            "\n  HINT: The address plan is in catalogue.yaml.",
        ),
        (
            PROJECT + "    networks: [{name: a, cidr: 10.20.0.0/30}]\n",
            "7: projects[0].networks[0].cidr: got /30, expected a size between /20 and /28",
        ),
    ],
)
def test_one_broken_rule_is_one_sentence(problems, body: str, sentence: str) -> None:
    (problem,) = problems(forestry=body)
    assert str(problem).split("forestry.yaml:", 1)[1] == sentence


@pytest.mark.parametrize(
    ("quota", "declared", "sentence"),
    [
        ("instances: 0", SERVER % "", "quota.instances: got 0, expected at least 1"),
        ("cores: 0", SERVER % "", "quota.cores: got 0, expected at least 1"),
        ("ram_mib: 255", SERVER % "", "quota.ram_mib: got 255, expected at least 256"),
        ("volumes: 0", "    volumes: [{name: a, size_gib: 1}]\n", "quota.volumes: got 0, expected at least 1"),
        ("volume_gib: 4", "    volumes: [{name: a, size_gib: 5}]\n", "quota.volume_gib: got 4, expected at least 5"),
        ("networks: 0", "", "quota.networks: got 0, expected at least 1"),
        ("subnets: 0", "", "quota.subnets: got 0, expected at least 1"),
        ("routers: 0", "", "quota.routers: got 0, expected at least 1"),
        ("ports: 2", SERVER % "", "quota.ports: got 2, expected at least 3"),
        ("security_groups: 1", "", "quota.security_groups: got 1, expected at least 2"),
        ("security_group_rules: 8", "", "quota.security_group_rules: got 8, expected at least 9"),
        ("floating_ips: 0", SERVER % ", floating_ip: true", "quota.floating_ips: got 0, expected at least 1"),
        (
            "floating_ips: 1",
            "    floating_ips: [{name: f}, {name: g}]\n" + SERVER % ", floating_ip: f",
            "quota.floating_ips: got 1, expected at least 2",
        ),
    ],
)
def test_a_quota_covers_what_is_declared(problems, quota: str, declared: str, sentence: str) -> None:
    (problem,) = problems(forestry=PROD + f"    quota: {{{quota}}}\n" + declared)
    assert problem.line == 8
    assert problem.what.startswith(f"projects[0].{sentence}: what project prod declares needs it")
    assert problem.hint.startswith(f"Set {quota.split(':')[0]}: ")


def test_a_server_has_the_memory_and_disk_its_image_needs(problems) -> None:
    memory, disk = sorted(
        problem.what for problem in problems(forestry=PROD + "    servers: [{name: a, flavor: tiny, image: debian-12}]\n")
    )
    assert memory.endswith("got tiny with 1 GiB of disk, expected at least 3 GiB for image debian-12")
    assert disk.endswith("got tiny with 256 MiB, expected at least 512 MiB for image debian-12")


def test_the_file_is_called_as_the_department(directory: Path) -> None:
    (directory / "forest.yaml").write_text("name: forestry\nlocal_name: F\nowners: [a@b.example]\ncost_centre: F\n")
    with pytest.raises(UserError, match=r"forest.yaml:1: name: got forestry, expected forest, as the file is called"):
        load_departments(directory)


def test_a_name_of_the_cloud_is_no_department(problems) -> None:
    (problem,) = problems(default="")
    assert problem.what == "name: got default, expected a name that the cloud does not use itself"


def test_two_projects_of_the_cloud_are_never_called_the_same(problems) -> None:
    (problem,) = problems(health="projects: [{name: care-web}]\n", health_care="projects: [{name: web}]\n")
    assert problem.file
    assert problem.file.name == "health.yaml"
    assert (
        problem.what
        == "projects[0].name: got care-web, which makes health-care-web, as a project of health-care is called already"
    )


def test_a_directory_keeps_the_members_of_its_groups(problems) -> None:
    group = "groups: [{name: o, directory: staff, roles: {prod: reader}}]\n"
    *_, problem = problems(archives=PROJECT + group + "users: [{name: x, groups: [o]}]\n")
    assert str(problem).endswith(
        "8: users[0].groups[0]: got o, whose members directory staff keeps, expected a group of the department's own"
    )


def test_a_code_is_of_one_department(problems) -> None:
    (problem,) = problems(archives="code: A-1\n", beaches="code: A-1\n")
    assert str(problem).endswith(
        "beaches.yaml:5: code: got A-1, which is the code of archives already, expected one of its own"
    )


def test_networks_of_two_departments_never_overlap_and_a_free_range_is_told(problems) -> None:
    first = PROJECT + "    networks: [{name: a, cidr: 10.20.0.0/23}]\n"
    second = PROJECT + "    networks:\n      - {name: b, cidr: 10.20.4.0/24}\n      - {name: c, cidr: 10.20.1.0/24}\n"
    (problem,) = problems(archives=first, beaches=second)
    assert str(problem).split("beaches.yaml:")[1] == (
        "9: projects[0].networks[1].cidr: got 10.20.1.0/24, which overlaps 10.20.0.0/23 of archives/prod/a (archives.yaml), "
        "expected a range of its own\n  HINT: 10.20.2.0/24 is free."
    )


def test_an_overlap_is_found_past_a_smaller_range_in_between(problems) -> None:
    cidrs = ("10.20.0.0/20", "10.20.2.0/24", "10.20.8.0/24")
    networks = "".join(f"      - {{name: n{at}, cidr: {cidr}}}\n" for at, cidr in enumerate(cidrs))
    found = problems(archives=PROJECT + "    quota: medium\n    networks:\n" + networks)
    assert [problem.line for problem in found] == [10, 11]
    assert all("overlaps 10.20.0.0/20 of archives/prod/n0" in problem.what for problem in found)


@pytest.mark.parametrize(
    ("taken", "prefix", "free"),
    [
        ([], 24, "10.20.0.0/24"),
        (["10.20.0.0/24", "10.20.2.0/24"], 24, "10.20.1.0/24"),
        (["10.20.0.0/24", "10.20.2.0/24"], 23, None),
        (["10.20.0.0/24"], 23, "10.20.2.0/23"),
        (["10.20.0.0/28"], 24, "10.20.1.0/24"),
        (["10.20.0.0/22"], 22, None),
        (["10.0.0.0/8"], 24, None),
        ([], 21, None),
    ],
)
def test_the_first_free_range_is_found(taken: list[str], prefix: int, free: str | None) -> None:
    found = next_free([IPv4Network("10.20.0.0/22")], [IPv4Network(cidr) for cidr in taken], prefix)
    assert (str(found) if found else None) == free


def test_an_open_port_of_a_rule_of_ones_own_satisfies_a_probe(problems) -> None:
    rules = "    security_groups: [{name: app, rules: [{protocol: tcp, ports: 8000-8010, from: 10.20.0.0/14}]}]\n"
    assert problems(forestry=PROD + rules + SERVER % ", floating_ip: true, probe: {expect: x, port: 8005}") == ()


@pytest.mark.parametrize(
    ("taken", "free"),
    [
        ((), ["10.0.0.0/22"]),
        (("10.0.0.0/22",), []),
        (("10.0.0.0/16",), []),
        (("10.0.1.0/24", "10.0.1.128/25"), ["10.0.0.0/24", "10.0.2.0/23"]),
        (("10.0.3.0/24", "9.0.0.0/8"), ["10.0.0.0/23", "10.0.2.0/24"]),
    ],
)
def test_what_nobody_has_is_told_as_the_fewest_ranges(taken: tuple[str, ...], free: list[str]) -> None:
    found = free_ranges([IPv4Network("10.0.0.0/22")], [IPv4Network(cidr) for cidr in taken])
    assert [str(part) for part in found] == free
