"""GitLab's REST API (https://docs.gitlab.com/api/rest/, ``/api/v4``): merge requests, notes, approvals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from infra.review.forges.api import Api
from infra.review.request import Approval, Comment, ForgeError, PullRequest, State, Status, Verdict, commit

_STATES = {"opened": State.OPEN, "locked": State.OPEN, "merged": State.MERGED, "closed": State.CLOSED}
_WORDS = {Verdict.PENDING: "pending", Verdict.SUCCESS: "success", Verdict.FAILURE: "failed"}


@dataclass(frozen=True)
class GitLab:
    """A project on GitLab."""

    api: Api
    site: str
    repository: str
    """Path with its groups: ``group/project``."""

    git_user = "oauth2"

    @classmethod
    def open(cls, site: str, repository: str, token: str, authority: str | None = None) -> GitLab:
        """Give the project."""
        return cls(Api(f"{site}/api/v4", "PRIVATE-TOKEN", token, size="per_page", authority=authority), site, repository)

    @property
    def git_url(self) -> str:
        """Where the repository is fetched from."""
        return f"{self.site}/{self.repository}.git"

    @property
    def _path(self) -> str:
        return f"/projects/{quote(self.repository, safe='')}"

    def head_ref(self, number: int) -> str:
        """Give the name of a request's head among the repository's references."""
        return f"refs/merge-requests/{number}/head"

    def account(self) -> str:
        """Give our own account."""
        return str(self.api.get("/user")["username"])

    def open_requests(self) -> tuple[int, ...]:
        """Give the numbers of the requests that are open, ascending."""
        return tuple(sorted(int(each["iid"]) for each in self.api.every(f"{self._path}/merge_requests", state="opened")))

    def read_request(self, number: int) -> PullRequest:
        """Read one request with its labels and approvals."""
        path = f"{self._path}/merge_requests/{number}"
        return parse_request(self.api.get(path), self.api.get(f"{path}/approvals"), list(self.api.every(f"{path}/versions")))

    def read_comments(self, number: int) -> tuple[Comment, ...]:
        """Read every comment on a request, the oldest first."""
        notes = self.api.every(f"{self._path}/merge_requests/{number}/notes", sort="asc", order_by="created_at")
        return tuple(parse_comment(each) for each in notes if not each.get("system"))

    def write_comment(self, number: int, body: str, comment: Comment | None) -> None:
        """Write a comment, or replace the text of one that is ours."""
        notes = f"{self._path}/merge_requests/{number}/notes"
        if comment is None:
            self.api.post(notes, {"body": body})
        else:
            self.api.put(f"{notes}/{comment.id}", {"body": body})

    def read_status(self, commit: str, context: str) -> Status | None:
        """Read the newest status of a commit under a context."""
        return newest_status(self.api.every(f"{self._path}/repository/commits/{commit}/statuses", name=context), context)

    def write_status(self, commit: str, status: Status) -> None:
        """Set a commit's status."""
        self.api.post(f"{self._path}/statuses/{commit}", build_status(status))

    def change_labels(self, number: int, add: tuple[str, ...], remove: tuple[str, ...]) -> None:
        """Add labels to a request, which makes those that are new, and remove others."""
        if add or remove:
            told = {"add_labels": ",".join(add), "remove_labels": ",".join(remove)}
            self.api.put(f"{self._path}/merge_requests/{number}", {name: value for name, value in told.items() if value})


def parse_request(
    told: Mapping[str, Any], approvals: Mapping[str, Any], versions: Iterable[Mapping[str, Any]]
) -> PullRequest:
    """Read a request; ``versions`` are what was pushed to it."""
    state = _STATES.get(str(told["state"]))
    if state is None:
        raise ForgeError(f"request {told['iid']} is in a state that is not documented")
    head = commit(told["sha"])
    merged = next((told[key] for key in ("merge_commit_sha", "squash_commit_sha", "sha") if told.get(key)), "")
    return PullRequest(
        number=int(told["iid"]),
        author=str(told["author"]["username"]),
        branch=str(told["target_branch"]),
        head=head,
        state=state,
        merge_commit=commit(merged) if state is State.MERGED else "",
        labels=tuple(str(label) for label in told.get("labels") or ()),
        approvals=parse_approvals(approvals, versions, head),
    )


def parse_approvals(told: Mapping[str, Any], versions: Iterable[Mapping[str, Any]], head: str) -> tuple[Approval, ...]:
    """Give the approvals that were given after the head was pushed.

    GitLab does not say which commit an approval is of, but when it was given (``approved_at``, from 18 on) and when each
    version was pushed; times are ISO 8601, compared as instants. One without a time counts for nothing.
    """
    from datetime import datetime

    pushed = [datetime.fromisoformat(str(each["created_at"])) for each in versions if each["head_commit_sha"] == head]
    if not pushed:
        return ()
    return tuple(
        Approval(str(each["user"]["username"]), head)
        for each in told.get("approved_by") or ()
        if each.get("approved_at") and datetime.fromisoformat(str(each["approved_at"])) > max(pushed)
    )


def parse_comment(told: Mapping[str, Any]) -> Comment:
    """Read a note."""
    return Comment(int(told["id"]), str((told.get("author") or {}).get("username", "")), str(told.get("body") or ""))


def newest_status(told: Iterable[Mapping[str, Any]], context: str) -> Status | None:
    """Give the newest of one context; a status that is not of our words counts as none."""
    ours = [each for each in told if each["name"] == context]
    if not ours:
        return None
    newest = max(ours, key=lambda each: int(each["id"]))
    words = {word: verdict for verdict, word in _WORDS.items()}
    verdict = words.get(str(newest["status"]))
    return Status(context, verdict, str(newest.get("description") or "")) if verdict else None


def build_status(status: Status) -> dict[str, str]:
    """Give what sets a status."""
    return {"state": _WORDS[status.verdict], "name": status.context, "description": status.description[:140]}
