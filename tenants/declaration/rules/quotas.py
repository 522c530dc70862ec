"""Quotas: they cover what is declared."""

from __future__ import annotations

from collections.abc import Iterator

from tenants.declaration.catalogue import Catalogue
from tenants.declaration.demand import build_demand
from tenants.declaration.model import Department, Limits
from tenants.declaration.rules.finding import Finding


def check(department: Department, catalogue: Catalogue) -> Iterator[Finding]:
    """Check that no project declares more than its quota allows."""
    for at, project in enumerate(department.projects):
        if project.quota.quota_class not in catalogue.quota_classes:
            continue
        limits, demand = catalogue.limits(project.quota), build_demand(project, catalogue)
        for key, field in Limits.model_fields.items():
            limit, needed = getattr(limits, key), getattr(demand, key)
            if limit is not None and needed > limit:
                what = f"got {limit}, expected at least {needed}: what project {project.name} declares needs it"
                hint = f"Set {key}: {needed} in the quota, or take a larger class ({field.title})."
                yield Finding(("projects", at, "quota", key), what, hint)
