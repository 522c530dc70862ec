"""A rule, its test and its runbook are a triple; none of the three may be missing."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tenants.installation import repository

RULES = repository() / "monitoring" / "rules"
RUNBOOKS = repository() / "runbooks" / "alerts"
FILES = sorted(file for file in RULES.glob("*.yaml") if not file.stem.endswith("_test"))
SEVERITIES = {"page", "ticket", "heartbeat"}
NAME = re.compile(r"\b(?:\w+:)?oneroof_\w+(?::\w+)?")
SECTIONS = ["## Meaning", "## Impact", "## Diagnosis", "## Mitigation"]


def rules(file: Path) -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]]


def alerts(file: Path) -> list[dict[str, Any]]:
    return [rule for rule in rules(file) if "alert" in rule]


RECORDED = {rule["record"] for file in FILES for rule in rules(file) if "record" in rule}
ALERTS = [pytest.param(file, rule, id=rule["alert"]) for file in FILES for rule in alerts(file)]


@pytest.mark.parametrize(("file", "rule"), ALERTS)
def test_an_alert_says_how_urgent_it_is_and_what_to_do(file: Path, rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in SEVERITIES, f"{file.name}: severity must be one of {sorted(SEVERITIES)}"
    assert rule["annotations"]["summary"]
    assert rule["annotations"]["description"]
    assert rule["annotations"]["runbook"] == f"runbooks/alerts/{rule['alert']}.md"


@pytest.mark.parametrize(("file", "rule"), ALERTS)
def test_an_alert_has_a_runbook_with_every_section(file: Path, rule: dict[str, Any]) -> None:
    runbook = RUNBOOKS / f"{rule['alert']}.md"
    assert runbook.is_file(), f"write {runbook.relative_to(repository())} for the alert of {file.name}"
    lines = runbook.read_text(encoding="utf-8").splitlines()
    assert lines[0] == f"# {rule['alert']}"
    assert [line for line in lines if line.startswith("## ")] == SECTIONS
    for section in SECTIONS:
        assert lines[lines.index(section) + 1].strip(), f"{runbook.name}: {section} is empty"


@pytest.mark.parametrize(("file", "rule"), ALERTS)
def test_an_alert_is_tried_firing(file: Path, rule: dict[str, Any]) -> None:
    tests = yaml.safe_load(file.with_name(f"{file.stem}_test.yaml").read_text(encoding="utf-8"))["tests"]
    tried = [case for test in tests for case in test["alert_rule_test"] if case["alertname"] == rule["alert"]]
    assert any(case.get("exp_alerts") for case in tried), f"{file.stem}_test.yaml never lets {rule['alert']} fire"


def test_no_runbook_is_left_over() -> None:
    known = {param.values[1]["alert"] for param in ALERTS}
    assert {file.stem for file in RUNBOOKS.glob("*.md")} == known


def test_rules_speak_of_metrics_that_are_exported() -> None:
    golden = (repository() / "tests" / "monitoring" / "data" / "all.prom").read_text(encoding="utf-8")
    exported = set(re.findall(r"^# TYPE (oneroof_\w+)", golden, re.MULTILINE))
    named = {name for file in FILES for rule in rules(file) for name in NAME.findall(str(rule["expr"]))}
    assert {name for name in named if ":" in name} - RECORDED == set()
    assert {name.removesuffix("_total") for name in named if ":" not in name} - {
        n.removesuffix("_total") for n in exported
    } == set()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_is_recorded_is_tried(file: Path) -> None:
    tests = file.with_name(f"{file.stem}_test.yaml").read_text(encoding="utf-8")
    read_by_others = " ".join(str(rule["expr"]) for rule in rules(file))
    recorded = {rule["record"] for rule in rules(file) if "record" in rule}
    assert {name for name in recorded if name not in tests and name not in read_by_others} == set()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_promtool_agrees(file: Path, image_program: Callable[[str], Path]) -> None:
    promtool = image_program("promtool")
    for command in (["check", "rules", file.name], ["test", "rules", f"{file.stem}_test.yaml"]):
        done = subprocess.run([promtool, *command], cwd=RULES, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
