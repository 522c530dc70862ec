"""What a declaration means once everything left out is filled in: as a value, and as tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table

from tenants.declaration.catalogue import Catalogue
from tenants.declaration.demand import build_demand
from tenants.declaration.model import Department, Limits, Project
from tenants.declaration.sharing import Kind
from tenants.declaration.source import describe


def build_meaning(department: Department, catalogue: Catalogue) -> dict[str, Any]:
    """Give a department as JSON values, each project with its ``limits`` and what it ``needs`` of them."""
    meaning: dict[str, Any] = department.model_dump(mode="json", by_alias=True, exclude_none=True)
    for shown, project in zip(meaning["projects"], department.projects, strict=True):
        shown["cloud_name"] = department.cloud_name(project.name)
        shown["limits"] = catalogue.limits(project.quota).model_dump()
        shown["needs"] = build_demand(project, catalogue).model_dump()
    return meaning


def render_summary(departments: Iterable[Department], catalogue: Catalogue) -> Table:
    """Give one line a department."""
    table = Table("department", "full name", "projects", "servers", "cores", "volumes", "recovery", box=None)
    for department in departments:
        needs = [build_demand(project, catalogue) for project in department.projects]
        table.add_row(
            department.name,
            department.local_name,
            ", ".join(project.name for project in department.projects),
            str(sum(need.instances for need in needs)),
            str(sum(need.cores for need in needs)),
            f"{sum(need.volumes for need in needs)} ({sum(need.volume_gib for need in needs)} GiB)",
            department.recovery,
        )
    return table


def render_blueprints(catalogue: Catalogue) -> Table:
    """Give every blueprint with its parameters: what each may be, and what it is where it is not told."""
    table = Table("blueprint", "parameter", "what", "left out", box=None)
    for name, blueprint in sorted(catalogue.blueprints.items()):
        table.add_row(name, "", blueprint.purpose, "")
        for called, parameter in blueprint.parameters.items():
            kind = f"one of {', '.join(parameter.of)}" if parameter.of else str(parameter.type)
            default = "must be told" if parameter.default is None else describe(parameter.default).strip("'") or "nothing"
            table.add_row("", called, f"{parameter.purpose} ({kind})", default)
    return table


def render_department(department: Department, catalogue: Catalogue) -> RenderableType:
    """Give a department as tables: itself, then each project with its resources and its quota."""
    head = Table("", "", box=None, show_header=False)
    for key in ("local_name", "english_name", "code", "cost_centre", "classification", "recovery"):
        if value := getattr(department, key):
            head.add_row(key, str(value))
    head.add_row("owners", ", ".join(department.owners))
    if department.approvers != department.owners:
        head.add_row("approvers", ", ".join(department.approvers))
    for contact in department.contacts:
        ways = ", ".join(way for way in (contact.mailbox, contact.phone) if way)
        head.add_row("contact", f"{contact.purpose}: {ways}")
    for group in department.groups:
        roles = ", ".join(f"{role} on {project}" for project, role in group.roles.items())
        members = ", ".join(user.name for user in department.users if group.name in user.groups)
        kept = f"; {group.name_there} of directory {group.directory}" if group.directory else ""
        head.add_row(f"group {group.name}", roles + kept + (f"; local users: {members}" if members else ""))
    for each in department.application_credentials:
        told = f"{each.name} works as {each.user} on {each.project} ({', '.join(each.roles)}) until {each.ends}"
        head.add_row("application credential", told)
    for share in department.shares:
        access = f"{share.access}, " if share.kind is Kind.CONTAINER else ""
        what = f"{share.kind} {share.place} with {share.grantee}, {access}{share.first_day} to {share.last_day}"
        head.add_row("shares", f"{what}: {share.purpose}")
    for request in department.requests:
        what = f"{request.kind} {request.place} of {request.owner} for {request.asking}"
        head.add_row("requests", f"{what}, since {request.asked_on}: {request.purpose}")
    for restore in department.restores:
        as_of = f"as of {restore.at:%Y-%m-%d %H:%MZ}" if restore.at else "newest"
        days = f"{restore.not_before} to {restore.expires}"
        head.add_row("restores", f"{restore.what}, {as_of}, into {restore.destination}, {days}: {restore.reason}")
    parts: list[RenderableType] = [head]
    for project in department.projects:
        parts.append(_resources(department, project, catalogue))
        parts.append(_quota(project, catalogue))
    return Group(*parts)


def _resources(department: Department, project: Project, catalogue: Catalogue) -> Table:
    title = f"\n{department.cloud_name(project.name)} · {project.environment} · {project.purpose or 'no purpose told'}"
    table = Table("kind", "name", "what", title=title, title_justify="left", box=None)
    for use in project.blueprints:
        told = ", ".join(f"{name} {value}" for name, value in use.values.items())
        table.add_row("blueprint", use.name, f"{use.use}; its parts are below" + (f": {told}" if told else ""))
    for network in project.networks:
        joined = "joined to the outside" if network.internet else "isolated"
        table.add_row("network", network.name, f"{network.cidr}, {joined}")
    for group in project.security_groups:
        rules = [f"{r.protocol} {r.ports} from {r.source}".replace("  ", " ") for r in catalogue.rules(group)]
        table.add_row("security group", group.name, "\n".join(rules) or "lets nothing in")
    for volume in project.volumes:
        table.add_row("volume", volume.name, f"{volume.size_gib} GiB, {volume.type}, recovery {volume.recovery}")
    for container in project.containers:
        words = [f"recovery {container.recovery}"]
        if container.quota and container.quota.size_mib:
            words.append(f"at most {container.quota.size_mib} MiB")
        if container.quota and container.quota.objects:
            words.append(f"at most {container.quota.objects} objects")
        words += [f"old versions in {container.versions_name}"] if container.versioning else []
        words += [f"objects end after {container.lifecycle.delete_after_days} days"] if container.lifecycle else []
        table.add_row("container", container.name, ", ".join(words))
    for address in project.floating_ips:
        behind = [server.name for server in project.servers if server.floating_ip == address.name]
        table.add_row("floating address", address.name, f"leads to server {behind[0]}" if behind else "leads nowhere yet")
    for server in project.servers:
        lines = [f"{server.flavor}, {server.image}, network {server.network}, {', '.join(server.security_groups)}"]
        lines += [f"spread: {server.spread}, with {server.spread_group}-*"] if server.spread else []
        lines += [f"volumes {', '.join(server.volumes)}"] if server.volumes else []
        lines += (
            ["floating address" + ("" if server.floating_ip is True else f" {server.floating_ip}")]
            if server.floating_ip
            else []
        )
        if server.probe:
            lines.append(f"probe: port {server.probe.port}, {server.probe.path}, expects “{server.probe.expect}”")
        table.add_row("server", server.name, "\n".join(lines))
    return table


def _quota(project: Project, catalogue: Catalogue) -> Table:
    limits, needs = catalogue.limits(project.quota), build_demand(project, catalogue)
    table = Table("quota", "needs", "of", title_justify="left", box=None)
    for key, field in Limits.model_fields.items():
        unit = "MiB" if key.endswith("_mib") else "GiB" if key.endswith("_gib") else ""
        needed = "not known" if key == "containers_gib" else str(getattr(needs, key))
        limit = getattr(limits, key)
        table.add_row(str(field.title), needed, "no limit" if limit is None else f"{limit} {unit}".strip())
    return table
