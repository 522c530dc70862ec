"""From panels to Grafana's JSON model.

https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/
"""

from __future__ import annotations

import json
from typing import Any

from monitoring.dashboards.boards import Dashboard, Panel

_WIDTH, _HEIGHT = 12, 8  # of Grafana's 24 columns: two panels a row
_SOURCE = {"type": "prometheus", "uid": "${source}"}


def render_dashboard(dashboard: Dashboard) -> str:
    """Give the JSON that Grafana imports."""
    return json.dumps(build_dashboard(dashboard), indent=1, ensure_ascii=False) + "\n"


def build_dashboard(dashboard: Dashboard) -> dict[str, Any]:
    """Give the model."""
    variables: list[dict[str, Any]] = [
        {"name": "source", "type": "datasource", "query": "prometheus", "label": "Prometheus"}
    ]
    if dashboard.department:
        variables.append(
            {
                "name": "department",
                "type": "query",
                "datasource": _SOURCE,
                "query": {"query": "label_values(oneroof_usage_cores, department)", "refId": "departments"},
                "refresh": 2,
                "sort": 1,
            }
        )
    return {
        "uid": dashboard.uid,
        "title": dashboard.title,
        "tags": ["oneroof"],
        "schemaVersion": 37,
        "timezone": "browser",
        "refresh": "1m",
        "time": {"from": "now-24h", "to": "now"},
        "templating": {"list": variables},
        "panels": [_panel(number, panel) for number, panel in enumerate(dashboard.panels)],
    }


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    return {
        "id": number + 1,
        "title": panel.title,
        "description": panel.description,
        "type": panel.kind,
        "datasource": _SOURCE,
        "gridPos": {"x": number % 2 * _WIDTH, "y": number // 2 * _HEIGHT, "w": _WIDTH, "h": _HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, **({"min": 0, "max": 1} if panel.unit == "percentunit" else {})}},
        "targets": [
            {"refId": chr(ord("A") + i), "datasource": _SOURCE, "expr": expression, "legendFormat": legend}
            for i, (expression, legend) in enumerate(panel.expressions)
        ],
    }
