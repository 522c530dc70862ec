"""Every panel asks for what exists, by labels that exist, in words that Prometheus understands."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from monitoring.dashboards.boards import DASHBOARDS, Dashboard, Panel
from monitoring.dashboards.render import build_dashboard, render_dashboard
from tenants.installation import repository

DATA = repository() / "tests" / "monitoring" / "data"
OURS, OTHERS = DATA / "all.prom", DATA / "platform.prom"
RULES = repository() / "monitoring" / "rules"
FROM_SCRAPING = {"instance", "job"}
"""What Prometheus adds to everything."""
NAME = re.compile(r"(?<![\w:])(?:[a-z]+:)?(?:oneroof|node|ceph|mysql|rabbitmq|haproxy)_\w+(?::\w+)?")
BY = re.compile(r"\b(?:by|on)\s*\(([^)]*)\)")
QUESTIONS = [
    pytest.param(dashboard, panel, expression, legend, id=f"{dashboard.uid}: {panel.title} {number}")
    for dashboard in DASHBOARDS
    for panel in dashboard.panels
    for number, (expression, legend) in enumerate(panel.expressions)
]


def measured() -> dict[str, set[str]]:
    """Give the labels of every metric of the golden exposition, of what others tell, and of every recorded one."""
    known: dict[str, set[str]] = {}
    for told in (OURS, OTHERS):
        for family in text_string_to_metric_families(told.read_text(encoding="utf-8")):
            for sample in family.samples:
                known.setdefault(sample.name, set()).update(sample.labels)
    for file in sorted((*RULES.glob("utilisation*.yaml"), *RULES.glob("servers*.yaml"))):
        if file.stem.endswith("_test"):
            continue
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]:
            for rule in group["rules"]:
                by = BY.search(rule["expr"])
                inner = [known[name] for name in NAME.findall(rule["expr"]) if name in known]
                common = set.intersection(*inner) if inner else set()
                labels = {label.strip() for label in by[1].split(",")} if by else common
                known[rule["record"]] = labels
    return known


KNOWN = measured()


@pytest.mark.parametrize(("dashboard", "panel", "expression", "legend"), QUESTIONS)
def test_a_panel_asks_for_what_exists(dashboard: Dashboard, panel: Panel, expression: str, legend: str) -> None:
    names = NAME.findall(expression)
    assert names, f"{dashboard.title}: {panel.title} asks for nothing that is ours"
    assert [name for name in names if name not in KNOWN] == []
    labels = set.intersection(*(KNOWN[name] for name in names)) | FROM_SCRAPING
    asked = {match for selector in re.findall(r"\{([^}]*)\}", expression) for match in re.findall(r"(\w+)\s*[=!]", selector)}
    grouped = {label.strip() for by in BY.findall(expression) for label in by.split(",")}
    shown = set(re.findall(r"\{\{(\w+)\}\}", legend))
    assert asked | grouped | shown <= labels
    if grouped:
        assert shown <= grouped | FROM_SCRAPING


def test_prometheus_understands_every_question(tmp_path: Path, image_program: Callable[[str], Path]) -> None:
    asked = [expression.replace("$department", "health") for *_, expression, _ in (param.values for param in QUESTIONS)]
    rules = [{"record": f"question:{number}", "expr": expression} for number, expression in enumerate(asked)]
    file = tmp_path / "questions.yaml"
    file.write_text(json.dumps({"groups": [{"name": "questions", "rules": rules}]}), encoding="utf-8")
    argv = [image_program("promtool"), "check", "rules", str(file)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda dashboard: dashboard.uid)
def test_a_dashboard_is_whole(dashboard: Dashboard) -> None:
    model = build_dashboard(dashboard)
    assert json.loads(render_dashboard(dashboard)) == model
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in model["panels"]]
    assert len(places) == len(set(places)), "no panel lies on another"
    assert all(panel["fieldConfig"]["defaults"]["unit"] for panel in model["panels"])
    uses_department = any("$department" in expression for panel in dashboard.panels for expression, _ in panel.expressions)
    assert uses_department == dashboard.department
