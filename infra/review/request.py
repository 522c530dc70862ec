"""What a forge tells of a pull request, as plain values; titles and descriptions are never read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

MARKER = "<!-- oneroof:review -->"
"""First line of the one comment that is ours; it does not show."""

PLAN_STATUS = "oneroof/plan"
APPLY_STATUS = "oneroof/apply"

RISK_PREFIX = "risk: "
"""Labels that begin so are ours: set and removed as the request changes."""

_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


class State(StrEnum):
    """Where a request stands."""

    OPEN = "open"
    MERGED = "merged"
    CLOSED = "closed"


class Verdict(StrEnum):
    """What a commit's status says."""

    PENDING = "pending"
    SUCCESS = "success"
    FAILURE = "failure"


@dataclass(frozen=True)
class Approval:
    """An account's latest word on a request, where that is a yes."""

    account: str
    commit: str
    """The head it speaks of; one of an older head counts for nothing."""


@dataclass(frozen=True)
class PullRequest:
    """A request to change the declarations."""

    number: int
    author: str
    """Account on the forge."""
    branch: str
    """The branch that it wants to change."""
    head: str
    """Commit at its tip."""
    state: State
    merge_commit: str = ""
    """Empty until it is merged."""
    labels: tuple[str, ...] = ()
    approvals: tuple[Approval, ...] = ()


@dataclass(frozen=True)
class Comment:
    """A comment on a request."""

    id: int
    author: str
    body: str


@dataclass(frozen=True)
class Status:
    """A commit's status, under one of our contexts."""

    context: str
    verdict: Verdict
    description: str
    """One line; forges cut it at 140 characters."""


class ForgeError(Exception):
    """The forge refused, or answered what its documentation does not say; one sentence."""


def commit(value: object) -> str:
    """Give a commit's full name; raise :class:`ForgeError` for anything else, for it becomes part of a command line."""
    if isinstance(value, str) and _COMMIT.fullmatch(value):
        return value
    raise ForgeError("the forge told something that is no commit's name")


def own_comment(comments: tuple[Comment, ...], account: str) -> Comment | None:
    """Give our comment: the first that this account wrote and that begins with the marker."""
    return next((each for each in comments if each.author == account and each.body.startswith(MARKER)), None)


def label_changes(now: tuple[str, ...], wanted: frozenset[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the labels to add and those to remove; labels of others are left alone."""
    ours = {label for label in now if label.startswith(RISK_PREFIX)}
    return tuple(sorted(wanted - ours)), tuple(sorted(ours - wanted))
