"""Departments and policy to jobs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backup.plan import CONTROL_PLANE, SHARED_IMAGES, Dump, Expectation, build_jobs, select_jobs, spread_start
from backup.policy import load_policy
from backup.records import Source
from tenants.declaration.kept import Engine
from tenants.declaration.model import Department
from tenants.problem import UserError

POLICY = load_policy()
AUTHORITY = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
HEALTH = {
    "name": "health",
    "local_name": "Health",
    "owners": ["it@health.gov.example"],
    "cost_centre": "H-1",
    "recovery": "gold",
    "projects": [
        {
            "name": "prod",
            "volumes": [
                {"name": "portal", "size_gib": 1},
                {"name": "archive", "size_gib": 1, "recovery": "bronze"},
                {"name": "scratch", "size_gib": 1, "recovery": "none"},
            ],
            "containers": [{"name": "bulletins"}],
            "servers": [
                {
                    "name": "portal",
                    "flavor": "tiny",
                    "image": "tiny",
                    "volumes": ["portal", "archive"],
                    "probe": {"path": "/news/", "expect": "Health"},
                }
            ],
        }
    ],
}


def department(**changes: object) -> Department:
    return Department.model_validate(HEALTH | changes)


def test_everything_with_a_tier_becomes_a_job() -> None:
    jobs = build_jobs([department()], POLICY)
    assert [(j.department, j.source, j.name, j.tier) for j in jobs] == [
        (CONTROL_PLANE, Source.CONTROL_PLANE, CONTROL_PLANE, POLICY.control_plane),
        (CONTROL_PLANE, Source.IMAGE, SHARED_IMAGES, POLICY.shared_images),
        ("health", Source.VOLUME, "prod/portal", "gold"),
        ("health", Source.VOLUME, "prod/archive", "bronze"),
        ("health", Source.CONTAINER, "prod/bulletins", "gold"),
    ]
    assert (jobs[2].project, jobs[2].item) == ("prod", "portal")


def test_images_and_databases_are_jobs_and_a_database_says_how_it_is_dumped_and_no_command() -> None:
    project = HEALTH["projects"][0] | {  # type: ignore[index,operator]
        "images": [{"name": "base", "recovery": "silver"}],
        "databases": [
            {"name": "registry", "server": "portal", "schemas": ["registry"], "user": "backup", "authority": AUTHORITY}
        ],
    }
    jobs = {j.name: j for j in build_jobs([department(projects=[project])], POLICY)}
    assert (jobs["prod/base"].source, jobs["prod/base"].tier) == (Source.IMAGE, "silver")
    assert (jobs["prod/registry"].source, jobs["prod/registry"].tier) == (Source.DATABASE, "gold")
    assert jobs["prod/registry"].dump == Dump(Engine.MARIADB, "portal", 3306, ("registry",), "backup", AUTHORITY)


def test_a_drill_knows_what_the_server_shows_from_its_first_volume() -> None:
    jobs = {j.name: j for j in build_jobs([department()], POLICY)}
    assert jobs["prod/portal"].expectation == Expectation("/www/news/index.html", "Health")
    assert jobs["prod/archive"].expectation is None


def test_the_spread_is_the_same_every_day_and_within_the_tier() -> None:
    for name, tier in POLICY.tiers.items():
        starts = {spread_start(f"department-{n}", name, tier) for n in range(200)}
        assert all(timedelta(0) <= start < tier.every for start in starts)
        assert len(starts) > 50, "departments must not meet"
        assert starts == {spread_start(f"department-{n}", name, tier) for n in range(200)}
    assert spread_start("health", "gold", POLICY.tiers["gold"]) == timedelta(hours=2, minutes=1)


def test_an_unknown_tier_and_a_taken_name_are_one_sentence_each() -> None:
    with pytest.raises(UserError) as caught:
        build_jobs([department(recovery="platinum"), department(name=CONTROL_PLANE)], POLICY)
    said = [p.what for p in caught.value.problems]
    assert "health: volume prod/portal: got recovery platinum, expected one of bronze, silver, gold" in said
    assert "a department cannot be called control-plane, the name of the cloud's own backup" in said


def test_jobs_are_chosen_by_department_and_tier() -> None:
    jobs = build_jobs([department(), department(name="transport", recovery="silver")], POLICY)
    assert select_jobs(jobs, ()) == jobs
    assert {j.department for j in select_jobs(jobs, ["transport"])} == {"transport"}
    assert {j.department for j in select_jobs(jobs, [], control_plane=True)} == {CONTROL_PLANE}
    assert [j.name for j in select_jobs(jobs, ["health"], tier="bronze")] == ["prod/archive"]
    with pytest.raises(UserError, match=r"helth: there is nothing to back up .*\n.*health, transport"):
        select_jobs(jobs, ["helth"])
