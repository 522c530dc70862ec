"""Hostile pull requests on a real forge: each gets a refusal, as one comment and one status, and nothing else."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from gitea_command import ensure_gitea, find_gitea
from real_forge import BOT, REPOSITORY, run_forge
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
    assert desk.verdicts(number) == {"oneroof/plan": ("failure", "refused: not the author's to change")}
    assert desk.forge.labels(number) == set()
    assert not list((desk.home / "reviews").rglob(f"{number}.json"))
    assert not desk.forge.merge(STRANGER, number).ok
    comment = desk.comment(number)
    assert comment.startswith(f"{MARKER}\n## Refused\n")
    assert desk.forge.tokens[BOT] not in comment + said.stderr + said.stdout
    return comment


@pytest.mark.parametrize(
    ("name", "files", "says"),
    [
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
    ],
)  # fmt: skip
def test_what_is_not_the_author_s_is_refused(desk: Tried, name: str, files: dict[str, str | None], says: str) -> None:
    desk.forge.push(STRANGER, name, files)
    comment = refused(desk, desk.forge.propose(STRANGER, name, f"Change {name}"))
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
    "``` `` ` | cell | <!-- oneroof:review --> \u202e right to left",
    "/close",
)


@pytest.mark.parametrize("number", range(len(TRICKS)))
def test_a_declaration_cannot_draw_the_comment(desk: Tried, number: int) -> None:
    trick = TRICKS[number]
    escaped = trick.replace("\\", "\\\\").replace('"', '\\"')
    text = OTHER.replace("projects:", f'classification: "{escaped}"\nprojects:')
    desk.forge.push(STRANGER, f"trick-{number}", {f"tenants/{WATER}.yaml": text})
    request = desk.forge.propose(STRANGER, f"trick-{number}", "Tricks")
    assert desk.review(str(request)).returncode == 0
    assert desk.verdict(request) == ("failure", "1 mistake in the declaration")
    harmless(desk, desk.comment(request))


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


def test_a_token_that_may_not_is_told_as_such(desk: Tried) -> None:
    said = desk.review("1", ONEROOF_FORGE_TOKEN="wrong")  # noqa: S106 - no secret
    assert said.returncode == 1
    assert re.search(r"request 1: GET .*/pulls/1: 401 ", said.stderr), said.stderr
