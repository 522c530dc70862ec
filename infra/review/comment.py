"""The one comment on a request, as Markdown. Pure; words of others are quoted or escaped, whatever they hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from infra.review.judgement import Need
from infra.review.request import MARKER
from infra.review.result import Result
from infra.review.review import Outcome, Review
from infra.review.sentence import cell, quoted
from tenants.problem import Problem

if TYPE_CHECKING:
    from infra.plan.document import PlanDocument

LONGEST = 60_000
"""Characters of a comment; GitHub refuses more than 65,536."""
_MOST_PROBLEMS = 50

_HEADS = {
    Outcome.REFUSED: "Refused",
    Outcome.CONFLICT: "Conflicts with the protected branch",
    Outcome.MISTAKEN: "Mistakes to mend",
    Outcome.UNPLANNED: "Cannot be given as it is",
    Outcome.MOVED: "The plan moved since it was approved",
    Outcome.WAITING: "Waits for approval",
    Outcome.READY: "May be merged",
}


def render_review(review: Review, head: str) -> str:
    """Give the comment on an open request at a commit; the same review gives the same text."""
    return _whole(_review(review, head))


def render_result(result: Result, plan: PlanDocument | None, head: str) -> str:
    """Give the comment on a merged request: what became of it, and the plan that was approved, folded."""
    return _whole(_result(result, plan, head))


def _review(review: Review, head: str) -> Iterator[str]:
    yield f"## {_HEADS[review.outcome]}"
    yield ""
    yield from (f"- {sentence.markdown()}" for sentence in review.refusals)
    if review.outcome is Outcome.REFUSED:
        yield from ("", "Nothing of it was read further. What a department may change: `tenants/README.md`.", "")
    elif review.outcome is Outcome.CONFLICT:
        yield from (
            "Bring the branch up to date with the one it wants to change: what is merged must be what was planned.",
            "",
        )
    elif review.outcome is Outcome.MOVED:
        yield from ("What would be done now, and was not approved:", "")
        yield from (f"- {quoted(moved, longest=600)}" for moved in review.moved[:_MOST_PROBLEMS])
        yield from ("", "Push again (an empty commit will do), and have the plan below approved.", "")
    yield from _problems(review.problems)
    if review.findings:
        yield from ("**Risks**", "")
        yield from (f"- `{each.risk.label}` {_of(each.department)}{each.reason.markdown()}" for each in review.findings)
        yield ""
    yield from _needs(review.needs)
    yield from _plan(review)
    yield _foot(head)


def _of(department: str) -> str:
    return f"{quoted(department)}: " if department else ""


def _problems(problems: tuple[Problem, ...]) -> Iterator[str]:
    for problem in problems[:_MOST_PROBLEMS]:
        place = "" if problem.file is None else f"{problem.file}:{problem.line}" if problem.line else str(problem.file)
        yield (
            f"- {quoted(place)}: {quoted(problem.what, longest=600)}" if place else f"- {quoted(problem.what, longest=600)}"
        )
        if problem.hint:
            yield f"  Hint: {quoted(problem.hint, longest=600)}"
    if len(problems) > _MOST_PROBLEMS:
        yield f"- and {len(problems) - _MOST_PROBLEMS} more"
    if problems:
        yield ""


def _needs(needs: Iterable[Need]) -> Iterator[str]:
    rows = []
    for need in needs:
        who = cell(", ".join(need.accounts)) if need.accounts else "nobody: operations must add an account"
        why = cell("; ".join(reason.plain() for reason in need.reasons), longest=300)
        given = cell(need.given_by) if need.given_by else "**missing**"
        rows.append(f"| {cell(need.whose)} | {who} | {why} | {given} |")
    if rows:
        yield from ("**Approvals**", "", "| whose | accounts | for | given by |", "|---|---|---|---|", *rows, "")


def _plan(review: Review) -> Iterator[str]:
    if review.plan is not None:
        yield from _document(review.plan)
    elif review.outcome in (Outcome.WAITING, Outcome.READY):
        yield from ("No declaration changes: nothing becomes of it in the cloud.", "")


def _document(plan: PlanDocument) -> Iterator[str]:
    from infra.plan.markdown import render_markdown

    yield from (render_markdown(plan).rstrip(), "")


def _result(result: Result, plan: PlanDocument | None, head: str) -> Iterator[str]:
    if result.why_not:
        yield from ("## Merged, and not applied", "")
        yield from (f"- {quoted(why, longest=600)}" for why in result.why_not)
        yield ""
    elif not result.is_well:
        yield from ("## Merged, and not wholly applied", "")
    else:
        yield from ("## Applied" if result.applied else "## Merged: nothing to apply", "")
    for each in result.applied:
        yield f"- {quoted(each.department)}: {each.state}"
        yield from (f"  - {quoted(reason, longest=600)}" for reason in each.reasons)
    servers = [(each.department, made) for each in result.applied for made in each.servers]
    if servers:
        yield from ("", "| department | project | server | address | floating address |", "|---|---|---|---|---|")
        for department, made in servers:
            words = (department, made.project, made.server, made.address, made.floating_address)
            yield f"| {' | '.join(cell(word) for word in words)} |"
    if plan is not None:
        yield from ("", "<details>", "<summary>The plan that was approved</summary>", "", *_document(plan), "</details>")
    yield ""
    yield _foot(head)


def _foot(head: str) -> str:
    return f"<sub>of commit {head[:12]}; this comment is kept up to date</sub>"


def _whole(lines: Iterable[str]) -> str:
    text = "\n".join((MARKER, *lines))
    if len(text) <= LONGEST:
        return text
    kept = text[:LONGEST].rpartition("\n")[0]
    # what is open there would swallow the sentence
    open_ = kept.count("\n<details>") - kept.count("\n</details>")
    return "\n".join((kept, *["", "</details>"] * open_, "", "**Too long to show whole: `oneroof plan` shows all of it.**"))
