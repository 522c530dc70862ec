"""Gitea's and Forgejo's API (``/api/v1``, described by each at ``/api/swagger``): GitHub's, but labels have numbers."""

from __future__ import annotations

from dataclasses import dataclass

from infra.review.forges.api import Api
from infra.review.forges.github import GitHub

_COLOUR = "#d93f0b"


@dataclass(frozen=True)
class Gitea(GitHub):
    """A repository on Gitea or Forgejo."""

    git_user = "oneroof"

    @classmethod
    def open(cls, site: str, repository: str, token: str, authority: str | None = None) -> Gitea:
        """Give the repository."""
        return cls(Api(f"{site}/api/v1", "Authorization", f"token {token}", authority=authority), site, repository)

    def change_labels(self, number: int, add: tuple[str, ...], remove: tuple[str, ...]) -> None:
        """Add labels to a request, made where the repository has none of the name, and remove others."""
        if not (add or remove):
            return
        known = {str(label["name"]): int(label["id"]) for label in self.api.every(f"{self._path}/labels")}
        for label in add:
            if label not in known:
                told = self.api.post(f"{self._path}/labels", {"name": label, "color": _COLOUR})
                known[label] = int(told["id"])
        if add:
            self.api.post(f"{self._path}/issues/{number}/labels", {"labels": [known[label] for label in add]})
        for label in remove:
            if label in known:
                self.api.delete(f"{self._path}/issues/{number}/labels/{known[label]}")
