"""Decides on a request: what is refused, what is risky, and whose approval is missing. Pure; reads nothing.

Rights come from the protected branch alone: who owns what is never what the request itself says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from infra.review.change import FileChange, departments_of
from infra.review.policy import Approver, Policy, Risk
from infra.review.request import PullRequest
from infra.review.risk import Finding, apart_from_sharing, approvers_of, sharing_of
from infra.review.sentence import Sentence
from tenants.declaration.model import Department

Government = Mapping[str, Department]
"""Slug to department."""

_MOST = 10


@dataclass(frozen=True)
class Need:
    """An approval that a request needs."""

    whose: str
    """As people say it: "another owner of health", "operations"."""
    accounts: tuple[str, ...]
    """Who may give it, in lower case; none where there is nobody."""
    reasons: tuple[Sentence, ...]
    given_by: str = ""
    """Empty as long as it is missing."""


def judge_author(
    request: PullRequest, changes: Sequence[FileChange], base: Government, policy: Policy
) -> tuple[Sentence, ...]:
    """Give why the author may not ask for this, by the names of the files alone: nothing of the request was read yet.

    Operations may change everything. Others may change the plain file ``tenants/<department>.yaml`` of their own
    department, or begin one; a second department's may be changed beside it, which only sharing may need
    (:func:`judge_sharing`).
    """
    if policy.is_operations(request.author):
        return ()
    refused: list[Sentence] = []
    for each in changes:
        if each.department is None:
            text = "{} is no department's declaration: only operations change it"
            refused.append(Sentence(text, (each.path,)))
        elif not each.is_plain:
            refused.append(Sentence("{} would be a link or a program, expected a plain file", (each.path,)))
    touched = departments_of(changes)
    foreign = [slug for slug in touched if slug in base and not owns(request.author, base[slug], policy)]
    own = [slug for slug in touched if slug not in foreign]
    if len(own) > 1:
        text = f"declarations of {len(own)} departments change in one request, expected one: open a request for each"
        refused.append(Sentence(text))
    if not own or len(foreign) > 1:
        for slug in foreign:
            text = "{} is another's: only its owners, as the protected branch names them, change it, and {} is none of them"
            refused.append(Sentence(text, (f"tenants/{slug}.yaml", request.author)))
    if len(refused) > _MOST:
        return (*refused[:_MOST], Sentence(f"and {len(refused) - _MOST} more"))
    return tuple(refused)


def judge_sharing(request: PullRequest, base: Government, after: Government, policy: Policy) -> tuple[Sentence, ...]:
    """Give why another department's file may not be changed beside one's own: all but sharing must stay as it is."""
    if policy.is_operations(request.author):
        return ()
    refused = []
    for slug in sorted(base):
        old, new = base[slug], after.get(slug)
        if old == new or owns(request.author, old, policy):
            continue
        if new is None or apart_from_sharing(old) != apart_from_sharing(new) or sharing_of(old) == sharing_of(new):
            text = "{} is another's: beside one's own only what is shared between the two may change in it"
            refused.append(Sentence(text, (f"tenants/{slug}.yaml",)))
    return tuple(refused)


def owns(account: str, department: Department, policy: Policy) -> bool:
    """Tell whether an account is behind a mailbox of those who may ask for a department."""
    return account.casefold() in policy.accounts((*department.owners, *approvers_of(department)))


def build_needs(request: PullRequest, findings: Iterable[Finding], base: Government, policy: Policy) -> tuple[Need, ...]:
    """Give the approvals that the risks need, each once, and who has given it on this very head."""
    reasons: dict[tuple[str, frozenset[str]], list[Sentence]] = {}
    for finding in findings:
        for approver in policy.approvals.get(finding.risk, ()):
            for whose in _whose(approver, finding, request.author, base, policy):
                reasons.setdefault(whose, []).append(finding.reason)
    return tuple(
        Need(whose, tuple(sorted(accounts)), tuple(dict.fromkeys(why)), _given(request, accounts))
        for (whose, accounts), why in reasons.items()
    )


def find_others(changes: Sequence[FileChange]) -> tuple[Finding, ...]:
    """Give the risk of files that are no declaration; whoever is not of operations was refused before."""
    paths = [each.path for each in changes if each.department is None]
    if not paths:
        return ()
    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    text = f"changed beside declarations: {', '.join('{}' for _ in paths[:3])}{more}"
    return (Finding(Risk.OTHERS, "", Sentence(text, tuple(paths[:3]))),)


def missing(needs: Iterable[Need]) -> tuple[Need, ...]:
    """Give the approvals that are not there yet."""
    return tuple(need for need in needs if not need.given_by)


def _whose(
    approver: Approver, finding: Finding, author: str, base: Government, policy: Policy
) -> list[tuple[str, frozenset[str]]]:
    """Give who may give an approval, one entry for each that is needed; nobody approves what they asked for."""
    slug, me = finding.department, {author.casefold()}
    operations = "operations", frozenset(each.casefold() for each in policy.operations) - me
    if approver is Approver.OPERATIONS:
        return [operations]
    if approver is Approver.OWNER:
        owners = policy.accounts(approvers_of(base[slug])) - me if slug in base else frozenset()
        return [(f"another owner of {slug}", owners)] if owners else [operations]
    concerned = [each for each in {slug: None} | dict.fromkeys(finding.partners) if each in base]
    others = [each for each in concerned if not owns(author, base[each], policy)]
    partners = [(f"an owner of {each}", policy.accounts(approvers_of(base[each]))) for each in others]
    # who owns both sides speaks for one of them alone
    return partners or ([operations] if finding.partners else [])


def _given(request: PullRequest, accounts: frozenset[str]) -> str:
    given = sorted(each.account for each in request.approvals if each.commit == request.head)
    return next((account for account in given if account.casefold() in accounts), "")
