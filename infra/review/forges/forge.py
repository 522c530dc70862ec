"""What a review needs of a forge, whichever it is."""

from __future__ import annotations

from typing import Protocol

from infra.review.request import Comment, PullRequest, Status


class Forge(Protocol):
    """One repository on one forge, entered as the account of the reviews."""

    @property
    def git_url(self) -> str:
        """Where the repository is fetched from."""

    @property
    def git_user(self) -> str:
        """User's name that goes with the token when git asks."""

    def head_ref(self, number: int) -> str:
        """Give the name of a request's head among the repository's references."""

    def account(self) -> str:
        """Give our own account."""

    def open_requests(self) -> tuple[int, ...]:
        """Give the numbers of the requests that are open, ascending."""

    def read_request(self, number: int) -> PullRequest:
        """Read one request with its labels and approvals."""

    def read_comments(self, number: int) -> tuple[Comment, ...]:
        """Read every comment on a request, the oldest first."""

    def write_comment(self, number: int, body: str, comment: Comment | None) -> None:
        """Write a comment, or replace the text of one that is ours."""

    def read_status(self, commit: str, context: str) -> Status | None:
        """Read the newest status of a commit under a context."""

    def write_status(self, commit: str, status: Status) -> None:
        """Set a commit's status."""

    def change_labels(self, number: int, add: tuple[str, ...], remove: tuple[str, ...]) -> None:
        """Add labels to a request, made where the repository has none of the name, and remove others."""
