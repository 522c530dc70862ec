"""What is left out of a declaration is filled in, and what a project needs of its quota is counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenants.declaration.catalogue import Catalogue
from tenants.declaration.complete import complete
from tenants.declaration.demand import build_demand
from tenants.declaration.load import load_catalogue
from tenants.declaration.model import Department, Environment
from tenants.declaration.show import build_meaning


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.fixture
def forestry() -> Department:
    return complete(
        Department.model_validate(
            {
                "name": "forestry",
                "local_name": "Forestry Bureau",
                "owners": ["it@forestry.gov.example"],
                "cost_centre": "F-1",
                "recovery": "silver",
                "projects": [
                    {
                        "name": "prod",
                        "quota": {"class": "small", "cores": 3},
                        "networks": [
                            {"name": "front", "cidr": "10.20.0.0/24"},
                            {"name": "back", "cidr": "10.20.1.0/24", "internet": False},
                        ],
                        "volumes": [{"name": "a", "size_gib": 2}, {"name": "b", "size_gib": 3, "recovery": "none"}],
                        "containers": [{"name": "c"}],
                        "servers": [
                            {"name": "x", "flavor": "tiny", "image": "tiny", "floating_ip": True},
                            {"name": "y", "flavor": "medium", "image": "debian-12", "network": "back"},
                        ],
                    }
                ],
            }
        )
    )


def test_what_is_left_out_is_filled_in(forestry: Department) -> None:
    (project,) = forestry.projects
    assert project.environment is Environment.PRODUCTION
    assert [(group.name, group.rules) for group in project.security_groups] == [("web", ("http", "https", "ping"))]
    assert [volume.recovery for volume in project.volumes] == ["silver", "none"]
    assert [container.recovery for container in project.containers] == ["silver"]
    assert [(server.network, server.security_groups) for server in project.servers] == [
        ("front", ("web",)),
        ("back", ("web",)),
    ]


def test_a_projects_own_recovery_is_that_of_its_data_and_owners_approve_where_nobody_is_named(forestry: Department) -> None:
    project = forestry.projects[0].model_copy(update={"recovery": "gold", "containers": ()})
    bare = project.volumes[0].model_copy(update={"recovery": ""})
    changed = complete(forestry.model_copy(update={"projects": (project.model_copy(update={"volumes": (bare,)}),)}))
    assert changed.projects[0].volumes[0].recovery == "gold"
    assert forestry.projects[0].recovery == "silver"
    assert forestry.approvers == ("it@forestry.gov.example",)


def test_completing_twice_changes_nothing(forestry: Department) -> None:
    assert complete(forestry) == forestry


def test_a_quota_is_its_class_and_what_differs(forestry: Department, catalogue: Catalogue) -> None:
    limits = catalogue.limits(forestry.projects[0].quota)
    assert limits.cores == 3
    assert limits.model_copy(update={"cores": 8}) == catalogue.quota_classes["small"]


def test_a_security_group_is_its_rules_each_once(catalogue: Catalogue) -> None:
    group = (
        Department.model_validate(
            {
                "name": "a",
                "local_name": "a",
                "owners": ["a@b.example"],
                "cost_centre": "a",
                "projects": [
                    {
                        "name": "p",
                        "security_groups": [
                            {
                                "name": "g",
                                "rules": ["http", {"protocol": "tcp", "ports": 80}, {"protocol": "udp", "ports": "53"}],
                            }
                        ],
                    }
                ],
            }
        )
        .projects[0]
        .security_groups[0]
    )
    assert [(rule.protocol.value, rule.port_range, str(rule.source_cidr)) for rule in catalogue.rules(group)] == [
        ("tcp", (80, 80), "0.0.0.0/0"),
        ("udp", (53, 53), "0.0.0.0/0"),
    ]


def test_the_needs_of_a_project_are_counted(forestry: Department, catalogue: Catalogue) -> None:
    assert build_demand(forestry.projects[0], catalogue).model_dump() == {
        "instances": 2,
        "cores": 3,
        "ram_mib": 256 + 4096,
        "volumes": 2,
        "volume_gib": 5,
        "snapshots": 0,
        "networks": 2,
        "subnets": 2,
        "routers": 1,
        "ports": 2 + 2 + 1,
        "security_groups": 2,
        "security_group_rules": 4 + 2 + 3,
        "floating_ips": 1,
        "containers_gib": 0,
    }


def test_the_meaning_as_json_names_the_clouds_project_its_limits_and_its_needs(
    forestry: Department, catalogue: Catalogue
) -> None:
    (project,) = build_meaning(forestry, catalogue)["projects"]
    assert project["cloud_name"] == "forestry-prod"
    assert project["limits"]["cores"] == 3
    assert project["needs"]["ports"] == 5
    assert project["networks"][0]["cidr"] == "10.20.0.0/24"


def test_models_never_change(forestry: Department) -> None:
    with pytest.raises(ValueError, match="frozen"):
        forestry.name = "other"  # type: ignore[misc]


def test_a_folder_without_catalogue_says_so(tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"catalogue.yaml: cannot be read: No such file"):
        load_catalogue(tmp_path)
