"""A plan as a value: what an apply would do to each department, what that costs, and what speaks against it.

Versioned JSON with a digest, so that a plan which was read and approved can be told from any other. Money, energy and hosts
are differences that the plan makes, each derived in ``runbooks/procedures/approve-a-plan.md``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from tenants.problem import Problem, UserError

SCHEMA_VERSION = 1

Value = bool | int | float | str | None
"""A property's value; lists and mappings are split into single items, secrets read ``(secret)``."""
Operation = Literal["create", "update", "replace", "delete"]
State = Literal["unchanged", "changes", "refused", "failed", "gone"]


@dataclass(frozen=True)
class PlanStep:
    """One difference: a property that changes, or a whole resource that comes or goes."""

    operation: Operation
    type: str
    """The provider's type, such as ``oneroof:compute:Quota``."""
    name: str
    """Name in the department's stack: ``prod``, ``prod/web``."""
    resource: str
    """Both in words: ``compute quota prod``, ``Server prod/web``."""
    property: str
    """Empty where the whole resource comes or goes."""
    declared: Value
    """None: not declared."""
    actual: Value
    """None: not there."""
    in_use: int | None
    """How much of it is used now, in the property's own unit; None where that has no meaning or was not read."""


@dataclass(frozen=True)
class Cost:
    """What a plan adds (or, negative, gives back) by the cores and memory that its quotas reserve."""

    vcpus: int
    memory_mib: int
    hosts: float | None
    """Physical hosts, a fraction; None where the cloud's capacity could not be read, and with it all below."""
    kwh_per_month: float | None
    money_per_month: float | None
    currency: str
    """ISO 4217."""
    example: bool
    """Whether a price or a power figure is a sample that a contract must replace."""


@dataclass(frozen=True)
class DepartmentPlan:
    """What would become of one department, or as ``cloud`` of what all share."""

    department: str
    state: State
    """``refused``: not planned further; ``failed``: no plan could be made; ``gone``: its file is there no more."""
    steps: tuple[PlanStep, ...] = ()
    replaced: tuple[str, ...] = ()
    """Resources that are made anew, and for which property."""
    data_lost: tuple[str, ...] = ()
    """What would lose its data: volumes, containers, root disks of servers."""
    refusals: tuple[str, ...] = ()
    """Why it is not given: less than what is used, more than the cloud has left."""
    reasons: tuple[str, ...] = ()
    """What else is to be known: data that stays, what is in quarantine until when, a plan that could not be made."""
    cost: Cost | None = None


@dataclass(frozen=True)
class CapacityLeft:
    """What the cloud has of one resource after its allocation ratios, and what this plan would promise of it."""

    resource: str
    unit: str
    capacity: float
    used: float
    growth: float
    """Sum of what the plan's quotas grow by; departments that give back are not counted against others."""


@dataclass(frozen=True)
class PlanDocument:
    """A whole plan."""

    schema_version: int
    cloud: str
    """Entry of clouds.yaml."""
    base: str | None
    """The git ref told with ``--base``: departments that are as there are not in the plan."""
    base_commit: str | None
    departments: tuple[DepartmentPlan, ...]
    capacity: tuple[CapacityLeft, ...]
    warnings: tuple[str, ...]
    """What a reader should know of the whole: read from nowhere, promised more than there is."""
    digest: str = ""
    """Of what the plan would do: its steps, what they replace and lose, and what speaks against them."""


def build_plan(
    cloud: str,
    departments: Iterable[DepartmentPlan],
    *,
    base: str | None = None,
    base_commit: str | None = None,
    capacity: Iterable[CapacityLeft] = (),
    warnings: Iterable[str] = (),
) -> PlanDocument:
    """Give a plan with its digest."""
    plan = PlanDocument(SCHEMA_VERSION, cloud, base, base_commit, tuple(departments), tuple(capacity), tuple(warnings))
    return replace(plan, digest=digest_of(plan))


def digest_of(plan: PlanDocument) -> str:
    """Give the SHA-256 of what the plan would do; usage, cost and capacity, which move by themselves, are not in it."""
    return hashlib.sha256(json.dumps(_essence(plan), sort_keys=True).encode()).hexdigest()


def _essence(plan: PlanDocument) -> Any:
    departments = [
        {
            "department": each.department,
            "state": each.state,
            "steps": [{k: v for k, v in asdict(step).items() if k not in ("in_use", "resource")} for step in each.steps],
            "data_lost": [what.partition(" (")[0] for what in each.data_lost],  # how much it holds moves by itself
            "refusals": each.refusals,
        }
        for each in plan.departments
    ]
    return {"schema_version": plan.schema_version, "cloud": plan.cloud, "departments": departments}


def render_json(plan: PlanDocument) -> str:
    """Render as JSON for programs; its shape is that of :class:`PlanDocument`."""
    return json.dumps(asdict(plan), indent=1, ensure_ascii=False) + "\n"


def parse_plan(text: str, file: Path | None = None) -> PlanDocument:
    """Read what :func:`render_json` gave; raises UserError for anything else, and where the digest is not its own."""
    try:
        version = json.loads(text).get("schema_version")
    except (ValueError, AttributeError) as error:
        raise UserError(Problem(f"the plan is not a JSON object: {error}", file=file)) from error
    again = "Make it again: `oneroof plan --output FILE`."
    if version != SCHEMA_VERSION:
        raise UserError(Problem(f"schema_version: got {version!r}, expected {SCHEMA_VERSION}", again, file))
    try:
        plan = TypeAdapter(PlanDocument).validate_json(text)
    except ValidationError as error:
        raise UserError.of(
            Problem(f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}, got {e['input']!r:.80}", file=file)
            for e in error.errors()
        ) from error
    if (own := digest_of(plan)) != plan.digest:
        raise UserError(Problem(f"digest: got {plan.digest:.12}, expected {own:.12}: the plan was edited", again, file))
    return plan


def load_plan(file: Path) -> PlanDocument:
    """Read a plan from a file."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(Problem(f"cannot be read: {error}", "`oneroof plan --output FILE` writes one.", file)) from error
    return parse_plan(text, file)
