"""Sharing: a grant is of something that is there, to somebody who is there, for a time, and approved on both sides."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator, Mapping, Sequence

from tenants.declaration.catalogue import Catalogue
from tenants.declaration.model import Classification, Department, Grant, Refusal, Request
from tenants.declaration.rules.finding import Finding
from tenants.declaration.sentence import listed, nearest
from tenants.declaration.sharing import Access, Kind, answers
from tenants.declaration.source import Place


def check_together(departments: Sequence[Department], catalogue: Catalogue) -> Iterator[Finding]:
    """Check grants, requests and refusals of the whole government."""
    known = {department.name: department for department in departments}
    for index, department in enumerate(departments):
        for at, grant in enumerate(department.shares):
            place: Place = ("shares", at)
            yield from _of(index, _thing(place, grant, department))
            yield from _of(index, _grantee(place, grant.grantee, department, known))
            yield from _of(index, _terms(place, grant, department, catalogue))
            yield from _of(index, _approvals(place, grant, department, known))
        yield from _of(index, _twice(department.shares))
        for at, request in enumerate(department.requests):
            yield from _of(index, _request(("requests", at), request, department, known, catalogue))
        for at, refusal in enumerate(department.refusals):
            yield from _of(index, _refusal(("refusals", at), refusal, department, known))


def check_day(departments: Sequence[Department], today: datetime.date, only: Collection[str]) -> Iterator[Finding]:
    """Check the files of ``only`` for what has ended; the cloud withdraws it without being told."""
    for index, department in enumerate(departments):
        for at, grant in enumerate(department.shares if department.name in only else ()):
            if grant.last_day < today:
                what = f"got {grant.last_day}, so {grant.kind} {grant.place} is no longer shared with {grant.grantee} "
                since = f"since {grant.last_day + datetime.timedelta(days=1)}, expected grants that are still to be used"
                hint = "Remove the grant; one that goes on gets a new last day and new approvals."
                yield Finding(("shares", at, "to"), what + since, hint, index)


def _of(index: int, findings: Iterator[Finding]) -> Iterator[Finding]:
    for finding in findings:
        yield Finding(finding.place, finding.what, finding.hint, index)


def _thing(place: Place, thing: Grant | Request | Refusal, owner: Department) -> Iterator[Finding]:
    """Check that the owner has it; images are uploaded, not declared, so their project alone is looked for."""
    here = (*place, thing.kind.value)
    project = next((each for each in owner.projects if each.name == thing.project), None)
    if project is None:
        names = [each.name for each in owner.projects]
        yield _unknown(here, f"project {thing.project}", f"a project of {owner.name}", thing.project, names)
    elif thing.kind is not Kind.IMAGE:
        things = project.containers if thing.kind is Kind.CONTAINER else project.networks
        names = [each.name for each in things]
        if thing.item not in names:
            yield _unknown(here, thing.item, f"a {thing.kind} of {owner.name}/{project.name}", thing.item, names)


def _grantee(place: Place, grantee: str, owner: Department, known: Mapping[str, Department]) -> Iterator[Finding]:
    here = (*place, "with")
    name, _, project = grantee.partition("/")
    if name == owner.name:
        what = f"got {grantee}, a project of the same department, expected one of another department"
        yield Finding(here, what, "Inside a department, groups and their roles say who may do what.")
    elif name not in known:
        yield _unknown(here, f"department {name}", "a department that is declared", name, list(known))
    elif project not in (names := [each.name for each in known[name].projects]):
        yield _unknown(here, f"project {project}", f"a project of {name}", project, names)


def _terms(place: Place, terms: Grant | Request, owner: Department, catalogue: Catalogue) -> Iterator[Finding]:
    first, last, years = terms.first_day, terms.last_day, catalogue.sharing.longest_years
    if last < first:
        yield Finding((*place, "to"), f"got {last}, expected a day not before {first}, the first one")
    elif last > (latest := _years_after(first, years)):
        what = f"got {last}, expected {latest} at the latest: a grant lasts {years} years at most"
        yield Finding((*place, "to"), what, "Ask again when it ends.")
    if terms.kind is not Kind.CONTAINER and terms.access is not Access.READ:
        what = f"got {terms.access} for {terms.kind} {terms.place}, expected access of a container alone"
        yield Finding((*place, "access"), what, "Leave it out.")
    if terms.kind is Kind.CONTAINER and not terms.data_items:
        yield Finding((*place, "data_items"), "got none, expected which data of the container it is about")
    if not terms.legal_basis and owner.classification is Classification.CONFIDENTIAL:
        what = f"got none, expected the law, order or agreement that allows it: data of {owner.name} is confidential"
        yield Finding((*place, "legal_basis"), what)


def _approvals(place: Place, grant: Grant, owner: Department, known: Mapping[str, Department]) -> Iterator[Finding]:
    here = (*place, "approved_by")
    other = known.get(grant.grantee.partition("/")[0])
    if other is None or other is owner:
        return
    both = [*owner.owners, *other.owners]
    for at, mailbox in enumerate(grant.approved_by):
        if mailbox not in both:
            what = f"got {mailbox}, expected an owner of {owner.name} or {other.name}: {listed(both)}"
            yield Finding((*here, at), what, nearest(mailbox, both))
    for side in (owner, other):
        if not set(side.owners) & set(grant.approved_by):
            yield Finding(here, f"got no owner of {side.name}, expected {listed(side.owners)}")


def _twice(grants: Sequence[Grant]) -> Iterator[Finding]:
    for at, grant in enumerate(grants):
        for number, earlier in enumerate(grants[:at]):
            same = grant.key == earlier.key
            if same and grant.first_day <= earlier.last_day and earlier.first_day <= grant.last_day:
                what = f"got {grant.kind} {grant.place} for {grant.grantee}, which shares[{number}] grants at the same time"
                yield Finding(("shares", at), f"{what}, expected it once")
                break


def _request(
    place: Place, request: Request, asker: Department, known: Mapping[str, Department], catalogue: Catalogue
) -> Iterator[Finding]:
    names = [project.name for project in asker.projects]
    if request.asking not in names:
        project = f"project {request.asking}"
        yield _unknown((*place, "for"), project, f"a project of {asker.name}", request.asking, names)
    owner = known.get(request.owner)
    if owner is asker:
        yield Finding((*place, "of"), f"got {request.owner}, the department itself, expected another department")
    elif owner is None:
        name = request.owner
        yield _unknown((*place, "of"), f"department {name}", "a department that is declared", name, list(known))
    else:
        yield from _thing(place, request, owner)
        yield from _terms(place, request, owner, catalogue)


def _refusal(place: Place, refusal: Refusal, owner: Department, known: Mapping[str, Department]) -> Iterator[Finding]:
    yield from _thing(place, refusal, owner)
    name, _, project = refusal.grantee.partition("/")
    asked = [
        request
        for request in (known[name].requests if name in known else ())
        if request.owner == owner.name and request.asking == project and answers(refusal, refusal.grantee, request)
    ]
    if not asked:
        what = f"got {refusal.kind} {refusal.place} for {refusal.grantee}, expected a request that {name} declares"
        yield Finding(place, what, "Remove the refusal once the request is gone.")
    for at, grant in enumerate(owner.shares):
        if any(answers(grant, refusal.grantee, request) for request in asked):
            what = f"got a refusal of {refusal.kind} {refusal.place} for {refusal.grantee}, which shares[{at}] grants"
            yield Finding(place, f"{what}, expected one of the two")


def _unknown(place: Place, got: str, expected: str, name: str, names: Sequence[str]) -> Finding:
    if not names:
        return Finding(place, f"got {got}, expected {expected}, which has none")
    return Finding(place, f"got {got}, expected {expected}: {listed(names)}", nearest(name, names))


def _years_after(day: datetime.date, years: int) -> datetime.date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)
