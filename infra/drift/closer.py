"""Drift of what no inventory holds: containers, memberships, credentials that people make, rights for who is gone. Pure.

What an earlier reading saw and this one did not look at again is told with the instant of that look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from infra.agreement import Recorded
from infra.drift.finding import Finding
from infra.drift.unknown import Unknowns
from infra.inventory.closer import (
    ACCESS_KEYS,
    ACCESS_LISTS,
    APPLICATION_CREDENTIALS,
    CONTAINERS,
    IMAGE_MEMBERS,
    MEMBERS,
    SERVER_GROUPS,
    TRUSTS,
    Closer,
    Expected,
)
from infra.inventory.turns import Held, Look

_CONTAINER, _MEMBERSHIP = "oneroof:object_store:Container", "oneroof:identity:Membership"
_SERVER_GROUP = "oneroof:compute:ServerGroup"
_IMAGE_MEMBER, _CREDENTIAL = "oneroof:image:Member", "oneroof:identity:ApplicationCredential"
_KINDS: Mapping[str, tuple[str, Callable[[Recorded], str]]] = {
    _CONTAINER: (CONTAINERS, lambda each: str(each["id"]).partition("/")[0]),
    _IMAGE_MEMBER: (IMAGE_MEMBERS, lambda each: str(each["id"]).partition("/")[0]),
    _MEMBERSHIP: (MEMBERS, lambda each: str(each["outputs"]["group_id"])),
    _SERVER_GROUP: (SERVER_GROUPS, lambda each: str(each["outputs"]["project_id"])),
    _CREDENTIAL: (APPLICATION_CREDENTIALS, lambda each: str(each["outputs"]["user_id"])),
}
"""Pulumi type to its kind here, and how a recorded one tells its place."""


def build_expected(stacks: Mapping[str, Sequence[Recorded]]) -> Expected:
    """Give what the stacks record of each kind, by place."""
    expected: dict[str, dict[str, set[str]]] = {}
    for kind, place, _, each in _recorded(stacks):
        expected.setdefault(kind, {}).setdefault(place, set()).add(str(each["id"]))
    return {kind: {place: frozenset(ids) for place, ids in places.items()} for kind, places in expected.items()}


def _recorded(stacks: Mapping[str, Sequence[Recorded]]) -> Iterator[tuple[str, str, str, Recorded]]:
    for slug, stack in stacks.items():
        for each in stack:
            if each["type"] in _KINDS and each.get("id"):
                kind, place_of = _KINDS[str(each["type"])]
                yield kind, place_of(each), slug, each


def find_closer(closer: Closer, unknowns: Unknowns) -> Iterator[Finding]:
    """Give what is recorded and gone, and what is there and in no stack."""
    yield from _gone(closer, unknowns.stacks)
    for kind, part in closer.parts.items():
        for place, look in part.looks.items():
            for each in look.held:
                if each.id not in unknowns.recorded:
                    yield from _TOLD[kind](_Found(unknowns, place, each, _seen(look, closer.at)))


def _gone(closer: Closer, stacks: Mapping[str, Sequence[Recorded]]) -> Iterator[Finding]:
    for kind, place, slug, each in _recorded(stacks):
        part = closer.parts.get(kind)
        look = part.looks.get(place) if part else None
        if look is not None and each["id"] not in {held.id for held in look.held}:
            noun, name = str(each["type"]).rpartition(":")[2], str(each["urn"]).rpartition("::")[2]
            what = f"recorded, gone from the cloud{_seen(look, closer.at)}"
            yield Finding(slug, "missing", noun, name, what, f"oneroof apply {slug} --refresh", str(each["id"]))


def _seen(look: Look, now: str) -> str:
    return "" if look.at == now else f" (looked at {look.at})"


@dataclass(frozen=True)
class _Found:
    unknowns: Unknowns
    place: str
    held: Held
    seen: str

    def finding(self, department: str, noun: str, name: str, where: str, remedy: str) -> Finding:
        return Finding(department, "unknown", noun, name, f"in no stack, {where}{self.seen}", remedy, self.held.id)

    def name(self, field: str, identifier: str) -> str:
        found = self.unknowns.cloud.one(field, identifier)
        return str(found.name) if found else identifier


def _container(found: _Found) -> Iterator[Finding]:
    unknowns, held = found.unknowns, found.held
    if unknowns.is_unknown_project(held.project_id):
        return  # told with its project
    known = unknowns.cloud.one("projects", held.project_id) is not None
    where = f"in {found.name('projects', held.project_id)}" if known else f"its project {held.project_id} does not exist"
    remedy = f"{unknowns.client} --os-project-id {held.project_id} container delete {held.name}"
    if not known:
        remedy = f"radosgw-admin bucket stats --bucket {held.id}"
    yield found.finding(unknowns.department(project=held.project_id), "Container", held.name, where, remedy)


def _access_list(found: _Found) -> Iterator[Finding]:
    """Tell whom a container lets in though there is no such project; what no grant opens `shares verify` tells."""
    unknowns, held = found.unknowns, found.held
    if unknowns.cloud.one("projects", held.project_id) is not None:
        return
    project, _, name = found.place.partition("/")
    department = unknowns.department(project=project)
    remedy = f"oneroof apply {department} --refresh"
    if found.place not in unknowns.recorded:
        remedy = f"swift --os-project-id {project} post --{held.name}-acl '' {name}"
    what = f"lets in project {held.project_id}, which does not exist{found.seen}"
    yield Finding(department, "unknown", "AccessList", f"{held.name} of {name}", what, remedy, held.id)


def _image_member(found: _Found) -> Iterator[Finding]:
    unknowns, held = found.unknowns, found.held
    image = unknowns.cloud.one("images", found.place)
    if image is None or unknowns.is_unknown_project(image.project_id):
        return
    name = f"{image.name} for {found.name('projects', held.project_id)}"
    remedy = f"{unknowns.client} image remove project {image.id} {held.project_id}"
    department = unknowns.department(project=image.project_id)
    yield found.finding(department, "Member", name, f"image of {found.name('projects', image.project_id)}", remedy)


def _member(found: _Found) -> Iterator[Finding]:
    unknowns, user_id = found.unknowns, found.held.name
    group = unknowns.cloud.one("groups", found.place)
    if group is None or (group.domain_id == unknowns.home and not unknowns.own.is_built_here):
        return
    if unknowns.is_of_directory(group.domain_id):
        return
    user = found.name("users", user_id)
    remedy = f"{unknowns.client} group remove user {group.id} {user_id}"
    department = unknowns.department(domain=group.domain_id)
    yield found.finding(department, "Membership", f"{group.name}/{user}", f"in domain {_domain(found, group)}", remedy)


def _server_group(found: _Found) -> Iterator[Finding]:
    unknowns, held = found.unknowns, found.held
    if unknowns.is_unknown_project(held.project_id):
        return
    remedy = f"{unknowns.client} server group delete {held.id}"
    where = f"in {found.name('projects', held.project_id)}"
    yield found.finding(unknowns.department(project=held.project_id), "ServerGroup", held.name, where, remedy)


def _of_user(found: _Found, user_id: str, noun: str, name: str, remedy: str) -> Iterator[Finding]:
    unknowns = found.unknowns
    user = unknowns.cloud.one("users", user_id)
    if user is not None and unknowns.is_operators_user(user):
        return
    where = f"opens {found.name('projects', found.held.project_id)}" if found.held.project_id else "opens no project"
    department = unknowns.department(domain=user.domain_id if user else None)
    department = department or unknowns.department(project=found.held.project_id)
    yield found.finding(department, noun, f"{found.name('users', user_id)}/{name}", where, remedy)


def _application_credential(found: _Found) -> Iterator[Finding]:
    user = found.name("users", found.place)
    remedy = f"openstack application credential delete {found.held.id}  # as user {user}, whom alone Keystone lets do it"
    return _of_user(found, found.place, "ApplicationCredential", found.held.name, remedy)


def _access_key(found: _Found) -> Iterator[Finding]:
    remedy = f"{found.unknowns.client} credential delete {found.held.id}"
    return _of_user(found, found.place, "AccessKey", found.held.id[:8], remedy)


def _trust(found: _Found) -> Iterator[Finding]:
    remedy = f"{found.unknowns.client} trust delete {found.held.id}"
    return _of_user(found, found.place, "Trust", f"to {found.name('users', found.held.name)}", remedy)


def _domain(found: _Found, group: object) -> str:
    return found.name("domains", str(getattr(group, "domain_id", "")))


_TOLD: Mapping[str, Callable[[_Found], Iterator[Finding]]] = {
    CONTAINERS: _container,
    ACCESS_LISTS: _access_list,
    IMAGE_MEMBERS: _image_member,
    MEMBERS: _member,
    SERVER_GROUPS: _server_group,
    APPLICATION_CREDENTIALS: _application_credential,
    ACCESS_KEYS: _access_key,
    TRUSTS: _trust,
}
