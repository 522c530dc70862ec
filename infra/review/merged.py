"""After the merge: applies exactly what was planned and approved, and tells the request what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from infra.review import cloud
from infra.review.change import ABSENT
from infra.review.comment import render_result
from infra.review.record import Record, load_record, unended, write_record
from infra.review.request import PullRequest, State
from infra.review.result import Applied, Result, build_status
from infra.review.reviewing import Declarations, Desk, read_declarations, write_comment, write_status
from tenants.problem import UserError

if TYPE_CHECKING:
    from infra.plan.document import PlanDocument


def apply_merged(desk: Desk, number: int) -> Result | None:
    """Apply a merged request and tell the forge; gives nothing where it is not merged, or was applied before."""
    request = desk.forge.read_request(number)
    if request.state is not State.MERGED or request.branch != desk.branch:
        desk.tell(f"request {number} is {request.state} and not applied")
        return None
    record = load_record(desk.records, number)
    if record is not None and record.ended:
        desk.tell(f"request {number} was applied before")
        return None
    result = _apply(desk, request, record)
    plan = _plan_of(record)
    write_comment(desk.forge, number, render_result(result, plan, request.head))
    write_status(desk.forge, request.merge_commit, build_status(result))
    if record is not None and result.is_well:
        write_record(desk.records, replace(record, ended=True))
    desk.tell(f"request {number}: {build_status(result).description}")
    return result


def waiting_numbers(desk: Desk) -> Iterator[int]:
    """Give the numbers of the requests that were merged and are not wholly in the cloud."""
    for number in unended(desk.records):
        if desk.forge.read_request(number).state is State.MERGED:
            yield number


def _apply(desk: Desk, request: PullRequest, record: Record | None) -> Result:
    if record is None or record.head != request.head:
        planned = "nothing" if record is None else f"commit {record.head[:12]}"
        return Result(
            why_not=(f"merged was commit {request.head[:12]}, and the last plan that could be merged is of {planned}",)
        )
    if why_not := tuple(_unapproved(request, record)):
        return Result(why_not=why_not)
    if not record.plan:
        return Result()
    desk.clone.fetch(desk.branch, "")
    base = desk.clone.base()
    if why_not := tuple(_moved_on(desk, record, base)):
        return Result(why_not=why_not)
    try:
        return _bring_about(desk, record, read_declarations(desk.clone, base))
    except UserError as error:
        return Result(why_not=tuple(str(problem).replace("\n  HINT: ", " ") for problem in error.problems))


def _bring_about(desk: Desk, record: Record, declarations: Declarations) -> Result:
    plan = _plan_of(record)
    if plan is None:
        return Result()
    slugs = [path.removeprefix("tenants/").removesuffix(".yaml") for path in record.blobs]
    declared = cloud.Declared(
        catalogue=declarations.catalogue,
        every=declarations.departments,
        changed=frozenset(slugs) & declarations.by_slug.keys(),
        gone=tuple(slug for slug in slugs if slug not in declarations.by_slug),
    )
    site = desk.site()
    if moved := cloud.find_difference(site, plan, declared, tell=desk.tell):
        return Result(why_not=tuple(f"moved since the plan was made: {what}" for what in moved))
    ended: list[Applied] = list(cloud.apply(site, plan, declared, tell=desk.tell))
    return Result(tuple(sorted(ended, key=lambda each: each.department)))


def _unapproved(request: PullRequest, record: Record) -> Iterator[str]:
    """Give the approvals that were missing when it was merged, by whatever right somebody merged it."""
    given = {each.account.casefold() for each in request.approvals if each.commit == request.head}
    for whose, accounts in record.needs:
        if not given & set(accounts):
            yield f"merged without the approval of {whose}"


def _moved_on(desk: Desk, record: Record, base: str) -> Iterator[str]:
    """Give the declarations that are not on the protected branch as they were planned."""
    for path, planned in record.blobs.items():
        now = desk.clone.blob(base, path)
        wanted = None if set(planned) == set(ABSENT) else planned
        if now != wanted:
            yield f"{path} on the protected branch is not what was planned: changed by a later merge, or not merged whole"


def _plan_of(record: Record | None) -> PlanDocument | None:
    from infra.plan.document import parse_plan

    return parse_plan(record.plan) if record is not None and record.plan else None
