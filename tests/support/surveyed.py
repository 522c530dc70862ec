"""A survey and assumptions of round figures, to check formulas by hand."""

from __future__ import annotations

from datetime import date

from monitoring.savings.survey import Baseline
from tenants.assumptions.model import Assumptions

SOURCE = {"survey": {"title": "Survey", "dated": date(2026, 1, 1), "confidence": "measured"}}


def figure(value: float) -> dict[str, object]:
    """Give a figure of the survey."""
    return {"value": value, "source": "survey"}


def baseline(**changed: object) -> Baseline:
    """Give ten servers of one department, switched off in January 2026, with what a test changes."""
    group = {
        "name": "Register",
        "servers": figure(10),
        "cores": figure(16),
        "memory_gib": figure(64),
        "utilisation": figure(0.1),
        "idle_watts": figure(100),
        "max_watts": figure(300),
        "maintenance": figure(1000),
        "retired_on": date(2026, 1, 31),
        "contract_ended_on": date(2026, 3, 31),
        **changed,
    }
    health = {"rooms": figure(1), "pue": figure(2), "groups": [group]}
    return Baseline.model_validate({"version": 1, "sources": SOURCE, "departments": {"health": health}})


ASSUMED = Assumptions.model_validate(
    {
        "version": 1,
        "sources": SOURCE,
        "electricity_price": figure(1),
        "grid_factor": figure(0.5),
        "server_price": figure(50000),
        "server_lifetime_years": figure(5),
        "space": figure(2000),
        "host_price": figure(100000),
        "host_maintenance": figure(5000),
        "host_idle_watts": figure(200),
        "host_max_watts": figure(600),
        "servers_a_rack": figure(10),
        "spread": {"measured": figure(0.1), "stated": figure(0.2), "assumed": figure(0.4)},
        "planned_utilisation": figure(0.3),
        "cloud_pue": figure(1.5),
    }
)
