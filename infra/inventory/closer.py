"""Reads what no inventory holds: containers and whom they name, members of groups and images, credentials people make.

What has a bulk form is read by one call a kind; the rest by :data:`infra.inventory.turns.BUDGET` calls a kind at most, in
turns. Paths and fields: https://docs.openstack.org/api-ref/.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from infra.inventory.collect import CallCounter, list_pages
from infra.inventory.model import Inventory
from infra.inventory.turns import Held, Look, Part, Parts, choose
from infra.provider.access import READ, WRITE, named_project, parse_acl
from infra.provider.account import build_address
from infra.provider.failure import CloudError, as_cloud_error

if TYPE_CHECKING:
    from openstack.connection import Connection

CONTAINERS, IMAGE_MEMBERS, MEMBERS = "containers", "image_members", "members"
ACCESS_LISTS = "access_lists"
SERVER_GROUPS = "server_groups"
APPLICATION_CREDENTIALS, ACCESS_KEYS, TRUSTS = "application_credentials", "access_keys", "trusts"
NOUNS: Mapping[str, str] = {
    CONTAINERS: "containers",
    ACCESS_LISTS: "access lists of containers",
    IMAGE_MEMBERS: "members of images",
    MEMBERS: "members of groups",
    SERVER_GROUPS: "server groups",
    APPLICATION_CREDENTIALS: "application credentials",
    ACCESS_KEYS: "access keys to objects",
    TRUSTS: "trusts",
}
"""Kind to what people call it."""
NEEDED: Mapping[str, frozenset[str]] = {
    CONTAINERS: frozenset({"projects"}),
    ACCESS_LISTS: frozenset({"projects"}),
    IMAGE_MEMBERS: frozenset({"images"}),
    MEMBERS: frozenset({"groups", "role_assignments"}),
    SERVER_GROUPS: frozenset({"projects"}),
    APPLICATION_CREDENTIALS: frozenset({"users"}),
    ACCESS_KEYS: frozenset({"users"}),
    TRUSTS: frozenset({"users"}),
}
"""Kind to the fields of an inventory that name its places."""

Expected = Mapping[str, Mapping[str, frozenset[str]]]
"""Kind to place to the ids that stacks record there."""
_WITH_PROJECT = "2.13"
"""Nova's first microversion that tells whose a server group is."""
Buckets = Collection[tuple[str, str]]
Refused = Callable[[str], None]


@dataclass(frozen=True)
class Closer:
    """What was read, and by how many calls."""

    at: str
    """When (ISO 8601, UTC)."""
    parts: Parts
    calls: int
    seconds: float


def collect_closer(
    connection: Connection,
    found: Inventory,
    expected: Expected,
    looks: Mapping[str, Mapping[str, Look]],
    list_buckets: Callable[[], Buckets | None],
    now: datetime,
) -> Closer:
    """Read every kind; one that cannot be read says so in its part, and what an earlier reading saw of it stays.

    ``list_buckets`` gives all containers as project and name, nothing where only each account itself tells.
    """
    at, started = now.isoformat(timespec="seconds"), time.monotonic()
    failures = {failure.source for failure in found.failures}
    parts: dict[str, Part] = {}
    with CallCounter(connection) as counter:
        for kind, collect in _COLLECT.items():
            known, awaited = looks.get(kind, {}), expected.get(kind, {})
            if missing := sorted(NEEDED[kind] & failures):
                parts[kind] = Part(known, len(known), f"{', '.join(missing)} could not be read")
                continue
            try:
                with as_cloud_error():
                    parts[kind] = collect(_Asked(connection, found, awaited, known, list_buckets, at, parts))
            except CloudError as error:
                parts[kind] = Part(known, len(known), str(error))
            except (KeyError, TypeError, ValueError) as error:
                parts[kind] = Part(known, len(known), f"unexpected answer: {type(error).__name__}: {error}")
    return Closer(at, parts, counter.calls, round(time.monotonic() - started, 3))


@dataclass(frozen=True)
class _Asked:
    connection: Connection
    found: Inventory
    expected: Mapping[str, frozenset[str]]
    looks: Mapping[str, Look]
    list_buckets: Callable[[], Buckets | None]
    at: str
    parts: Parts
    """What was read before it."""

    def in_turns(self, places: Collection[str], ask: Callable[[str], tuple[Held, ...]]) -> Part:
        """Look at some of the places, and remember the others; the first refusal ends it, with what was seen until then."""
        looks = {place: look for place, look in self.looks.items() if place in places}
        for place in choose(places, looks, self.expected):
            try:
                with as_cloud_error():
                    looks[place] = Look(self.at, ask(place))
            except CloudError as error:
                return Part(looks, len(places), str(error))
        return Part(looks, len(places))

    def at_once(self, held: Iterable[tuple[str, Held]], places: Iterable[str]) -> dict[str, Look]:
        """Give the looks of one bulk answer; a place that it does not name holds nothing."""
        by_place: dict[str, list[Held]] = {place: [] for place in places}
        for place, each in held:
            by_place.setdefault(place, []).append(each)
        return {place: Look(self.at, tuple(sorted(inside))) for place, inside in by_place.items()}

    def listed(self, service: str, path: str, key: str) -> Iterator[Mapping[str, Any]]:
        return list_pages(partial(_get, getattr(self.connection, service)), path, key)


def _containers(asked: _Asked) -> Part:
    projects = [project.id for project in asked.found.projects or ()]
    buckets = asked.list_buckets()
    if buckets is not None:
        held = ((project, Held(f"{project}/{name}", name, project)) for project, name in buckets)
        looks = asked.at_once(held, projects)
        return Part(looks, len(looks))
    endpoint = asked.connection.object_store.get_endpoint()
    own = str(asked.connection.current_project_id)
    return asked.in_turns(projects, partial(_account, asked, str(endpoint), own)) if endpoint else Part()


def _account(asked: _Asked, endpoint: str, own: str, project: str) -> tuple[Held, ...]:
    address, marker, found = build_address(endpoint, own, project), "", list[Held]()
    while True:
        query = f"?format=json&marker={quote(marker)}"
        response = asked.connection.object_store.get(f"{address}{query}")
        if response.status_code in (403, 404) and not asked.expected.get(project):
            return ()  # a gateway forbids an account that was never used
        page = _checked(response).json() if response.status_code != 204 else []
        found += [Held(f"{project}/{each['name']}", str(each["name"]), project) for each in page]
        if not page:
            return tuple(sorted(found))
        marker = str(page[-1]["name"])


def _access_lists(asked: _Asked) -> Part:
    """Look at whom containers let in that is no project any more; one call for each container."""
    endpoint = asked.connection.object_store.get_endpoint()
    if not endpoint:
        return Part()
    own, there = str(asked.connection.current_project_id), {project.id for project in asked.found.projects or ()}

    def ask(place: str) -> tuple[Held, ...]:
        project, _, name = place.partition("/")
        response = asked.connection.object_store.head(f"{build_address(str(endpoint), own, project)}/{quote(name)}")
        if response.status_code in (403, 404):  # it went meanwhile, or its project did
            return ()
        headers = _checked(response).headers
        return tuple(
            sorted(
                Held(f"{place} {word} {entry}", word, entry)
                for word, header in (("read", READ), ("write", WRITE))
                for entry in {named_project(each) for each in parse_acl(headers.get(header))}
                if entry and entry not in there
            )
        )

    containers = asked.parts[CONTAINERS].looks.values()
    return asked.in_turns([held.id for look in containers for held in look.held if held.project_id in there], ask)


def _image_members(asked: _Asked) -> Part:
    def ask(image: str) -> tuple[Held, ...]:
        told = _get(asked.connection.image, f"/images/{image}/members")["members"]
        members = [str(each["member_id"]) for each in told if each["status"] != "rejected"]
        return tuple(sorted(Held(f"{image}/{member}", member, member) for member in members))

    # Glance lets no other image have members
    return asked.in_turns([image.id for image in asked.found.images or () if image.visibility == "shared"], ask)


def _members(asked: _Asked) -> Part:
    """Read them as Keystone resolves the roles of groups into those of their members, by one call.

    A group that has no role of its own on a project or domain is asked itself.
    """

    def held(group: str, user: str) -> Held:
        return Held(f"/groups/{group}/users/{user}", user)

    def ask(group: str) -> tuple[Held, ...]:
        return tuple(
            sorted(held(group, str(each["id"])) for each in asked.listed("identity", f"/groups/{group}/users", "users"))
        )

    roles = asked.found.role_assignments or ()
    told = {r.group_id for r in roles if r.group_id and (r.project_id or r.domain_id) and not r.inherited}
    groups = {group.id for group in asked.found.groups or ()}
    inside: set[tuple[str, str]] = set()
    for each in asked.listed("identity", "/role_assignments?effective", "role_assignments"):
        if link := each["links"].get("membership"):
            *_, group, _, user = link.split("/")
            inside.add((group, user))
    one_by_one = asked.in_turns(groups - told, ask)
    looks = asked.at_once(((group, held(group, user)) for group, user in inside if group in told & groups), groups & told)
    return Part({**one_by_one.looks, **looks}, len(groups), one_by_one.error)


def _server_groups(asked: _Asked) -> Part:
    path = "/os-server-groups?all_projects=True&limit=1000"
    told = _get(asked.connection.compute, path, microversion=_WITH_PROJECT)["server_groups"]
    held = ((each["project_id"], Held(each["id"], each["name"], each["project_id"])) for each in told)
    looks = asked.at_once(held, (project.id for project in asked.found.projects or ()))
    return Part(looks, len(looks))


def _application_credentials(asked: _Asked) -> Part:
    def ask(user: str) -> tuple[Held, ...]:
        path = f"/users/{user}/application_credentials"
        told = asked.listed("identity", path, "application_credentials")
        return tuple(sorted(Held(each["id"], each["name"], each["project_id"]) for each in told))

    return asked.in_turns([user.id for user in asked.found.users or ()], ask)


def _access_keys(asked: _Asked) -> Part:
    told = asked.listed("identity", "/credentials?type=ec2", "credentials")
    held = ((each["user_id"], Held(each["id"], each["id"], each.get("project_id") or "")) for each in told)
    looks = asked.at_once(held, ())
    return Part(looks, len(looks))


def _trusts(asked: _Asked) -> Part:
    told = asked.listed("identity", "/OS-TRUST/trusts", "trusts")
    held = ((t["trustor_user_id"], Held(t["id"], t["trustee_user_id"], t.get("project_id") or "")) for t in told)
    looks = asked.at_once(held, ())
    return Part(looks, len(looks))


def _get(proxy: Any, path: str, microversion: str | None = None) -> Mapping[str, Any]:
    answer: Mapping[str, Any] = _checked(proxy.get(path, microversion=microversion)).json()
    return answer


def _checked(response: Any) -> Any:
    from openstack.exceptions import raise_from_response

    raise_from_response(response)
    return response


_COLLECT: Mapping[str, Callable[[_Asked], Part]] = {
    CONTAINERS: _containers,
    ACCESS_LISTS: _access_lists,
    IMAGE_MEMBERS: _image_members,
    MEMBERS: _members,
    SERVER_GROUPS: _server_groups,
    APPLICATION_CREDENTIALS: _application_credentials,
    ACCESS_KEYS: _access_keys,
    TRUSTS: _trusts,
}
