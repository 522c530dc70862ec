"""What became of a merged request in the cloud. Pure values, and the status that goes with them."""

from __future__ import annotations

from dataclasses import dataclass

from infra.review.request import APPLY_STATUS, Status, Verdict


@dataclass(frozen=True)
class Made:
    """One server of a department as it is after the apply."""

    project: str
    server: str
    address: str
    floating_address: str
    """Empty where it has none."""


@dataclass(frozen=True)
class Applied:
    """What became of one department."""

    department: str
    state: str
    """applied, unchanged, skipped, failed or left."""
    reasons: tuple[str, ...] = ()
    servers: tuple[Made, ...] = ()


@dataclass(frozen=True)
class Result:
    """What became of the whole request."""

    applied: tuple[Applied, ...] = ()
    why_not: tuple[str, ...] = ()
    """Why nothing was applied; empty where it was begun."""

    @property
    def is_well(self) -> bool:
        """Whether all of it is in the cloud now."""
        return not self.why_not and all(each.state != "failed" for each in self.applied)


def build_status(result: Result) -> Status:
    """Give the status of the merge commit."""
    if result.why_not:
        return Status(APPLY_STATUS, Verdict.FAILURE, "not applied")
    failed = ", ".join(each.department for each in result.applied if each.state == "failed")
    if failed:
        return Status(APPLY_STATUS, Verdict.FAILURE, f"failed: {failed}"[:140])
    return Status(APPLY_STATUS, Verdict.SUCCESS, "applied" if result.applied else "nothing to apply")
