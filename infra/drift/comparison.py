"""What in the cloud is not as declared: missing, mismatch and unknown, by one bulk reading of everything. Pure.

What could not be read leaves its part out and is told, so that nothing is reported clean that nobody looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.agreement import SOURCES_OF, Cloud, Moved, Recorded, find_moved
from infra.desired import DesiredState
from infra.drift import unknown
from infra.drift.closer import find_closer
from infra.drift.declared import build_names
from infra.drift.finding import Finding
from infra.drift.operators_own import OperatorsOwn
from infra.inventory.closer import NOUNS, Closer
from infra.inventory.model import Failure, SecurityGroup

CLOUD_STACK = "cloud"
_BUILT_IN = {("egress", "IPv4", False), ("egress", "IPv6", False), ("ingress", "IPv4", True), ("ingress", "IPv6", True)}
"""Rules of the group ``default`` as Neutron makes it: direction, version, whether from the group itself."""


@dataclass(frozen=True)
class Unread:
    """A source that could not be read, and what was not looked at for it."""

    source: str
    error: str
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class Looked:
    """Things that are looked at in turns, or by one call a kind."""

    what: str
    places: int
    """How many projects, images, groups or users have them."""
    oldest: str
    """When the place was looked at that waits the longest (ISO 8601, UTC); empty where there is none."""


@dataclass(frozen=True)
class Drift:
    """All that is not as declared, and what the reading of it was."""

    findings: tuple[Finding, ...]
    unread: tuple[Unread, ...]
    looked: tuple[Looked, ...]
    calls: int
    seconds: float
    collected_at: str


def build_drift(
    declared: Iterable[DesiredState],
    stacks: Mapping[str, Sequence[Recorded]],
    cloud: Cloud,
    closer: Closer,
    own: OperatorsOwn,
    client: str,
) -> Drift:
    """Compare what is declared, what every stack records and what the cloud holds: an inventory, and a closer look.

    ``client`` begins a command line of OpenStack's client.
    """
    found = cloud.found
    missing = {failure.source for failure in found.failures}
    unknowns = unknown.Unknowns(cloud, stacks, own, client)
    findings = [*_undeclared(tuple(declared), stacks)]
    for slug, stack in stacks.items():
        readable = (each for each in stack if not SOURCES_OF.get(str(each["type"]), frozenset()) & missing)
        findings += (_moved(slug, moved) for moved in find_moved(readable, cloud))
    for field, needed in unknown.SOURCES.items():
        if not needed & missing:
            findings += unknowns.found(field)
    if not {"security_groups", "projects"} & missing:
        findings += _built_in_groups(stacks, cloud, client)
    findings += find_closer(closer, unknowns)
    return Drift(
        findings=tuple(sorted(findings)),
        unread=(*(_unread(failure) for failure in found.failures if _left_out(failure.source)), *_unseen(closer)),
        looked=tuple(Looked(NOUNS[kind], part.places, part.oldest) for kind, part in closer.parts.items()),
        calls=found.calls + closer.calls,
        seconds=round(found.seconds + closer.seconds, 3),
        collected_at=found.collected_at,
    )


def _left_out(source: str) -> tuple[str, ...]:
    compared = (type_.removeprefix("oneroof:") for type_, needed in SOURCES_OF.items() if source in needed)
    looked_for = (f"unknown {field.replace('_', ' ')}" for field, needed in unknown.SOURCES.items() if source in needed)
    return (*compared, *looked_for)


def _unread(failure: Failure) -> Unread:
    return Unread(failure.source, failure.error, _left_out(failure.source))


def _unseen(closer: Closer) -> Iterator[Unread]:
    """Tell what nobody looked at, or not now: a place that was never seen may hold anything."""
    for kind, part in closer.parts.items():
        if part.error or part.unseen:
            yet = f"{part.unseen} of {part.places} places were never looked at; run it again"
            yield Unread(NOUNS[kind], part.error or yet, (f"unknown {NOUNS[kind]}",))


def _undeclared(declared: Sequence[DesiredState], stacks: Mapping[str, Sequence[Recorded]]) -> Iterator[Finding]:
    """Compare the declarations with what was applied."""
    slugs = {desired.slug for desired in declared}
    for desired in declared:
        if not stacks.get(desired.slug):
            what = "declared, never applied"
            yield Finding(desired.slug, "missing", "Department", desired.slug, what, f"oneroof apply {desired.slug}", "")
            continue
        names = build_names(desired)
        recorded: dict[str, dict[str, str]] = {type_: {} for type_ in names}
        for each in stacks[desired.slug]:
            if each["type"] in names and each.get("id"):
                recorded[str(each["type"])][str(each["urn"]).rpartition("::")[2]] = str(each["id"])
        for type_, wanted in names.items():
            for name in sorted(wanted - recorded[type_].keys()):
                yield _told(desired.slug, "missing", type_, name, "", "declared, not applied")
            for name in sorted(recorded[type_].keys() - wanted):
                yield _told(desired.slug, "unknown", type_, name, recorded[type_][name], "applied, no longer declared")
    for slug in sorted(stacks.keys() - slugs - {CLOUD_STACK}):
        what = "applied, no longer declared"
        yield Finding(slug, "unknown", "Department", slug, what, f"oneroof withdraw {slug}", "")


def _moved(slug: str, moved: Moved) -> Finding:
    if not moved.property:
        return _told(slug, "missing", moved.type, moved.name, moved.id, "recorded, gone from the cloud")
    what = "; ".join(_differences(moved.property, moved.recorded, moved.actual))
    return _told(slug, "mismatch", moved.type, moved.name, moved.id, what)


def _told(slug: str, kind: Any, type_: str, name: str, identifier: str, what: str) -> Finding:
    _, service, noun = type_.split(":")
    resource = f"{service} quota" if noun == "Quota" else noun
    remedy = "oneroof apply" + ("" if slug == CLOUD_STACK else f" {slug}")
    return Finding(slug, kind, resource, name, what, remedy, identifier)


def _differences(name: str, recorded: Any, actual: Any) -> Iterator[str]:
    if isinstance(recorded, Mapping) and isinstance(actual, Mapping):
        for key in sorted(recorded.keys() | actual.keys()):
            if recorded.get(key) != actual.get(key):
                yield from _differences(f"{name}.{key}", recorded.get(key), actual.get(key))
    elif isinstance(recorded, list) and isinstance(actual, list):
        added, gone = [i for i in actual if i not in recorded], [i for i in recorded if i not in actual]
        yield from (f"{name}: {_shown(item)} is there, not declared" for item in added)
        yield from (f"{name}: {_shown(item)} is declared, not there" for item in gone)
        if not added and not gone:
            yield f"{name}: declared {_shown(recorded)}, is {_shown(actual)}"
    else:
        yield f"{name}: declared {_shown(recorded)}, is {_shown(actual)}"


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(f"{key}={item}" for key, item in value.items() if item is not None)
    return "nothing" if value is None else ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _built_in_groups(stacks: Mapping[str, Sequence[Recorded]], cloud: Cloud, client: str) -> Iterator[Finding]:
    """Tell what somebody lets in by the group that Neutron makes in each project, and that no declaration speaks of."""
    projects = {
        str(each["id"]): (slug, str(each["urn"]).rpartition("::")[2])
        for slug, stack in stacks.items()
        for each in stack
        if each["type"] == "oneroof:identity:Project" and each.get("id")
    }
    for group in cloud.found.security_groups or ():
        if group.name == "default" and group.project_id in projects:
            slug, key = projects[group.project_id]
            for what in _opened(group):
                remedy = f"{client} security group rule list {group.id}"
                yield Finding(slug, "mismatch", "SecurityGroup", f"{key}/default", what, remedy, group.id)


def _opened(group: SecurityGroup) -> Iterator[str]:
    for rule in group.rules:
        plain = rule.protocol is None and rule.remote_ip_prefix is None and rule.remote_group_id in (None, group.id)
        if not plain or (rule.direction, rule.ether_type, rule.remote_group_id == group.id) not in _BUILT_IN:
            ports = "" if rule.port_range_min is None else f" {rule.port_range_min}-{rule.port_range_max}"
            source = rule.remote_ip_prefix or rule.remote_group_id or "anywhere"
            what = f"{rule.direction} {rule.ether_type} {rule.protocol or 'any protocol'}{ports}"
            yield f"rules: {what} {source} is there, not built in"
