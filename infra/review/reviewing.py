"""Reviews open requests: reads a request and the protected branch, judges, plans, and tells the forge what came of it."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from infra.review import cloud
from infra.review.change import FileChange, blobs, departments_of
from infra.review.clone import Clone
from infra.review.comment import render_review
from infra.review.forges.forge import Forge
from infra.review.judgement import build_needs, find_others, judge_author, judge_sharing, missing
from infra.review.policy import POLICY_PATH, Policy, parse_policy
from infra.review.record import Record, forget_record, load_record, write_record
from infra.review.request import PullRequest, State, Status, label_changes, own_comment
from infra.review.review import Outcome, Review, build_labels, build_status
from infra.review.risk import find_risks
from tenants.declaration.catalogue import Catalogue
from tenants.declaration.load import CATALOGUE_NAME, load_catalogue, load_departments
from tenants.declaration.model import Department
from tenants.problem import Problem, UserError

if TYPE_CHECKING:
    from infra.apply import Site
    from infra.plan.document import PlanDocument

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Desk:
    """Where requests come in and what they are reviewed with."""

    forge: Forge
    clone: Clone
    branch: str
    """The protected branch; requests to change others are none of ours."""
    site: Callable[[], Site]
    """Opens the cloud; asked for only where something is to be planned."""
    records: Path
    """Folder of what was planned, one file a request."""
    tell: Tell


@dataclass(frozen=True)
class Declarations:
    """All of a tree's."""

    catalogue: Catalogue
    departments: tuple[Department, ...]

    @property
    def by_slug(self) -> dict[str, Department]:
        """Give each department by its name."""
        return {department.slug: department for department in self.departments}


def review_request(desk: Desk, number: int) -> Review | None:
    """Review one request and tell the forge; gives nothing where there is nothing to say: closed, merged, another branch."""
    request = desk.forge.read_request(number)
    if request.state is not State.OPEN or request.branch != desk.branch:
        desk.tell(f"request {number} is {request.state} and not reviewed")
        return None
    desk.clone.fetch(desk.branch, desk.forge.head_ref(number))
    if desk.clone.head() != request.head:
        desk.tell(f"request {number} changes as it is read: the next review answers")
        return None
    review, changes = _judge(desk, request, desk.clone.base())
    _keep(desk, request, review, changes)
    publish(desk.forge, request, render_review(review, request.head), build_status(review), build_labels(review))
    desk.tell(f"request {number}: {review.outcome}")
    return review


def publish(forge: Forge, request: PullRequest, body: str, status: Status, labels: frozenset[str]) -> None:
    """Bring comment, labels and status of a request's head up to date; what is so already is left alone.

    The status is last: it is what lets a request be merged.
    """
    write_comment(forge, request.number, body)
    add, remove = label_changes(request.labels, labels)
    forge.change_labels(request.number, add, remove)
    write_status(forge, request.head, status)


def write_comment(forge: Forge, number: int, body: str) -> None:
    """Write our comment, or bring it up to date in its place."""
    ours = own_comment(forge.read_comments(number), forge.account())
    # forges trim the end of what they store
    if ours is None or ours.body.rstrip() != body.rstrip():
        forge.write_comment(number, body, ours)


def write_status(forge: Forge, commit: str, status: Status) -> None:
    """Set a commit's status where it is another."""
    if forge.read_status(commit, status.context) != status:
        forge.write_status(commit, status)


def read_declarations(clone: Clone, tree: str) -> Declarations:
    """Read the declarations of a tree as data; raises UserError with every mistake, by names as they are in the tree."""
    with tempfile.TemporaryDirectory(prefix="oneroof-review-") as folder:
        directory = Path(folder)
        clone.write(tree, directory)
        try:
            catalogue = load_catalogue(directory)
            return Declarations(catalogue, load_departments(directory, catalogue))
        except UserError as error:
            raise UserError(*(_in_tree(problem, directory) for problem in error.problems)) from error


def read_policy(clone: Clone, base: str) -> Policy:
    """Read the rules of review of the protected branch; raises UserError where there are none."""
    blob = clone.blob(base, POLICY_PATH)
    if blob is None:
        raise UserError(
            Problem(f"the protected branch has no {POLICY_PATH}", "Take the one of oneroof and name your people.")
        )
    return parse_policy(clone.read(blob).decode("utf-8", errors="replace"))


def _judge(desk: Desk, request: PullRequest, base: str) -> tuple[Review, tuple[FileChange, ...]]:
    tree = desk.clone.merge(base, request.head)
    if tree is None:
        return Review(Outcome.CONFLICT), ()
    changes = desk.clone.changes(base, tree)
    policy, before = read_policy(desk.clone, base), read_declarations(desk.clone, base)
    if refusals := judge_author(request, changes, before.by_slug, policy):
        return Review(Outcome.REFUSED, refusals=refusals), changes
    try:
        after = read_declarations(desk.clone, tree)
    except UserError as error:
        return Review(Outcome.MISTAKEN, problems=error.problems), changes
    if refusals := judge_sharing(request, before.by_slug, after.by_slug, policy):
        return Review(Outcome.REFUSED, refusals=refusals), changes
    catalogues = before.catalogue, after.catalogue
    findings = [
        finding
        for slug in departments_of(changes)
        for finding in find_risks(before.by_slug.get(slug), after.by_slug.get(slug), catalogues, policy)
    ]
    findings += find_others(changes)
    needs = build_needs(request, findings, before.by_slug, policy)
    review = Review(Outcome.WAITING if missing(needs) else Outcome.READY, findings=tuple(findings), needs=needs)
    return _planned(desk, request, review, declared_by(changes, after, before), base), changes


def _planned(desk: Desk, request: PullRequest, review: Review, declared: cloud.Declared, base: str) -> Review:
    """Add the plan, which may turn out to be none that can be given."""
    if not (declared.changed or declared.gone or declared.old_catalogue):
        return review
    try:
        made = cloud.plan(desk.site(), declared, base, tell=desk.tell)
    except UserError as error:
        return replace(review, outcome=Outcome.UNPLANNED, problems=error.problems)
    before = load_record(desk.records, request.number)
    plan = as_before(before, request, made)
    if any(each.state in ("refused", "failed") for each in made.departments):
        return replace(review, outcome=Outcome.UNPLANNED, plan=plan)
    if moved := moved_since_approved(before, request, made):
        return replace(review, outcome=Outcome.MOVED, plan=made, moved=moved)
    return replace(review, plan=plan)


def moved_since_approved(record: Record | None, request: PullRequest, made: PlanDocument) -> tuple[str, ...]:
    """Give what the plan of now does beyond the one that was told, where somebody approved that already.

    Approvals speak of a commit, and forges do not tell of which plan: so the plan told first after a push is the one they
    approve, and another needs another push.
    """
    from infra.plan.approval import find_moved
    from infra.plan.document import parse_plan

    approved = any(each.commit == request.head for each in request.approvals)
    if not approved or record is None or record.head != request.head or not record.plan:
        return ()
    return tuple(find_moved(parse_plan(record.plan), made))


def as_before(record: Record | None, request: PullRequest, made: PlanDocument) -> PlanDocument:
    """Give the plan that was told before where it still says the same: how much is free moves by the minute.

    So who approves and who merges read one plan, and a comment is written again only when there is something new in it.
    """
    from infra.plan.document import parse_plan

    if record is None or record.head != request.head or not record.plan:
        return made
    before = parse_plan(record.plan)
    return before if before.digest == made.digest and _kinds(before) == _kinds(made) else made


def _kinds(plan: PlanDocument) -> list[str]:
    """Give the warnings without their figures."""
    return [re.sub(r"[0-9.]+", "", warning) for warning in plan.warnings]


def declared_by(changes: Sequence[FileChange], after: Declarations, before: Declarations | None) -> cloud.Declared:
    """Give what a change declares; without ``before`` the catalogue counts as it was."""
    touched = departments_of(changes)
    moved = before is not None and any(each.path == f"tenants/{CATALOGUE_NAME}" for each in changes)
    return cloud.Declared(
        catalogue=after.catalogue,
        every=after.departments,
        changed=frozenset(touched) & after.by_slug.keys(),
        gone=tuple(slug for slug in touched if slug not in after.by_slug),
        old_catalogue=before.catalogue if before is not None and moved else None,
    )


def _keep(desk: Desk, request: PullRequest, review: Review, changes: tuple[FileChange, ...]) -> None:
    """Keep what may be merged, so that after the merge exactly that is applied; what may not be is forgotten."""
    from infra.plan.document import render_json

    if review.outcome is Outcome.MOVED:
        return  # what was approved stays what may be applied, should the cloud move back
    if review.outcome not in (Outcome.WAITING, Outcome.READY):
        forget_record(desk.records, request.number)
        return
    record = Record(
        number=request.number,
        head=request.head,
        blobs=dict(blobs(changes)),
        needs=tuple((need.whose, need.accounts) for need in review.needs),
        plan="" if review.plan is None else render_json(review.plan),
    )
    if load_record(desk.records, request.number) != record:
        write_record(desk.records, record)


def _in_tree(problem: Problem, directory: Path) -> Problem:
    inside = problem.file is not None and problem.file.is_relative_to(directory)
    return replace(problem, file=Path("tenants") / problem.file.name) if inside and problem.file else problem


def open_numbers(desk: Desk) -> Iterator[int]:
    """Give the numbers of all open requests."""
    yield from desk.forge.open_requests()
