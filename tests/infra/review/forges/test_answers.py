"""What forges answer, as their documentation shows it, becomes the same values; and what is sent is what it asks for.

Gitea's is also tried on a real one (``test_hostile.py``, ``tests/system/test_review.py``).
"""

from __future__ import annotations

from typing import Any

import pytest

from infra.review.forges import github, gitlab
from infra.review.forges.gitea import Gitea
from infra.review.forges.github import GitHub
from infra.review.forges.gitlab import GitLab
from infra.review.request import Approval, Comment, ForgeError, PullRequest, State, Status, Verdict

HEAD, OLD, MERGE = "6dcb09b5b57875f334f61aebed695e2e4193db5e", "1" * 40, "e5bd3914e2e596debea16f433f57875b5b90bcd6"

PULL: dict[str, Any] = {
    "number": 1347,
    "state": "open",
    "title": "${{ secrets.X }}",
    "user": {"login": "octocat", "id": 1},
    "labels": [{"id": 208045946, "name": "bug", "color": "f29513"}, {"id": 1, "name": "risk: quota"}],
    "merged": False,
    "merge_commit_sha": MERGE,
    "head": {"label": "octocat:$(id)", "ref": "$(id)", "sha": HEAD},
    "base": {"label": "octocat:main", "ref": "main", "sha": OLD},
}


def review(account: str, state: str, commit: str = HEAD, **more: Any) -> dict[str, Any]:
    return {"id": 80, "user": {"login": account}, "body": "", "state": state, "commit_id": commit, **more}


def test_a_pull_request_of_github_and_gitea() -> None:
    found = github.parse_request(PULL, [review("hubot", "APPROVED")])
    labels = ("bug", "risk: quota")
    assert found == PullRequest(1347, "octocat", "main", HEAD, State.OPEN, "", labels, (Approval("hubot", HEAD),))


def test_a_merged_and_a_closed_one() -> None:
    merged = github.parse_request({**PULL, "state": "closed", "merged": True}, [])
    assert (merged.state, merged.merge_commit) == (State.MERGED, MERGE)
    assert github.parse_request({**PULL, "state": "closed"}, []).state is State.CLOSED


@pytest.mark.parametrize("sha", ["--upload-pack=id", "HEAD", "6dcb09b", "", None, 7, HEAD + "\n"])
def test_what_is_no_commit_is_no_commit(sha: object) -> None:
    with pytest.raises(ForgeError):
        github.parse_request({**PULL, "head": {"sha": sha}}, [])


@pytest.mark.parametrize(
    ("reviews", "approved"),
    [
        ([review("a", "APPROVED"), review("b", "APPROVED", OLD)], [("a", HEAD), ("b", OLD)]),
        ([review("a", "APPROVED", OLD), review("a", "APPROVED")], [("a", HEAD)]),
        ([review("a", "APPROVED"), review("a", "COMMENTED")], [("a", HEAD)]),
        ([review("a", "APPROVED"), review("a", "CHANGES_REQUESTED")], []),
        ([review("a", "APPROVED"), review("a", "REQUEST_CHANGES")], []),  # Gitea's word
        ([review("a", "REQUEST_CHANGES"), review("a", "APPROVED")], [("a", HEAD)]),
        ([review("a", "APPROVED", dismissed=True)], []),
        ([review("a", "DISMISSED")], []),
        ([review("a", "PENDING"), review("a", "REQUEST_REVIEW")], []),
        ([{**review("a", "APPROVED"), "user": None}], []),
    ],
)
def test_the_latest_word_of_each_account_counts(reviews: list[dict[str, Any]], approved: list[tuple[str, str]]) -> None:
    assert [(each.account, each.commit) for each in github.parse_approvals(reviews)] == approved


def test_the_newest_status_of_our_context_counts() -> None:
    told = [
        {"id": 3, "context": "other", "state": "failure", "description": ""},
        {"id": 2, "context": "oneroof/plan", "state": "success", "description": "may be merged"},
        {"id": 1, "context": "oneroof/plan", "state": "pending", "description": ""},
    ]
    assert github.newest_status(told, "oneroof/plan") == Status("oneroof/plan", Verdict.SUCCESS, "may be merged")
    assert github.newest_status(told, "oneroof/apply") is None
    assert github.newest_status([{**told[1], "state": None, "status": "failure"}], "oneroof/plan") is not None  # Gitea's key


def test_a_status_is_cut_as_forges_cut_it() -> None:
    long = Status("oneroof/plan", Verdict.FAILURE, "x" * 300)
    assert github.build_status(long) == {"state": "failure", "context": "oneroof/plan", "description": "x" * 140}
    assert gitlab.build_status(long) == {"state": "failed", "name": "oneroof/plan", "description": "x" * 140}


MERGE_REQUEST: dict[str, Any] = {
    "id": 155016530,
    "iid": 133,
    "title": "/close",
    "state": "opened",
    "target_branch": "main",
    "source_branch": "$(id)",
    "author": {"id": 1, "username": "root", "name": "Administrator"},
    "labels": ["bug", "risk: quota"],
    "sha": HEAD,
    "merge_commit_sha": None,
    "squash_commit_sha": None,
}
VERSIONS = [
    {"id": 110, "head_commit_sha": HEAD, "created_at": "2026-07-26T14:44:48.926Z"},
    {"id": 108, "head_commit_sha": OLD, "created_at": "2026-07-25T14:21:33.028Z"},
]


def approvals(*times: str | None) -> dict[str, Any]:
    return {"approved_by": [{"user": {"username": f"u{n}"}, "approved_at": time} for n, time in enumerate(times)]}


def test_a_merge_request_of_gitlab() -> None:
    found = gitlab.parse_request(MERGE_REQUEST, approvals("2026-07-26T15:00:00.000Z"), VERSIONS)
    assert found == PullRequest(
        133, "root", "main", HEAD, State.OPEN, "", ("bug", "risk: quota"), (Approval("u0", HEAD),)
    )  # fmt: skip
    merged = gitlab.parse_request({**MERGE_REQUEST, "state": "merged", "squash_commit_sha": MERGE}, {}, VERSIONS)
    assert (merged.state, merged.merge_commit) == (State.MERGED, MERGE)


def test_gitlab_s_approvals_count_from_the_last_push_on() -> None:
    told = approvals("2026-07-26T15:44:47+01:00", "2026-07-26T14:44:49Z", "2026-07-26T16:44:49+02:00", None)
    assert [each.account for each in gitlab.parse_approvals(told, VERSIONS, HEAD)] == ["u1", "u2"]
    assert gitlab.parse_approvals(told, VERSIONS[1:], HEAD) == ()


def test_gitlab_s_status_and_notes() -> None:
    told = [{"id": 1, "name": "oneroof/plan", "status": "failed", "description": "refused"}]
    assert gitlab.newest_status(told, "oneroof/plan") == Status("oneroof/plan", Verdict.FAILURE, "refused")
    assert gitlab.newest_status([{**told[0], "status": "running"}], "oneroof/plan") is None
    assert gitlab.parse_comment({"id": 3, "author": {"username": "bot"}, "body": "x"}) == Comment(3, "bot", "x")


def test_where_each_is_reached() -> None:
    hub = GitHub.open("https://github.com", "o/r", "t")
    own = GitHub.open("https://hub.gov.example", "o/r", "t")
    tea = Gitea.open("https://tea.gov.example", "o/r", "t")
    lab = GitLab.open("https://lab.gov.example", "group/below/project", "t")
    assert hub.api.address == "https://api.github.com"
    assert own.api.address == "https://hub.gov.example/api/v3"
    assert tea.api.address == "https://tea.gov.example/api/v1"
    assert lab.api.address == "https://lab.gov.example/api/v4"
    assert lab.git_url == "https://lab.gov.example/group/below/project.git"
    assert [each.head_ref(7) for each in (hub, tea)] == ["refs/pull/7/head"] * 2
    assert lab.head_ref(7) == "refs/merge-requests/7/head"
    assert "'t'" not in repr((hub, own, tea, lab))
