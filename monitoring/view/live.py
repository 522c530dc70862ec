"""What a department's own token reads, joined with what operations published: the view of its people, right now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from monitoring.probe import Answer, Probe, ask_all
from monitoring.view.model import (
    ContainerView,
    NetworkView,
    ProjectView,
    Resource,
    Said,
    ServerView,
    ShareView,
    Use,
    View,
    VolumeView,
)

if TYPE_CHECKING:
    from infra.inventory.own import Limit, OwnProject

_RESOURCES: tuple[Resource, ...] = ("servers", "cores", "memory", "volumes", "volume space")
_WITHOUT_TOKEN = (
    "what is shared",
    "what is open by hand",
    "objects in your containers",
    "what is built",
    "the cloud",
    "answers of servers",
)
NOTHING_PUBLISHED = "operations publish it (`oneroof report`): tell its file or address with --published"


def join(department: str, own: Iterable[OwnProject], published: View | None) -> View:
    """Give the view of what the token read; costs, backups and names from what was published, where it is at hand."""
    read = sorted(own, key=lambda project: project.project)
    at = max((project.read_at for project in read), default=datetime.now(UTC))
    base = published or _unpublished(department, at)
    known = {project.name: project for project in base.projects}
    projects = tuple(_project(each, known.get(_short(each))) for each in read)
    failed = {f"{_short(each)}: {failure.source}": failure.error for each in read for failure in each.failures}
    unseen = sorted(set(known) - {project.name for project in projects})
    others = {f"project {name}": "clouds.yaml has no entry for it; what is shown was published" for name in unseen}
    missing = {what: why for what, why in base.missing.items() if what not in _WITHOUT_TOKEN}
    return replace(
        base,
        at=at,
        token=True,
        projects=tuple(sorted((*projects, *(known[name] for name in unseen)), key=lambda project: project.name)),
        missing=failed | others | missing,
    )


def ask_servers(view: View, timeout: float = 5.0) -> View:
    """Ask every server that has a probe, from here, and put its answer into the view."""
    probes = {
        (project, server.name): Probe(view.department, project, server.name, address, **asdict(server.probe))
        for project, server in view.servers
        for address in server.floating_addresses[:1]
        if server.probe
    }
    said = dict(zip(probes, map(_said, ask_all(probes.values(), timeout)), strict=True))
    return replace(view, projects=tuple(_answered(project, said) for project in view.projects))


def _answered(project: ProjectView, said: Mapping[tuple[str, str], Said]) -> ProjectView:
    servers = (replace(server, answer=said.get((project.name, server.name))) for server in project.servers)
    return replace(project, servers=tuple(servers))


def _said(answer: Answer) -> Said:
    return Said(answer.probe.url, answer.good, answer.status, answer.seconds, answer.at, answer.reason)


def _unpublished(department: str, at: datetime) -> View:
    missing = dict.fromkeys(("costs", "backups and drills", "recovery tiers", "answers of servers"), NOTHING_PUBLISHED)
    return View(department, department, at, None, token=True, missing=missing)


def _short(own: OwnProject) -> str:
    return own.project.removeprefix(f"{own.domain}-")


def _project(own: OwnProject, known: ProjectView | None) -> ProjectView:
    known = known or ProjectView(_short(own))
    probes = {server.name: server.probe for server in known.servers}
    tiers = {volume.name: volume.recovery for volume in known.volumes}
    kept = {container.name: container.recovery for container in known.containers}
    volumes = {volume.id: volume for volume in own.volumes or ()}
    names = {server.id: server.name for server in own.servers or ()}
    return ProjectView(
        name=known.name,
        purpose=known.purpose,
        environment=known.environment,
        uses=tuple(_uses(own)),
        servers=tuple(
            ServerView(
                name=server.name,
                status=server.status.lower(),
                flavor=server.flavor,
                fixed_addresses=server.fixed_addresses,
                floating_addresses=server.floating_addresses,
                volumes=tuple(volumes[v].name for v in server.volume_ids if v in volumes),
                probe=probes.get(server.name),
            )
            for server in sorted(own.servers or (), key=lambda server: server.name)
        ),
        networks=tuple(_networks(own)),
        volumes=tuple(
            VolumeView(v.name, v.size_gib, tiers.get(v.name), next((names[s] for s in v.server_ids if s in names), None))
            for v in sorted(own.volumes or (), key=lambda volume: volume.name)
        ),
        containers=tuple(
            ContainerView(each.name, kept.get(each.name), each.objects, each.bytes)
            for each in (own.account.containers if own.account else ())
        ),
        shares=tuple(_shares(own)),
    )


def _uses(own: OwnProject) -> Iterator[Use]:
    limits: Mapping[str, Limit] = {**(own.compute or {}), **(own.block_storage or {})}
    for resource in _RESOURCES:
        if resource in limits:
            yield Use(resource, limits[resource].used, limits[resource].limit)
    if own.floating_addresses:
        yield Use("floating addresses", own.floating_addresses.used, own.floating_addresses.limit)
    if own.account:
        yield Use("object space", own.account.bytes, own.account.limit)


def _networks(own: OwnProject) -> Iterator[NetworkView]:
    ranges = {subnet.id: subnet.cidr for subnet in own.subnets or ()}
    for network in own.networks or ():
        if network.project_id == own.project_id:
            yield NetworkView(network.name, ", ".join(ranges[s] for s in network.subnet_ids if s in ranges))


def _shares(own: OwnProject) -> Iterator[ShareView]:
    for container in own.account.containers if own.account else ():
        for verb, acl in (("read", container.read_acl), ("write", container.write_acl)):
            if acl:
                yield ShareView("given", "container", container.name, f"{verb}: {acl}")
    for network in own.networks or ():
        if network.project_id != own.project_id and not network.external:
            yield ShareView("received", "network", network.name, "use")
    for image in own.images or ():
        if image.project_id != own.project_id:
            yield ShareView("received", "image", image.name, "read")
