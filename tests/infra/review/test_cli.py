"""Which forge is meant, and what is told where it cannot be known."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from infra.review.cli import Told, find_told, parse_address, review
from tenants.problem import UserError

GITHUB = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "o/r"}
GITEA = {"GITHUB_SERVER_URL": "https://tea.gov.example", "GITHUB_REPOSITORY": "o/r", "GITEA_ACTIONS": "true"}
GITLAB = {"GITLAB_CI": "true", "CI_SERVER_URL": "https://lab.gov.example", "CI_PROJECT_PATH": "g/s/p"}


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        (GITHUB, Told("github", "https://github.com", "o/r")),
        (GITEA, Told("gitea", "https://tea.gov.example", "o/r")),
        (GITLAB, Told("gitlab", "https://lab.gov.example", "g/s/p")),
    ],
)
def test_a_job_says_where_it_runs(environ: dict[str, str], told: Told) -> None:
    assert find_told(None, None, None, environ) == told
    other = find_told("gitea", "http://127.0.0.1:3000/", "a/b", environ)
    assert other == Told("gitea", "http://127.0.0.1:3000", "a/b")


@pytest.mark.parametrize(
    ("url", "repository", "says"),
    [
        ("ftp://x", "a/b", "--url: got ftp://x"),
        ("https://me:secret@forge", "a/b", "--url: got an address with a name or a password in it"),
        ("--upload-pack=id", "a/b", "--url"),
        ("https://forge", "a", "--repository: got a,"),
        ("https://forge", "../../x", "--repository"),
        ("https://forge", "--x/y", "--repository"),
    ],
)
def test_what_is_no_address_is_told(url: str, repository: str, says: str) -> None:
    with pytest.raises(UserError) as error:
        find_told("gitea", url, repository, {})
    assert says in str(error.value)
    assert "secret" not in str(error.value)


def test_all_that_is_missing_is_told_at_once() -> None:
    with pytest.raises(UserError) as error:
        find_told(None, None, None, {})
    assert [problem.what.split(":")[0] for problem in error.value.problems] == ["--forge", "--url", "--repository"]


def test_without_a_token_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ONEROOF_FORGE_TOKEN", raising=False)
    done = CliRunner().invoke(review, ["1", "--forge", "gitea", "--url", "http://127.0.0.1:1", "--repository", "a/b"])
    assert isinstance(done.exception, UserError)
    assert "ONEROOF_FORGE_TOKEN: got nothing" in str(done.exception)


def test_an_address_has_a_port() -> None:
    assert parse_address("127.0.0.1:8480") == ("127.0.0.1", 8480)
    for wrong in ("8480", "127.0.0.1", ":80", "x:y", "x:65536"):
        with pytest.raises(UserError):
            parse_address(wrong)
