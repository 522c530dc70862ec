"""What a review found, and the two words that the forge gets of it: a status and labels. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from infra.review.judgement import Need, missing
from infra.review.request import PLAN_STATUS, Status, Verdict
from infra.review.risk import Finding
from infra.review.sentence import Sentence
from tenants.problem import Problem

if TYPE_CHECKING:
    from infra.plan.document import PlanDocument


class Outcome(StrEnum):
    """How far a request has come."""

    REFUSED = "refused"
    """The author may not ask for it."""
    CONFLICT = "conflict"
    """It cannot be merged as it is."""
    MISTAKEN = "mistaken"
    """The declarations have mistakes."""
    UNPLANNED = "unplanned"
    """No plan could be made, or the cloud cannot give it."""
    MOVED = "moved"
    """What was approved is no longer all that would be done."""
    WAITING = "waiting"
    """Approvals are missing."""
    READY = "ready"


@dataclass(frozen=True)
class Review:
    """All that is said on a request."""

    outcome: Outcome
    refusals: tuple[Sentence, ...] = ()
    problems: tuple[Problem, ...] = ()
    findings: tuple[Finding, ...] = ()
    needs: tuple[Need, ...] = ()
    plan: PlanDocument | None = None
    """None where nothing of the declarations changes, or where it did not come so far."""
    moved: tuple[str, ...] = ()
    """What would be done now and is not in the plan that was approved."""


def build_status(review: Review) -> Status:
    """Give the status of the request's head: what a protected branch asks for before it lets anything be merged."""
    match review.outcome:
        case Outcome.WAITING:
            waits = ", ".join(need.whose for need in missing(review.needs))
            return Status(PLAN_STATUS, Verdict.PENDING, f"waits for approval: {waits}"[:140])
        case Outcome.READY:
            return Status(PLAN_STATUS, Verdict.SUCCESS, "may be merged")
        case Outcome.REFUSED:
            words = "refused: not the author's to change"
        case Outcome.CONFLICT:
            words = "conflicts with the protected branch"
        case Outcome.MISTAKEN:
            count = len(review.problems)
            words = f"{count} mistake{'' if count == 1 else 's'} in the declaration"
        case Outcome.MOVED:
            words = "the plan moved since it was approved: push again, and have that approved"
        case Outcome.UNPLANNED:
            words = "cannot be given as it is"
    return Status(PLAN_STATUS, Verdict.FAILURE, words)


def build_labels(review: Review) -> frozenset[str]:
    """Give the labels of its risks; none for what is refused anyway."""
    return frozenset(finding.risk.label for finding in review.findings)
