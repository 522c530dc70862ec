"""What in a changed declaration is more than a change of one's own things: a pure comparison of before and after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from infra.review.policy import Policy, Risk
from infra.review.sentence import Sentence
from tenants.declaration.catalogue import Catalogue
from tenants.declaration.model import Department, Environment, Project

SHARING = frozenset({"shares", "requests", "refusals"})
"""Keys of a declaration that speak of another department."""

_HOLDS_DATA = frozenset({"volume", "container"})


@dataclass(frozen=True, order=True)
class Finding:
    """One risk of one department, and what makes it one."""

    risk: Risk
    department: str
    reason: Sentence
    partners: tuple[str, ...] = ()
    """Departments that would get something of it."""


def find_risks(
    before: Department | None, after: Department | None, catalogues: tuple[Catalogue, Catalogue], policy: Policy
) -> Iterator[Finding]:
    """Give the risks of one declaration; ``None`` where there is none. Two catalogues: as it is, and as it would be."""
    if after is None:
        if before is not None:
            yield from _deleted(before)
        return
    if before is None:
        unknown = tuple(owner for owner in after.owners if owner not in policy.people)
        name = f"; the policy must name the accounts of {_blanks(unknown)}" if unknown else ""
        text = "{} is a new department" + name
        yield Finding(Risk.NEW_DEPARTMENT, after.slug, Sentence(text, (after.slug, *unknown)))
        return
    old, new = ({*each.owners, *approvers_of(each)} for each in (before, after))
    if who := tuple(sorted(old ^ new)):
        yield Finding(Risk.OWNERS, after.slug, Sentence(f"owners change: {_blanks(who)}", who))
    yield from _quota(before, after, catalogues, policy.quota_growth_percent)
    yield from _gone(before, after)
    yield from _weaker(before, after, catalogues[1])
    yield from _ending_sooner(before, after)
    yield from _production(before, after)
    if sharing_of(before) != sharing_of(after):
        text = "what is shared with other departments changes"
        yield Finding(Risk.SHARING, after.slug, Sentence(text), _grantees(before, after))
    if after.model_dump(mode="json").get("erasures", []) != before.model_dump(mode="json").get("erasures", []):
        yield Finding(Risk.DATA, after.slug, Sentence("the approval to erase data changes"))
    if after.model_dump(mode="json").get("waivers", []) != before.model_dump(mode="json").get("waivers", []):
        yield Finding(Risk.DATA, after.slug, Sentence("what is left out of the backup by a waiver changes"))
    if after.model_dump(mode="json").get("restores", []) != before.model_dump(mode="json").get("restores", []):
        yield Finding(Risk.DATA, after.slug, _restores(before, after))


def _restores(before: Department, after: Department) -> Sentence:
    asked = [each for each in after.restores if each.key not in {other.key for other in before.restores}]
    named = [(each.target_kind, each.destination) for each in asked if each.overwrite]
    if named:
        return _named("data is to be replaced from the backup", named)
    return Sentence("what is to be brought back from the backup changes")


def sharing_of(department: Department) -> dict[str, object]:
    """Give the part of a declaration that speaks of other departments."""
    return department.model_dump(mode="json", include=set(SHARING))


def apart_from_sharing(department: Department) -> dict[str, object]:
    """Give the rest of it."""
    return department.model_dump(mode="json", exclude=set(SHARING))


def approvers_of(department: Department) -> tuple[str, ...]:
    """Give the mailboxes of those who approve a department's changes: its owners, where it names no others."""
    return tuple(department.model_dump(include={"approvers"}).get("approvers") or department.owners)


def _grantees(before: Department, after: Department) -> tuple[str, ...]:
    """Give the departments that would be granted something; what is taken back needs nobody's consent."""
    old, new = (department.model_dump(mode="json").get("shares", []) for department in (before, after))
    return tuple(sorted({grant["grantee"].partition("/")[0] for grant in new if grant not in old}))


def _quota(
    before: Department, after: Department, catalogues: tuple[Catalogue, Catalogue], allowed: int
) -> Iterator[Finding]:
    """Compare the sums over all projects, so that a new project counts as well."""
    old, new = _sums(before, catalogues[0]), _sums(after, catalogues[1])
    grown = [
        f"{name.replace('_', ' ')} {old[name]} to {new[name]}"
        for name in new
        if (new[name] - old[name]) * 100 > old[name] * allowed
    ]
    if grown:
        shown = ", ".join(grown[:4]) + (f" and {len(grown) - 4} more" if len(grown) > 4 else "")
        text = f"the quota grows by more than {allowed} %: {shown}"
        yield Finding(Risk.QUOTA, after.slug, Sentence(text))


def _sums(department: Department, catalogue: Catalogue) -> dict[str, int]:
    limits = [catalogue.limits(project.quota).model_dump() for project in department.projects]
    names = next(iter(catalogue.quota_classes.values())).model_dump() if catalogue.quota_classes else {}
    return {name: sum(each[name] for each in limits) for name in names}


def _things(department: Department) -> Iterator[tuple[str, str]]:
    """Give everything in a declaration that may be missed: its kind, and its name with its project's."""
    for project in department.projects:
        yield "project", project.name
        for kind, every in (
            ("network", project.networks),
            ("security group", project.security_groups),
            ("volume", project.volumes),
            ("container", project.containers),
            ("server", project.servers),
        ):
            yield from ((kind, f"{project.name}/{each.name}") for each in every)
    for kind, people in (("group", department.groups), ("user", department.users)):
        yield from ((kind, each.name) for each in people)


def _deleted(before: Department) -> Iterator[Finding]:
    yield Finding(Risk.DELETION, before.slug, Sentence("the whole declaration of {} is deleted", (before.slug,)))
    held = [thing for thing in _things(before) if thing[0] in _HOLDS_DATA]
    if held:
        yield Finding(Risk.DATA, before.slug, _named("holds data", held))


def _gone(before: Department, after: Department) -> Iterator[Finding]:
    stay = frozenset(_things(after))
    gone = [thing for thing in _things(before) if thing not in stay]
    if gone:
        yield Finding(Risk.DELETION, after.slug, _named("no longer declared", gone))
    if held := [thing for thing in gone if thing[0] in _HOLDS_DATA]:
        yield Finding(Risk.DATA, after.slug, _named("holds data and is no longer declared", held))


def _ending_sooner(before: Department, after: Department) -> Iterator[Finding]:
    """Give the containers whose lifecycle deletes more than before; what a new one holds was put there knowing it."""
    ends = _days(before)
    sooner = [("container", name) for name, days in _days(after).items() if days < ends.get(name, 0)]
    if sooner:
        yield Finding(Risk.DATA, after.slug, _named("objects end sooner than before", sooner))


def _days(department: Department) -> dict[str, float]:
    """Give the days that objects of each container last."""
    return {
        f"{project.name}/{each.name}": each.lifecycle.delete_after_days if each.lifecycle else inf
        for project in department.projects
        for each in project.containers
    }


def _weaker(before: Department, after: Department, catalogue: Catalogue) -> Iterator[Finding]:
    """The catalogue lists its tiers of recovery from the weakest to the strongest."""
    rank = {tier: place for place, tier in enumerate(catalogue.recovery_tiers)}
    now = _tiers(after)
    weaker = [
        thing for thing, tier in _tiers(before).items() if thing in now and rank.get(now[thing], 0) < rank.get(tier, 0)
    ]
    if weaker:
        yield Finding(Risk.DATA, after.slug, _named("backed up less well than before", weaker))


def _tiers(department: Department) -> dict[tuple[str, str], str]:
    found = {}
    for project in department.projects:
        for kind, every in (("volume", project.volumes), ("container", project.containers)):
            for each in every:
                found[kind, f"{project.name}/{each.name}"] = each.recovery or department.recovery
    return found


def _production(before: Department, after: Department) -> Iterator[Finding]:
    old, new = _running(before), _running(after)
    changed = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    if changed:
        text = f"production changes: project{'s' if len(changed) > 1 else ''} {_blanks(changed)}"
        yield Finding(Risk.PRODUCTION, after.slug, Sentence(text, tuple(changed)))


def _running(department: Department) -> dict[str, Project]:
    return {each.name: each for each in department.projects if each.environment is Environment.PRODUCTION}


def _named(what: str, things: list[tuple[str, str]]) -> Sentence:
    shown = tuple(f"{kind} {name}" for kind, name in things[:6])
    more = f" and {len(things) - 6} more" if len(things) > 6 else ""
    return Sentence(f"{what}: {_blanks(shown)}{more}", shown)


def _blanks(words: tuple[str, ...] | list[str]) -> str:
    return ", ".join("{}" for _ in words)
