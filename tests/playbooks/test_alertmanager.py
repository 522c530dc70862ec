"""Who is told what: the configuration as the role writes it, asked by Alertmanager's own tool."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import jinja2
import pytest

from tenants.installation import repository

TEMPLATE = repository() / "playbooks/roles/alertmanager/templates/etc/prometheus/alertmanager.yml.j2"
DEPARTMENTS = {"health": "https://health.gov.example/alerts", "transport": "https://transport.gov.example/alerts"}


@pytest.fixture(params=[{}, DEPARTMENTS], ids=["operations alone", "two departments"])
def configuration(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    text = jinja2.Environment(trim_blocks=True, autoescape=False).from_string(TEMPLATE.read_text(encoding="utf-8"))  # noqa: S701 — YAML
    file = tmp_path / "alertmanager.yml"
    file.write_text(
        text.render(
            ansible_managed="test",
            alertmanager_webhook="https://operations.gov.example/alerts",
            alertmanager_heartbeat="https://watch.gov.example/alive",
            alertmanager_departments=request.param,
        ),
        encoding="utf-8",
    )
    return file


def amtool(program: Path, *argv: str) -> str:
    done = subprocess.run([program, *argv], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_amtool_agrees_with_the_configuration(configuration: Path, image_program: Callable[[str], Path]) -> None:
    said = amtool(image_program("amtool"), "check-config", str(configuration))
    assert "SUCCESS" in said


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        (["alertname=CloudCoresNearlyFull", "severity=ticket", "site=a"], ["people"]),
        (["alertname=TargetDown", "severity=page"], ["people"]),
        (["alertname=DeadMansSwitch", "severity=heartbeat"], ["heartbeat"]),
        (["alertname=BackupOverdue", "severity=page", "department=health"], ["department-health", "people"]),
        (["alertname=DepartmentServerDown", "severity=page", "department=transport"], ["department-transport", "people"]),
        (["alertname=DepartmentServerDown", "severity=page", "department=parks"], ["people"]),
    ],
    ids=lambda value: "-".join(value),
)
def test_an_alert_reaches_whom_it_concerns(
    labels: list[str], receivers: list[str], configuration: Path, image_program: Callable[[str], Path]
) -> None:
    known = [name for name in receivers if f"name: {name}" in configuration.read_text(encoding="utf-8")]
    told = amtool(image_program("amtool"), "config", "routes", "test", f"--config.file={configuration}", *labels)
    assert told.strip().split(",") == known


def test_a_department_never_hears_of_another(configuration: Path, image_program: Callable[[str], Path]) -> None:
    argv = ("config", "routes", "test", f"--config.file={configuration}", "severity=page", "department=health")
    assert "department-transport" not in amtool(image_program("amtool"), *argv)
