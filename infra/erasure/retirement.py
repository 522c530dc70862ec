"""What an approved erasure means before anything is erased: quarantine, and that what is gone is not made again. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from infra.desired import DesiredProject, DesiredState, build_desired
from tenants.declaration.catalogue import Catalogue
from tenants.declaration.erasure import Erasure, Thing, ThingKind
from tenants.declaration.model import Department, Project
from tenants.declaration.things import shared_thing, standing, without

TYPES: Mapping[ThingKind, str] = {
    ThingKind.DEPARTMENT: "oneroof:identity:Domain",
    ThingKind.PROJECT: "oneroof:identity:Project",
    ThingKind.NETWORK: "oneroof:network:Network",
    ThingKind.SERVER: "oneroof:compute:Server",
    ThingKind.VOLUME: "oneroof:block_storage:Volume",
    ThingKind.CONTAINER: "oneroof:object_store:Container",
}
"""What stands for a thing in a department's stack."""


@dataclass(frozen=True)
class Current:
    """A department as it is to be today."""

    department: Department
    """Without what was erased; servers in quarantine without their probes."""
    desired: DesiredState
    quarantined: tuple[Erasure, ...]
    """Approved, and still there."""
    gone: tuple[Erasure, ...]
    """Not there any more, or never made: not made while an entry names it."""
    lapsed: tuple[Erasure, ...]
    """Still there, and the approval counts no more."""

    @property
    def is_gone(self) -> bool:
        """Whether the whole department was erased."""
        return any(erasure.thing.kind is ThingKind.DEPARTMENT for erasure in self.gone)


def build_current(
    department: Department, catalogue: Catalogue, recorded: Iterable[Mapping[str, Any]], today: date
) -> Current:
    """Give what the cloud should hold of a department today, from its declaration and its stack's resources."""
    there = find_recorded(department.slug, recorded)
    present = [erasure for erasure in department.erasures if erasure.thing in there]
    gone = tuple(erasure for erasure in department.erasures if erasure.thing not in there)
    quarantined = tuple(erasure for erasure in standing(department, today) if erasure in present)
    lapsed = tuple(erasure for erasure in present if erasure not in quarantined)
    left = without(department, {erasure.thing for erasure in gone})
    withheld = frozenset(erasure.thing for erasure in quarantined)
    desired = withhold(build_desired(left, catalogue, today), withheld)
    return Current(_silence(left, withheld), desired, quarantined, gone, lapsed)


def find_recorded(slug: str, recorded: Iterable[Mapping[str, Any]]) -> Mapping[Thing, str]:
    """Give the things of a department that its stack records, each with its id in the cloud."""
    kinds = {type_: kind for kind, type_ in TYPES.items()}
    found: dict[Thing, str] = {}
    for resource in recorded:
        kind, name = kinds.get(str(resource["type"])), str(resource["urn"]).rpartition("::")[2]
        if kind is not None and resource.get("id"):
            found[Thing(kind, "" if kind is ThingKind.DEPARTMENT and name == slug else name)] = str(resource["id"])
    return found


def withhold(desired: DesiredState, things: Collection[Thing]) -> DesiredState:
    """Give the state with these things in quarantine: servers off and locked, the rest out of everybody's reach."""
    if not things:
        return desired

    def held(kind: ThingKind, path: str) -> bool:
        return any(thing.holds(Thing(kind, path)) for thing in things)

    groups = tuple(
        replace(group, roles={key: role for key, role in group.roles.items() if not held(ThingKind.PROJECT, key)})
        for group in desired.groups
    )
    return replace(
        desired,
        groups=groups,
        projects=tuple(_withhold(project, things) for project in desired.projects),
        # Keystone ends one itself where its user loses the role
        credentials=tuple(each for each in desired.credentials if not held(ThingKind.PROJECT, each.project)),
    )


def _withhold(project: DesiredProject, things: Collection[Thing]) -> DesiredProject:
    def held(kind: ThingKind, name: str) -> bool:
        return any(thing.holds(Thing(kind, f"{project.key}/{name}")) for thing in things)

    attached = {name for server in project.servers for name in server.volumes}
    addressed = set(project.floating_ips.values())
    reached = {server.network for server in project.servers if server.floating_ip or server.name in addressed}
    shares = tuple(
        share
        for share in project.shares  # what is out of its own people's reach is out of others'
        if not any(thing.holds(shared_thing(share.kind, share.project, share.item)) for thing in things)
    )
    return replace(
        project,
        shares=shares,
        servers=tuple(replace(s, withheld=held(ThingKind.SERVER, s.name)) for s in project.servers),
        # one that is attached to a server in quarantine is locked with it
        volumes=tuple(
            replace(v, withheld=v.name not in attached and held(ThingKind.VOLUME, v.name)) for v in project.volumes
        ),
        # one that a floating address leads to cannot leave its router; all its servers are off
        networks=tuple(
            replace(n, withheld=n.name not in reached and held(ThingKind.NETWORK, n.name)) for n in project.networks
        ),
    )


def _silence(department: Department, things: Collection[Thing]) -> Department:
    """Give the department without the probes of servers in quarantine: nobody is to be woken by their silence."""

    def quiet(project: Project) -> Project:
        return project.model_copy(
            update={
                "servers": tuple(
                    server.model_copy(update={"probe": None})
                    if any(t.holds(Thing(ThingKind.SERVER, f"{project.name}/{server.name}")) for t in things)
                    else server
                    for server in project.servers
                )
            }
        )

    if not things:
        return department
    return department.model_copy(update={"projects": tuple(map(quiet, department.projects))})


def render_standing(current: Current) -> tuple[str, ...]:
    """Give a sentence for each erasure of a department, for whoever reads a plan."""
    said = [
        f"{e.thing}: in quarantine until {e.not_before}, approved until {e.expires}; then `oneroof erase` takes it"
        for e in current.quarantined
    ]
    said += [f"{e.thing}: the approval ended on {e.expires} and does nothing; take the entry away" for e in current.lapsed]
    said += [f"{e.thing}: is gone; take it and its entry out of the file" for e in current.gone]
    return tuple(said)
