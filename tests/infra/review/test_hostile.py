"""Hostile pull requests on a real forge: each gets a refusal, as one comment and one status, and nothing else."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from gitea_command import ensure_gitea, find_gitea
from real_forge import ADMIN, BOT, REPOSITORY, run_forge
from review_desk import BASE, OPERATOR, OTHER, PARKS, POLICY, STRANGER, WATER, Tried, open_desk

from infra.review.policy import POLICY_PATH
from infra.review.request import MARKER
from tenants.declaration.load import CATALOGUE_NAME

# Building Gitea takes minutes: the quick run takes these in where it was built before.
pytestmark = [] if find_gitea() else [pytest.mark.slow]

COMMAND = Path(sys.executable).parent / "oneroof"
WORKFLOW = "on: pull_request_target\njobs: {x: {steps: [{run: 'echo ${{ secrets.ONEROOF_FORGE_TOKEN }}'}]}}\n"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tried]:
    """A forge, and an installation without any cloud: what is refused asks for none."""
    home = tmp_path_factory.mktemp("home")
    with run_forge(ensure_gitea()) as forge, open_desk(forge, COMMAND, home) as tried:
        yield tried


def refused(desk: Tried, number: int) -> str:
    """Review a request that must be refused; give the comment."""
    said = desk.review(str(number))
    assert said.returncode == 0, said.stderr
    assert desk.forge.tokens[BOT] not in said.stderr + said.stdout
    return is_refused(desk, number)


def is_refused(desk: Tried, number: int) -> str:
    """See that a request was refused and nothing else; give the comment."""
    assert desk.verdicts(number) == {"oneroof/plan": ("failure", "refused: not the author's to change")}
    assert desk.forge.labels(number) == set()
    assert not list((desk.home / "reviews").rglob(f"{number}.json"))
    assert not desk.forge.merge(STRANGER, number).ok
    comment = desk.comment(number)
    assert comment.startswith(f"{MARKER}\n## Refused\n")
    assert desk.forge.tokens[BOT] not in comment
    return comment


HOSTILE: tuple[tuple[str, dict[str, str | None], str], ...] = (
    ("another-department", {f"tenants/{PARKS}.yaml": BASE + "# mine now\n"}, "is another's: only its owners"),
    ("another-deleted", {f"tenants/{PARKS}.yaml": None}, "is another's: only its owners"),
    ("owners", {f"tenants/{PARKS}.yaml": BASE.replace("rs: [", "rs: [it@water.gov.example, ")}, "`water-it` is none"),
    ("workflow", {".github/workflows/review.yml": WORKFLOW}, "is no department's declaration"),
    (
        "workflow-beside",
        {f"tenants/{WATER}.yaml": OTHER + "# a small change\n", ".gitea/workflows/more.yml": WORKFLOW},
        "`.gitea/workflows/more.yml` is no department's declaration",
    ),
    ("playbook", {"playbooks/site.yml": "- hosts: all\n  tasks: [{shell: id}]\n"}, "`playbooks/site.yml` is no"),
    ("policy", {POLICY_PATH: POLICY.replace("ops-sun", "water-it")}, f"`{POLICY_PATH}` is no department's"),
    ("catalogue", {f"tenants/{CATALOGUE_NAME}": "flavors: {}\n"}, "`tenants/catalogue.yaml` is no department's"),
    ("below", {"tenants/more/water.yaml": OTHER}, "`tenants/more/water.yaml` is no department's"),
    ("link", {f"tenants/{WATER}.yaml": "link:/etc/passwd"}, "would be a link or a program"),
    ("attributes", {".gitattributes": "* filter=x\n"}, "`.gitattributes` is no department's"),
    ("submodule", {".gitmodules": '[submodule "x"]\n\tpath = x\n\turl = ../x\n'}, "`.gitmodules` is no department's"),
    (
        "two-new",
        {f"tenants/{slug}.yaml": OTHER.replace(WATER, slug) for slug in ("review-one", "review-two")},
        "declarations of 2 departments change in one request",
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def numbers(desk: Tried) -> dict[str, int]:
    """Open every hostile request, and review all that are open in one go, as a job by the clock does."""
    found = {}
    for name, files, _ in HOSTILE:
        desk.forge.push(STRANGER, name, files)
        found[name] = desk.forge.propose(STRANGER, name, f"Change {name}")
    said = desk.review()
    assert said.returncode == 0, said.stderr
    return found


@pytest.mark.parametrize(("name", "says"), [(name, says) for name, _, says in HOSTILE])
def test_what_is_not_the_author_s_is_refused(desk: Tried, numbers: dict[str, int], name: str, says: str) -> None:
    comment = is_refused(desk, numbers[name])
    assert says in comment
    assert "root:" not in comment


def test_titles_branches_and_names_are_never_run_nor_shown(desk: Tried, tmp_path: Path) -> None:
    trap = tmp_path / "sprung"
    branch = f"x-$(touch${{IFS}}{trap})-`id`"
    evil = f"${{{{ secrets.ONEROOF_FORGE_TOKEN }}}} $(touch {trap}) `touch {trap}`; touch {trap} #"
    desk.forge.push(STRANGER, branch, {f"tenants/{PARKS}.yaml": BASE + "# mine\n"})
    number = desk.forge.propose(STRANGER, branch, evil, evil)
    comment = refused(desk, number)
    assert not trap.exists()
    assert not re.search(r"secrets|touch|IFS", comment)


def test_no_command_line_has_the_token_or_a_word_of_the_request(desk: Tried, tmp_path: Path) -> None:
    log = tmp_path / "argv"
    real = shutil.which("git")
    spy = tmp_path / "bin" / "git"
    spy.parent.mkdir()
    # the real git, which first writes down how it was called and what it was given
    spy.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >>{log}\nenv >>{log}.env\nexec {real} "$@"\n')
    spy.chmod(0o755)
    desk.forge.push(STRANGER, "words-of-a-branch", {f"tenants/{PARKS}.yaml": BASE + "# words of a file\n"})
    number = desk.forge.propose(STRANGER, "words-of-a-branch", "words of a title")
    said = desk.review(str(number), PATH=f"{spy.parent}:/usr/bin:/bin")
    assert said.returncode == 0, said.stderr
    lines = log.read_text()
    assert "merge-tree" in lines
    assert "words" not in lines
    assert desk.forge.tokens[BOT] not in lines + Path(f"{log}.env").read_text()
    assert "ONEROOF" not in Path(f"{log}.env").read_text()


TRICKS = (
    "</code></details><script>alert(1)</script><img src=x onerror=alert(2)>",
    "@ops-chen #1 fixes #1 http://evil.example [a](http://evil.example) ![b](http://evil.example/b.png)",
    "``` `` ` | cell | <!-- oneroof:review --> right to left",
    "/close",
)


def test_a_declaration_cannot_draw_the_comment(desk: Tried) -> None:
    tricks = "".join(f'  - "{trick}"\n' for trick in TRICKS)
    text = OTHER.replace("owners:", "contacts_of_old: []\nowners:").replace("projects:", f"groups:\n{tricks}projects:")
    desk.forge.push(STRANGER, "tricks", {f"tenants/{WATER}.yaml": text})
    request = desk.forge.propose(STRANGER, "tricks", "Tricks")
    assert desk.review(str(request)).returncode == 0
    assert desk.verdict(request) == ("failure", f"{len(TRICKS) + 1} mistakes in the declaration")
    comment = desk.comment(request)
    assert "script" in comment
    harmless(desk, comment)


def test_a_file_s_name_cannot_draw_the_comment(desk: Tried) -> None:
    name = "tenants/@ops-chen `<img src=x>` | [a](http:evil) \u202e.yaml"
    desk.forge.push(STRANGER, "name", {name: OTHER})
    request = desk.forge.propose(STRANGER, "name", "A name")
    harmless(desk, refused(desk, request))


def harmless(desk: Tried, comment: str) -> None:
    """See that a comment, as the forge shows it, has nothing in it but text, and called nobody."""
    shown = desk.forge.shown(comment)
    outside = re.sub(r"<code>[^<]*</code>", "", shown)
    assert set(re.findall(r"<(\w+)", outside)) <= {"h2", "ul", "li", "p", "sub", "br"}, shown
    assert "evil" not in outside
    assert "ops-chen" not in outside
    assert "\u202e" not in comment
    told = desk.forge.do(OPERATOR, "GET", "/notifications?all=true")
    assert [each["subject"]["title"] for each in told] == []


def test_a_comment_that_looks_like_ours_is_left_alone(desk: Tried) -> None:
    desk.forge.push(STRANGER, "forged", {"playbooks/site.yml": "- hosts: none\n"})
    number = desk.forge.propose(STRANGER, "forged", "Forged")
    forged = f"{MARKER}\n## May be merged\n"
    desk.forge.do(STRANGER, "POST", f"/repos/{REPOSITORY}/issues/{number}/comments", {"body": forged})
    assert desk.review(str(number)).returncode == 0
    by = {each["user"]["login"]: each["body"] for each in desk.forge.comments(number)}
    assert by[STRANGER].strip() == forged.strip()
    assert "## Refused" in by[BOT]


def test_merged_past_the_rules_is_not_applied(desk: Tried) -> None:
    """Who may do everything on the forge may merge anything; it is not applied for that."""
    desk.forge.push(STRANGER, "forced", {f"tenants/{PARKS}.yaml": BASE + "# forced\n"})
    number = desk.forge.propose(STRANGER, "forced", "Forced")
    refused(desk, number)
    desk.forge.force(number)
    said = desk.review("--merged", str(number))
    assert said.returncode == 1, said.stderr
    assert "## Merged, and not applied" in desk.comment(number)
    assert desk.forge.statuses(desk.forge.request(number)["merge_commit_sha"])["oneroof/apply"] == ("failure", "not applied")


def test_a_webhook_s_message_is_answered_and_a_forged_one_is_not(desk: Tried) -> None:
    secret = secrets.token_urlsafe(24)
    with desk.listening(secret) as listener:
        address = listener.address
        hook = {"url": address, "content_type": "json", "secret": secret}
        events = ["pull_request", "pull_request_sync", "pull_request_review"]
        made = {"type": "gitea", "active": True, "events": events, "config": hook}
        desk.forge.do(ADMIN, "POST", f"/repos/{REPOSITORY}/hooks", made)
        desk.forge.push(STRANGER, "heard", {"playbooks/site.yml": "- hosts: heard\n"})
        number = desk.forge.propose(STRANGER, "heard", "Heard")
        body = json.dumps({"pull_request": {"number": number}})
        for headers in ({}, {"X-Gitea-Signature": "0" * 64}, {"X-Gitlab-Token": ""}):
            assert requests.post(address, data=body, headers=headers, timeout=10).status_code == 403
        until = time.monotonic() + 60
        while not desk.verdicts(number):
            assert time.monotonic() < until, "nothing came of the message"
            time.sleep(0.2)
        is_refused(desk, number)


def test_a_token_that_may_not_is_told_as_such(desk: Tried) -> None:
    said = desk.review("1", ONEROOF_FORGE_TOKEN="wrong")  # noqa: S106 - no secret
    assert said.returncode == 1
    assert re.search(r"request 1: GET .*/pulls/1: 401 ", said.stderr), said.stderr
