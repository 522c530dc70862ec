"""What the recovery tiers promise for each volume and container that departments declared.

Read from the declarations and from ``backup/policy.yaml`` as data: durations there are a whole number and m, h or d.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from tenants.declaration.data import find_data
from tenants.declaration.model import Department
from tenants.installation import repository

CONTROL_PLANE = "control-plane"
SHARED_IMAGES = "images/shared"
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


@dataclass(frozen=True)
class Objective:
    """One promise."""

    department: str
    source: str
    """volume, container or control-plane, as in the records."""
    name: str
    tier: str
    recovery_point: timedelta
    recovery_time: timedelta
    drill_every: timedelta
    reread_within: timedelta


def load_policy(path: Path | None = None) -> Mapping[str, Any]:
    """Read the policy of the backups."""
    policy: Mapping[str, Any] = yaml.safe_load((path or repository() / "backup" / "policy.yaml").read_text("utf-8"))
    return policy


def build_objectives(departments: Iterable[Department], policy: Mapping[str, Any]) -> tuple[Objective, ...]:
    """Give a promise for everything that is to be backed up, the control plane first."""

    def promise(department: str, source: str, name: str, tier: str) -> Iterator[Objective]:
        if told := policy["tiers"].get(tier):
            yield Objective(
                department,
                source,
                name,
                tier,
                *(_duration(told[key]) for key in ("recovery_point", "recovery_time", "drill_every", "reread_within")),
            )

    objectives = list(promise(CONTROL_PLANE, CONTROL_PLANE, CONTROL_PLANE, policy["control_plane"]))
    if "shared_images" in policy:
        objectives += promise(CONTROL_PLANE, "image", SHARED_IMAGES, policy["shared_images"])
    for department in departments:
        for data in find_data(department):
            objectives += promise(department.slug, data.kind, data.name, data.recovery)
    return tuple(objectives)


def _duration(text: str) -> timedelta:
    return int(text[:-1]) * _UNITS[text[-1]]
