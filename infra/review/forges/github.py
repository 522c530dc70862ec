"""GitHub's REST API (https://docs.github.com/rest, version 2022-11-28), which Gitea's and Forgejo's is modelled on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from infra.review.forges.api import Api
from infra.review.request import Approval, Comment, PullRequest, State, Status, Verdict, commit

PUBLIC_API = "https://api.github.com"
PUBLIC_SITE = "https://github.com"

_DECIDING = frozenset({"APPROVED", "CHANGES_REQUESTED", "REQUEST_CHANGES", "DISMISSED"})
"""Reviews that replace the same account's earlier word; a comment does not. Gitea says REQUEST_CHANGES."""


@dataclass(frozen=True)
class GitHub:
    """A repository on GitHub, or on a server of one's own."""

    api: Api
    site: str
    """Address that people see, without a slash at its end."""
    repository: str
    """``owner/name``."""

    git_user = "x-access-token"

    @classmethod
    def open(cls, site: str, repository: str, token: str, authority: str | None = None) -> GitHub:
        """Give the repository; on a server of one's own the API is below the site's address."""
        address = PUBLIC_API if site == PUBLIC_SITE else f"{site}/api/v3"
        return cls(Api(address, "Authorization", f"Bearer {token}", size="per_page", authority=authority), site, repository)

    @property
    def git_url(self) -> str:
        """Where the repository is fetched from."""
        return f"{self.site}/{self.repository}.git"

    @property
    def _path(self) -> str:
        owner, _, name = self.repository.partition("/")
        return f"/repos/{quote(owner, safe='')}/{quote(name, safe='')}"

    def head_ref(self, number: int) -> str:
        """Give the name of a request's head among the repository's references."""
        return f"refs/pull/{number}/head"

    def account(self) -> str:
        """Give our own account: the token is a person's or an app user's, for a workflow's own has none to ask for."""
        return str(self.api.get("/user")["login"])

    def open_requests(self) -> tuple[int, ...]:
        """Give the numbers of the requests that are open, ascending."""
        return tuple(sorted(int(each["number"]) for each in self.api.every(f"{self._path}/pulls", state="open")))

    def read_request(self, number: int) -> PullRequest:
        """Read one request with its labels and approvals."""
        return parse_request(
            self.api.get(f"{self._path}/pulls/{number}"), list(self.api.every(f"{self._path}/pulls/{number}/reviews"))
        )

    def read_comments(self, number: int) -> tuple[Comment, ...]:
        """Read every comment on a request, the oldest first."""
        return tuple(parse_comment(each) for each in self.api.every(f"{self._path}/issues/{number}/comments"))

    def write_comment(self, number: int, body: str, comment: Comment | None) -> None:
        """Write a comment, or replace the text of one that is ours."""
        if comment is None:
            self.api.post(f"{self._path}/issues/{number}/comments", {"body": body})
        else:
            self.api.patch(f"{self._path}/issues/comments/{comment.id}", {"body": body})

    def read_status(self, commit: str, context: str) -> Status | None:
        """Read the newest status of a commit under a context."""
        return newest_status(self.api.every(f"{self._path}/commits/{commit}/statuses"), context)

    def write_status(self, commit: str, status: Status) -> None:
        """Set a commit's status."""
        self.api.post(f"{self._path}/statuses/{commit}", build_status(status))

    def change_labels(self, number: int, add: tuple[str, ...], remove: tuple[str, ...]) -> None:
        """Add labels to a request, which makes those that are new, and remove others."""
        if add:
            self.api.post(f"{self._path}/issues/{number}/labels", {"labels": list(add)})
        for label in remove:
            self.api.delete(f"{self._path}/issues/{number}/labels/{quote(label, safe='')}")


def parse_request(told: Mapping[str, Any], reviews: Iterable[Mapping[str, Any]]) -> PullRequest:
    """Read a request and its reviews, the oldest first."""
    merged = bool(told.get("merged"))
    return PullRequest(
        number=int(told["number"]),
        author=str(told["user"]["login"]),
        branch=str(told["base"]["ref"]),
        head=commit(told["head"]["sha"]),
        state=State.MERGED if merged else State(told["state"]),
        merge_commit=commit(told["merge_commit_sha"]) if merged else "",
        labels=tuple(str(label["name"]) for label in told.get("labels") or ()),
        approvals=parse_approvals(reviews),
    )


def parse_approvals(reviews: Iterable[Mapping[str, Any]]) -> tuple[Approval, ...]:
    """Give each account's latest word where it is a yes: one who asked for changes later has taken it back."""
    latest: dict[str, Approval | None] = {}
    for review in reviews:
        state, account = str(review["state"]).upper(), str((review.get("user") or {}).get("login", ""))
        if not account or state not in _DECIDING:
            continue
        holds = state == "APPROVED" and not review.get("dismissed") and review.get("commit_id")
        latest[account] = Approval(account, commit(review["commit_id"])) if holds else None
    return tuple(each for each in latest.values() if each is not None)


def parse_comment(told: Mapping[str, Any]) -> Comment:
    """Read a comment; a deleted account's has no author."""
    return Comment(int(told["id"]), str((told.get("user") or {}).get("login", "")), str(told.get("body") or ""))


def newest_status(told: Iterable[Mapping[str, Any]], context: str) -> Status | None:
    """Give the newest of one context; a status that is not of our words counts as none."""
    ours = [each for each in told if each["context"] == context]
    if not ours:
        return None
    newest = max(ours, key=lambda each: int(each["id"]))
    verdict = str(newest.get("state") or newest.get("status"))
    return Status(context, Verdict(verdict), str(newest["description"])) if verdict in set(Verdict) else None


def build_status(status: Status) -> dict[str, str]:
    """Give what sets a status."""
    return {"state": status.verdict.value, "context": status.context, "description": status.description[:140]}
