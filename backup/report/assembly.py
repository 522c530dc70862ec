"""What a recovery report is made from, read from an installation: declarations, policy, cloud, ledgers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from backup.coverage.assembly import judge_cloud
from backup.coverage.text import build_values
from backup.declared import current_declared, digest_declared
from backup.departments import load_kept
from backup.ledger import append, load_entries
from backup.plan import Job, build_jobs
from backup.policy import Policy, load_policy
from backup.report.document import Inputs, build_document, list_heads, up_to
from tenants.declaration.model import Department
from tenants.installation import Installation

COVERAGE = "coverage"
"""Kind of the ledger's entry that says what the cloud held when a report was made."""


def make_report(installation: Installation, cloud: str, period: timedelta, now: datetime) -> dict[str, Any]:
    """Read everything, put what the cloud holds on record, and derive the report."""
    departments, policy = load_kept(installation.records), load_policy()
    holdings, judged = judge_cloud(installation, cloud)
    coverage: dict[str, Any] = {
        "at": holdings.at.isoformat(),
        "unread": [{"source": u.source, "error": u.error} for u in holdings.unread],
        "things": [build_values(j) for j in judged],
    }
    gaps = sum(bool(thing["gap"]) for thing in coverage["things"])
    record = {"read_at": coverage["at"], "things": len(judged), "gaps": gaps, "sha256": digest(coverage)}
    told = current_declared()
    append(installation.records, [(COVERAGE, record)], told)
    entries = load_entries(installation.records)
    inputs = Inputs(
        at=now,
        since=now - period,
        declared={"digest": told.digest, "commit": told.commit},
        departments={department.slug: department.local_name for department in departments},
        promises=build_promises(build_jobs(departments, policy), policy),
        waivers=build_waivers(departments, now),
        coverage=coverage,
        ledgers=list_heads(entries),
    )
    # to JSON and back: what was written is what anybody else will read
    document: dict[str, Any] = json.loads(json.dumps(build_document(inputs, up_to(entries, inputs.ledgers))))
    return document


def build_promises(jobs: Iterable[Job], policy: Policy) -> list[dict[str, Any]]:
    """Give what each job's tier promises, in seconds."""
    return [
        {
            "department": job.department,
            "source": str(job.source),
            "name": job.name,
            "tier": job.tier,
            "level": (tier := policy.tiers[job.tier]).level,
            "copies": tier.copies,
            "copied_within": policy.copied_within.total_seconds(),
            "every": tier.every.total_seconds(),
            "recovery_point": tier.recovery_point.total_seconds(),
            "recovery_time": tier.recovery_time.total_seconds(),
            "drill_every": tier.drill_every.total_seconds(),
            "reread_within": job.reread_within.total_seconds(),
        }
        for job in jobs
    ]


def build_waivers(departments: Iterable[Department], now: datetime) -> list[dict[str, Any]]:
    """Give every waiver, and whether it counts today."""
    return [
        {"department": d.slug, **waiver.model_dump(mode="json"), "lapsed": waiver.is_lapsed(now.date())}
        for d in departments
        for waiver in d.waivers
    ]


def digest(coverage: Mapping[str, Any]) -> str:
    """Give the SHA-256 by which the ledger knows what the cloud held."""
    return hashlib.sha256(json.dumps(coverage, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def check_inputs(told: Mapping[str, Any], directory: Path, root: Path) -> tuple[list[str], list[str]]:
    """Hold a report's inputs against their own sources; give what differs, and what could not be looked at here."""
    inputs, wrong, unseen = told["inputs"], [], []
    sums = {str(e.record.get("sha256")) for e in load_entries(directory) if e.kind == COVERAGE}
    if digest(inputs["coverage"]) not in sums:
        wrong.append("inputs.coverage: no entry of the ledger has the sum of what the report says the cloud held")
    if digest_declared(root) != inputs["declared"]["digest"]:
        commit = inputs["declared"]["commit"] or "unknown"
        unseen.append(
            f"inputs.promises, inputs.waivers: declarations or policy are other ones here, look at commit {commit}"
        )
        return wrong, unseen
    now = datetime.fromisoformat(told["at"])
    departments, policy = load_kept(directory, root / "tenants"), load_policy()
    for key, here in (
        ("promises", build_promises(build_jobs(departments, policy), policy)),
        ("waivers", build_waivers(departments, now)),
    ):
        if json.loads(json.dumps(here)) != inputs[key]:
            wrong.append(f"inputs.{key}: they are not what declarations and policy say")
    return wrong, unseen
