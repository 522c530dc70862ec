"""From answers to what departments and the cloud used in a period. Sums of readings become hours by the length of a step."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from monitoring.periods.asking import Answer, is_empty, value_of, values_by
from monitoring.periods.questions import CAPACITY, GIVEN, LIMITED, SITE

UNITS = {
    "cores": ("core hours", 1.0),
    "memory_bytes": ("GiB hours", 1024.0**3),
    "storage_bytes": ("GiB hours", 1024.0**3),
    "object_bytes": ("GiB hours", 1024.0**3),
    "floating_addresses": ("address hours", 1.0),
}
"""Unit that hours of a thing are told in, and how much of its metric one is."""
Told = Mapping[str, Any]
"""A report's period, inputs and answers, as they stand in its JSON."""


def derive_utilisation(told: Told) -> dict[str, Any]:
    """Give the figures of the utilisation report."""
    answers, departments = told["answers"], derive_departments(told)
    return {
        "measured": _measured(told),
        "cloud": _cloud(told),
        "departments": departments,
        "all": _all(departments),
        "hosts": _by(told, "host", ("cores", "given", "worked")),
        "flavors": _by(told, "flavor", ("running", "worked")),
        "holes": {"cloud": find_holes(answers["given/plot"]), "hosts": find_holes(answers["processor/plot"])},
    }


def derive_departments(told: Told) -> list[dict[str, Any]]:
    """Give each department's part, those too that vanished in the period; hours count while something was measured."""
    answers, names = told["answers"], told["inputs"]["names"]
    by = {key: values_by(answers[key], "department") for key in _OF_DEPARTMENTS}
    had = {name for key, values in by.items() if not key.startswith("quota/") for name, value in values.items() if value}
    known = sorted(had | set(names))
    return [_department(told, name, by) for name in known]


def find_holes(answer: Answer) -> list[dict[str, str]]:
    """Give the times of a plot in which nothing was stored: a gap of its points, told to the point."""
    first, step, last = answer["first"], answer["step"], answer["at"]
    there = {round((at - first) / step) for at, _ in answer["points"]}
    holes: list[list[int]] = []
    for number in range(round((last - first) / step) + 1):
        if number in there:
            continue
        if holes and holes[-1][1] == number:
            holes[-1][1] = number + 1
        else:
            holes.append([number, number + 1])
    # a point tells of the step that ends a second before it
    return [{"first": _instant(first - 1 + (a - 1) * step), "end": _instant(first - 1 + (b - 1) * step)} for a, b in holes]


def hours_of(told: Told, readings: float) -> float:
    """Give the hours that so many readings stand for."""
    seconds = readings * float(told["period"]["step"])
    return seconds / 3600


_OF_DEPARTMENTS = (*(f"given/{key}" for key in GIVEN), *(f"quota/{key}" for key in LIMITED), "worked", "running")


def _department(told: Told, name: str, by: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    given = {key: by[f"given/{key}"].get(name, 0.0) for key in GIVEN}
    quota = {key: by[f"quota/{key}"].get(name) for key in LIMITED}
    running, worked = by["running"].get(name), by["worked"].get(name)
    return {
        "department": name,
        "name": told["inputs"]["names"].get(name, name),
        "declared": name in told["inputs"]["names"],
        "hours": {key: hours_of(told, value) / UNITS[key][1] for key, value in given.items()},
        "of_quota": {key: given[key] / limit if limit else None for key, limit in quota.items()},
        "running_core_hours": None if running is None else hours_of(told, running),
        "worked_core_hours": None if worked is None else hours_of(told, worked),
        "utilisation": worked / running if worked is not None and running else None,
    }


def _all(departments: list[dict[str, Any]]) -> dict[str, Any]:
    running = sum(d["running_core_hours"] or 0.0 for d in departments)
    worked = sum(d["worked_core_hours"] or 0.0 for d in departments)
    return {
        "hours": {key: sum(d["hours"][key] for d in departments) for key in GIVEN},
        "running_core_hours": running,
        "worked_core_hours": worked,
        "utilisation": worked / running if running else None,
    }


def _measured(told: Told) -> dict[str, Any]:
    readings: float = told["period"]["seconds"] / told["period"]["step"]

    def share(value: float | None) -> float:
        return min(1.0, (value or 0.0) / readings)

    answers = told["answers"]
    return {
        "hours": told["period"]["seconds"] / 3600,
        "cloud": share(value_of(answers["measured/cloud"])),
        "hosts": share(value_of(answers["processor/measured"])),
        "sources": {name: share(value) for name, value in sorted(values_by(answers["sources"], "source").items())},
    }


def _cloud(told: Told) -> dict[str, Any]:
    answers = told["answers"]
    readings = value_of(answers["measured/cloud"])

    def mean(key: str) -> float | None:
        value = value_of(answers[key])
        return value / readings if value is not None and readings else None

    given = {key: sum(values_by(answers[f"given/{key}"], "department").values()) for key in CAPACITY}
    capacity = {key: mean(f"capacity/{key}") for key in CAPACITY}
    whole = {key: value_of(answers[f"capacity/{key}"]) for key in CAPACITY}
    return {
        "hosts": mean("hosts"),
        "capacity": capacity,
        "given": {key: value / readings if readings else None for key, value in given.items()},
        "given_share": {key: given[key] / total if (total := whole[key]) else None for key in CAPACITY},
        **{name: {figure: value_of(answers[f"{name}/{figure}"]) for figure in ("mean", "p95", "most")} for name in SITE},
    }


def _by(told: Told, kind: str, keys: tuple[str, ...]) -> list[dict[str, Any]]:
    values = {key: values_by(told["answers"][f"{kind}/{key}"], kind) for key in keys}
    names = sorted({name for of in values.values() for name in of})
    rows = []
    for name in names:
        hours = {key: hours_of(told, of[name]) if name in of else None for key, of in values.items()}
        whole = hours.get("cores") or hours.get("running")
        worked = hours["worked"]
        rows.append({kind: name, "hours": hours, "utilisation": worked / whole if whole and worked is not None else None})
    return rows


def _instant(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def lacks(told: Told) -> list[str]:
    """Name the questions to which nothing was stored."""
    return sorted(key for key, answer in told["answers"].items() if is_empty(answer))
