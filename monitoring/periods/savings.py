"""From answers, survey and assumptions to what was saved in a period, by the formulas of :mod:`monitoring.savings`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from monitoring.periods.asking import value_of
from monitoring.periods.usage import Told, derive_departments
from monitoring.savings.model import CloudUse, Platform, Savings, build_savings, dominant_share
from monitoring.savings.sensitivity import OUTCOMES, build_effects, build_ranges
from monitoring.savings.survey import Baseline
from tenants.assumptions.model import HOURS_A_YEAR, Assumptions

_SHARED = ("cores", "memory_bytes", "storage_bytes")


def derive_savings(told: Told) -> dict[str, Any]:
    """Give the figures of the savings report; those a year are as of the period's last day, by its mean use."""
    baseline = Baseline.model_validate(told["inputs"]["baseline"]["content"])
    assumptions = Assumptions.model_validate(told["inputs"]["assumptions"]["content"])
    answers = told["answers"]
    last = (datetime.fromisoformat(told["period"]["end"]) - timedelta(seconds=1)).date()
    use = _use(told)
    readings = value_of(answers["measured/cloud"])
    if use is None or not readings:
        return {"savings": None, "missing": ["the cloud was not measured in the period, so nothing can be said of it"]}
    whole = build_savings(baseline, assumptions, use, last)
    effects = build_effects(baseline, assumptions, use, last)
    departments = derive_departments(told)
    measured = {d["department"]: d["utilisation"] for d in departments}
    running = sum(d["running_core_hours"] or 0.0 for d in departments)
    worked = sum(d["worked_core_hours"] or 0.0 for d in departments)
    part = told["period"]["seconds"] / 3600 / HOURS_A_YEAR
    return {
        "savings": asdict(whole),
        "ranges": {name: asdict(found) if found else None for name, found in build_ranges(whole, effects).items()},
        "effects": [asdict(effect) for effect in effects],
        "in_period": {name: None if (year := getattr(whole, name)) is None else year * part for name in OUTCOMES},
        "utilisation": {
            "before": _before(baseline),
            "after": worked / running if running else None,
            "hosts": use.host_utilisation,
            "departments": measured,
        },
        "migration": _migration(whole, use),
        "missing": list(whole.missing),
    }


def _use(told: Told) -> CloudUse | None:
    answers = told["answers"]
    readings = value_of(answers["measured/cloud"])
    hosts = value_of(answers["hosts"])
    if not readings or hosts is None:
        return None
    capacity = {key: value for key in _SHARED if (value := value_of(answers[f"capacity/{key}"]))}
    given: dict[str, dict[str, float]] = {}
    for key in _SHARED:
        for entry in answers[f"given/{key}"]["values"]:
            given.setdefault(entry["labels"]["department"], {})[key] = entry["value"]
    machines, used = value_of(answers["platform/hosts"]), value_of(answers["platform/processor"])
    return CloudUse(
        hosts=hosts / readings,
        shares={name: dominant_share(values, capacity) for name, values in sorted(given.items())},
        host_utilisation=value_of(answers["processor/mean"]),
        platform=Platform(machines, used) if machines is not None and used is not None else None,
    )


def _before(baseline: Baseline) -> float | None:
    groups = [group for entry in baseline.departments.values() for group in entry.groups]
    cores = sum(group.servers.value * group.cores.value for group in groups)
    if not cores:
        return None
    return sum(group.servers.value * group.cores.value * group.utilisation.value for group in groups) / cores


def _migration(whole: Savings, use: CloudUse) -> dict[str, int]:
    """Count surveyed servers: of departments that are on the cloud, switched off, and proven to be."""
    return {
        "surveyed": sum(d.servers_before for d in whole.departments),
        "moved": sum(d.servers_before for d in whole.departments if d.department in use.shares),
        "switched_off": sum(d.servers_retired for d in whole.departments),
        "proven": sum(d.servers_proven for d in whole.departments),
    }
