"""What is promised for what departments declared."""

from __future__ import annotations

from datetime import timedelta

from monitoring.objectives import build_objectives, load_policy
from tenants.declaration.load import load_departments


def test_every_volume_and_container_has_its_tiers_promise() -> None:
    departments, policy = load_departments(), load_policy()
    objectives = build_objectives(departments, policy)
    assert [(o.department, o.name) for o in objectives[:2]] == [
        ("control-plane", "control-plane"),
        ("control-plane", "images/shared"),
    ]
    declared = {
        (department.slug, f"{project.name}/{item.name}")
        for department in departments
        for project in department.projects
        for item in (*project.volumes, *project.containers)
        if (item.recovery or department.recovery) in policy["tiers"]
    }
    assert {(o.department, o.name) for o in objectives[2:]} == declared
    assert all(timedelta(0) < o.recovery_point < timedelta(days=30) for o in objectives)
    assert all(o.recovery_time > timedelta(0) < o.drill_every for o in objectives)
