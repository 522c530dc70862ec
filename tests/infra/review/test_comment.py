"""The comment as a reader of Markdown sees it: what others wrote is text in it, whatever they wrote."""

from __future__ import annotations

import random

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from infra.plan.document import DepartmentPlan, PlanStep, build_plan
from infra.review import result, review
from infra.review.comment import LONGEST, render_result, render_review
from infra.review.judgement import Need
from infra.review.policy import Risk
from infra.review.request import MARKER, Verdict
from infra.review.result import Applied, Made, Result
from infra.review.review import Outcome, Review
from infra.review.risk import Finding
from infra.review.sentence import Sentence, cell, quoted, visible
from tenants.problem import Problem

HEAD = "a" * 40
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")
SIGNS = "`|\\<>&*_[]()!#@~-=+:;/\"'\n\r\t x1\u202e\u200b\udc80{}$"


def spans(text: str) -> list[Token]:
    """Parse one paragraph; give what is in it."""
    (inline,) = (token for token in MARKDOWN.parse(text) if token.type == "inline")
    return list(inline.children or ())


@pytest.mark.parametrize("seed", range(100))
def test_whatever_is_quoted_is_one_span_of_code(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - texts, no secrets
    text = "".join(chance.choice(SIGNS) for _ in range(chance.randint(1, 30)))
    (span,) = spans(f"- {quoted(text)}") if quoted(text) != "–" else spans("- `–`")
    assert span.type == "code_inline"
    assert span.content.strip() == (visible(text).strip() or "–")


@pytest.mark.parametrize("seed", range(100))
def test_whatever_stands_in_a_cell_stays_in_it(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - texts, no secrets
    text = "".join(chance.choice(SIGNS) for _ in range(chance.randint(1, 30)))
    table = f"| a | b |\n|---|---|\n| {cell(text)} | end |"
    cells = [token.children or [] for token in MARKDOWN.parse(table) if token.type == "inline"][2:]
    assert [each.type for each in cells[0]] in (["code_inline"], ["text"]), table
    assert [each.content for each in cells[1]] == ["end"]


def test_what_does_not_show_is_shown_as_such() -> None:
    assert visible("a\u202eb\u200bc\x07d\udc80") == "a�b�c�d�"
    assert visible("one\n two\t three") == "one two three"
    assert len(visible("x" * 100_000)) == 200


def test_a_sentence_keeps_its_words_apart() -> None:
    sentence = Sentence("{} is not {}", ("@a{}", "`b`"))
    assert sentence.plain() == "@a{} is not `b`"
    assert sentence.markdown() == "`@a{}` is not `` `b` ``"


def waiting(plan: str = "Server prod/web") -> Review:
    step = PlanStep("create", "oneroof:compute:Server", "prod/web", plan, "", True, None, None)
    made = build_plan("oneroof", [DepartmentPlan("health", "changes", steps=(step,))])
    need = Need("another owner of health", ("health-security",), (Sentence("production changes"),))
    return Review(
        Outcome.WAITING,
        findings=(Finding(Risk.PRODUCTION, "health", Sentence("production changes: {}", ("prod",))),),
        needs=(need,),
        plan=made,
    )


def test_a_review_says_risks_approvals_and_plan() -> None:
    text = render_review(waiting(), HEAD)
    assert text.startswith(f"{MARKER}\n## Waits for approval\n")
    assert "- `risk: production` `health`: production changes: `prod`" in text
    assert "| `another owner of health` | `health-security` | `production changes` | **missing** |" in text
    assert "Server prod/web" in text
    assert render_review(waiting(), HEAD) == text


def test_its_status_and_labels_say_the_same() -> None:
    status = review.build_status(waiting())
    assert (status.verdict, status.description) == (Verdict.PENDING, "waits for approval: another owner of health")
    assert review.build_labels(waiting()) == {"risk: production"}
    for outcome in set(Outcome) - {Outcome.WAITING, Outcome.READY}:
        assert review.build_status(Review(outcome)).verdict is Verdict.FAILURE
    assert review.build_status(Review(Outcome.READY)).verdict is Verdict.SUCCESS


def test_a_plan_cannot_draw_the_comment() -> None:
    text = render_review(waiting("</details><img src=x> [a](http://x) @ops `b` | c"), HEAD)
    types = {child.type for token in MARKDOWN.parse(text) for child in token.children or ()}
    assert not types & {"link_open", "image"}
    html = [child.content for token in MARKDOWN.parse(text) for child in token.children or () if child.type == "html_inline"]
    assert set(html) <= {"<sub>", "</sub>"}
    assert "@ops" not in text


def test_a_long_comment_is_cut_where_everything_is_closed() -> None:
    problems = tuple(Problem(f"mistake {number} " + "x" * 500) for number in range(1000))
    text = render_review(Review(Outcome.MISTAKEN, problems=problems), HEAD)
    assert len(text) < LONGEST
    assert "- and 950 more" in text
    servers = tuple(Made("prod", f"web-{number}", "10.20.0.1", "") for number in range(3000))
    long = render_result(Result((Applied("health", "applied", servers=servers),)), waiting().plan, HEAD)
    assert len(long) < LONGEST + 200
    assert long.count("<details>") == long.count("</details>")
    assert long.endswith("`oneroof plan` shows all of it.**")


def test_what_became_of_it_is_said_with_addresses() -> None:
    made = Made("prod", "web", "10.20.0.7", "")
    text = render_result(Result((Applied("health", "applied", servers=(made,)),)), waiting().plan, HEAD)
    assert text.splitlines()[1] == "## Applied"
    assert "| `health` | `prod` | `web` | `10.20.0.7` | – |" in text
    assert "<summary>The plan that was approved</summary>" in text


@pytest.mark.parametrize(
    ("found", "head", "verdict"),
    [
        (Result(), "## Merged: nothing to apply", Verdict.SUCCESS),
        (Result((Applied("health", "unchanged"),)), "## Applied", Verdict.SUCCESS),
        (Result((Applied("health", "failed", ("no room",)),)), "## Merged, and not wholly applied", Verdict.FAILURE),
        (Result(why_not=("moved",)), "## Merged, and not applied", Verdict.FAILURE),
    ],
)
def test_the_head_says_how_it_ended(found: Result, head: str, verdict: Verdict) -> None:
    assert render_result(found, None, HEAD).splitlines()[1] == head
    assert result.build_status(found).verdict is verdict
