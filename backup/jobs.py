"""Every job there is: what departments declare, by the policy, less what was erased."""

from __future__ import annotations

from collections.abc import Sequence

from backup.departments import load_kept
from backup.plan import Job, build_jobs
from backup.policy import load_policy
from tenants.installation import Installation


def load_jobs() -> Sequence[Job]:
    """Give every job that is declared and not erased."""
    return build_jobs(load_kept(Installation.current().records), load_policy())
