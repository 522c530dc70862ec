"""Cuts one department's view out of the overview: what operations publish for it, and nothing of anybody else.

Reasons of the overview may name others (a clash of two declarations, a host): they stay with operations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import Any

from monitoring.overview import NO_BACKUP, NO_DRILL, Overview
from monitoring.reports.page import Recovery, build_recovery
from monitoring.savings.survey import Baseline
from monitoring.usage import ProjectUse
from monitoring.view.model import (
    AgreedShare,
    Asked,
    ContainerView,
    Costs,
    Kept,
    NetworkView,
    ProjectView,
    Resource,
    Said,
    ServerView,
    Use,
    View,
    VolumeView,
)
from tenants.assumptions.model import Assumptions
from tenants.declaration.model import Department
from tenants.declaration.shares import build_shares

_AMOUNTS: Mapping[str, Resource] = {
    "servers": "servers",
    "cores": "cores",
    "memory_bytes": "memory",
    "volumes": "volumes",
    "storage_bytes": "volume space",
    "floating_addresses": "floating addresses",
}
_UNREAD = "operations could not read it when this was made, and know why"
_OPERATIONS_ALONE = frozenset({"machines", "vaults", "savings"})
NEVER_COSTED = "people, network lines, licences, and the vault at the second site: no figure for them exists"
NOT_A_DRILL = "a drill times the restoring of data; starting servers and services with it comes on top"
CONTAINERS_UNTOLD = "the object store tells them to the project alone: `oneroof show` with your own clouds.yaml reads them"


def build_view(overview: Overview, slug: str) -> View:
    """Give one department's view as of the overview's moment."""
    declared = next((department for department in overview.declared if department.slug == slug), None)
    made: Mapping[str, Any] = overview.made.get(slug, {})
    measured = overview.department_utilisation.get(slug)
    return View(
        department=slug,
        local_name=declared.local_name if declared else made.get("local_name", slug),
        at=overview.at,
        published_at=overview.at,
        token=False,
        projects=tuple(_projects(overview, slug, made, declared)),
        owners=declared.owners if declared else (),
        cost_centre=declared.cost_centre if declared else "",
        classification=str(declared.classification) if declared else "",
        utilisation=measured.value if measured else None,
        costs=_costs(overview, slug),
        vaults=overview.vaults,
        repository=overview.repositories.get(slug),
        recovery=tuple(_kept(row) for row in build_recovery(overview) if row.department == slug),
        alerts=tuple(_alert(labels) for labels in overview.alerts if labels.get("department") == slug),
        agreed=None if "declarations" in overview.missing else tuple(_agreed(overview, slug)),
        missing=dict(_missing(overview, slug, made, declared)),
    )


def _projects(overview: Overview, slug: str, made: Mapping[str, Any], declared: Department | None) -> Iterator[ProjectView]:
    said = {project.name: project for project in declared.projects} if declared else {}
    built = {project["name"]: project for project in made.get("projects", ())}
    used = {project.project: project for project in overview.projects(slug)}
    for name in sorted(set(built) | set(used)):
        project = built.get(name, {})
        attached = {volume: server["name"] for server in project.get("servers", ()) for volume in server["volumes"]}
        yield ProjectView(
            name=name,
            purpose=said[name].purpose if name in said else "",
            environment=project.get("environment", ""),
            uses=_uses(used[name]) if name in used else (),
            servers=tuple(_servers(overview, slug, name, project)),
            networks=tuple(NetworkView(network["name"], network["cidr"]) for network in project.get("networks", ())),
            volumes=tuple(
                VolumeView(volume["name"], volume["size_gib"], volume["recovery"], attached.get(volume["name"]))
                for volume in project.get("volumes", ())
            ),
            containers=tuple(ContainerView(each["name"], each["recovery"]) for each in project.get("containers", ())),
        )


def _servers(overview: Overview, slug: str, project: str, made: Mapping[str, Any]) -> Iterator[ServerView]:
    running = {server.name: server for server in overview.servers(slug, project)}
    built = {server["name"]: server for server in made.get("servers", ())}
    for name in sorted(set(running) | set(built)):
        told, now, answer = built.get(name, {}), running.get(name), overview.answer(slug, project, name)
        floating = (told["floating_address"],) if told.get("floating_address") else ()
        yield ServerView(
            name=name,
            status=now.status.lower() if now else None,
            flavor=told.get("flavor", ""),
            fixed_addresses=(told["fixed_address"],) if told else (),
            floating_addresses=now.addresses if now else floating,
            volumes=tuple(told.get("volumes", ())),
            probe=Asked(**told["probe"]) if told.get("probe") else None,
            answer=Said(answer.probe.url, answer.good, answer.status, answer.seconds, answer.at, answer.reason)
            if answer
            else None,
        )


def _uses(project: ProjectUse) -> tuple[Use, ...]:
    used, quota = project.usage.known(), project.quota.known()
    return tuple(Use(word, used.get(name), quota.get(name)) for name, word in _AMOUNTS.items())


def _costs(overview: Overview, slug: str) -> Costs | None:
    own = next((d for d in overview.savings.departments if d.department == slug), None) if overview.savings else None
    if own is None or overview.baseline is None or overview.assumptions is None:
        return None
    return Costs(
        hosts=own.hosts,
        energy_now=own.now.energy if own.now else None,
        cost_now=own.now.cost if own.now else None,
        cash_now=own.now.cash if own.now else None,
        surveyed=own.surveyed,
        servers_before=own.servers_before,
        servers_retired=own.servers_retired,
        energy_saved=own.energy_saved,
        carbon_saved=own.carbon_saved,
        avoided_cost=own.avoided_cost,
        saving=own.saving,
        example=overview.baseline.is_example or overview.assumptions.is_example,
        sources=tuple(_sources(overview.baseline, overview.assumptions, slug)),
    )


def _sources(baseline: Baseline, assumptions: Assumptions, slug: str) -> Iterator[str]:
    """Name the sources of prices, and of this department's own figures in the survey alone."""
    own = baseline.departments.get(slug)
    keys = [] if own is None else sorted({figure["source"] for figure in _figures(own.model_dump())})
    for source in (*assumptions.sources.values(), *(baseline.sources[key] for key in keys)):
        yield f"{source.title} ({source.dated}, {source.confidence})"


def _figures(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        if "source" in value:
            yield value
        for part in value.values():
            yield from _figures(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _figures(part)


def _kept(row: Recovery) -> Kept:
    promised, backup, drill = row.objective, row.backup, row.drill
    return Kept(
        source=row.source,
        name=row.name,
        tier=promised.tier if promised else None,
        recovery_point=promised.recovery_point if promised else None,
        recovery_time=promised.recovery_time if promised else None,
        drill_every=promised.drill_every if promised else None,
        snapshot_id=backup.snapshot_id if backup else None,
        data_of=backup.started_at if backup else None,
        bytes=backup.bytes if backup else None,
        outcome=str(backup.outcome) if backup else None,
        restored_at=drill.ended_at if drill else None,
        identical=drill.identical if drill else None,
        recovery_seconds=drill.recovery_seconds if drill else None,
        reason=drill.reason if drill else "",
    )


def _alert(labels: Mapping[str, str]) -> str:
    return " ".join(labels[key] for key in ("alertname", "project", "server", "source", "name") if labels.get(key))


def _agreed(overview: Overview, slug: str) -> Iterator[AgreedShare]:
    """Give what names this department; what others agree among themselves is none of it."""
    for share in build_shares(overview.declared, overview.at.astimezone(UTC).date()):
        if slug in share.departments:
            yield AgreedShare(
                kind=str(share.kind),
                place=share.place,
                owner=share.owner,
                grantee=share.grantee,
                access=share.access,
                purpose=share.terms.purpose,
                legal_basis=share.terms.legal_basis,
                data_items=share.terms.data_items,
                first_day=share.terms.first_day,
                last_day=share.terms.last_day,
                state=str(share.state),
                detail=share.detail,
            )


def _missing(
    overview: Overview, slug: str, made: Mapping[str, Any], declared: Department | None
) -> Iterator[tuple[str, str]]:
    for what, why in overview.missing.items():
        if what not in _OPERATIONS_ALONE and why not in (NO_BACKUP, NO_DRILL):
            yield what, _UNREAD
    if declared and not made:
        yield "what is built", "it is declared, and was not applied yet"
    if slug not in overview.department_utilisation:
        yield "CPU use of your servers", "there is no measurement of them yet"
    if any(project.get("containers") for project in made.get("projects", ())):
        yield "objects in your containers", CONTAINERS_UNTOLD
    if "declarations" in overview.missing:
        yield "what is shared", _UNREAD
    yield (
        "what is open by hand",
        "what was opened past a grant is told to you alone: `oneroof show` with your own clouds.yaml",
    )
    yield "other costs", NEVER_COSTED
    if any(row.drill for row in build_recovery(overview) if row.department == slug):
        yield "time until a service works again", NOT_A_DRILL
