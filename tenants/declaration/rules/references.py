"""References: every name that points at something points at something that is there."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from graphlib import CycleError, TopologicalSorter

from tenants.declaration.boot import CLOUD_CONFIG, is_cloud_config
from tenants.declaration.catalogue import Catalogue
from tenants.declaration.model import Department, Project, SecurityRule, Server
from tenants.declaration.rules.finding import Finding
from tenants.declaration.sentence import listed, nearest, switch_hint
from tenants.declaration.source import Place

OF_CATALOGUE = "of the catalogue"
OF_PROJECT = "of the project"


def check(department: Department, catalogue: Catalogue) -> Iterator[Finding]:
    """Check every reference of one department."""
    yield from _known(("recovery",), department.recovery, catalogue.recovery_tiers, "recovery tier", OF_CATALOGUE)
    for at, project in enumerate(department.projects):
        place: Place = ("projects", at)
        yield from _known((*place, "quota"), project.quota.quota_class, catalogue.quota_classes, "quota class", OF_CATALOGUE)
        if project.recovery != department.recovery:  # what the department says is checked once, there
            here = (*place, "recovery")
            yield from _known(here, project.recovery, catalogue.recovery_tiers, "recovery tier", OF_CATALOGUE)
        yield from _storage(place, project, catalogue, project.recovery)
        yield from _security_groups(place, project, catalogue)
        for number, server in enumerate(project.servers):
            yield from _server((*place, "servers", number), server, project, catalogue)
        yield from _attachments(place, project)
        yield from _addresses(place, project)
    projects = [project.name for project in department.projects]
    for at, group in enumerate(department.groups):
        if group.directory:
            place = ("groups", at, "directory")
            yield from _known(place, group.directory, catalogue.directories, "directory", OF_CATALOGUE)
        for project_name, role in group.roles.items():
            place = ("groups", at, "roles", project_name)
            yield from _known(place, project_name, projects, "project", "of the department")
            yield from _known(place, role, catalogue.roles, "role", OF_CATALOGUE)


def _storage(place: Place, project: Project, catalogue: Catalogue, inherited: str) -> Iterator[Finding]:
    for number, volume in enumerate(project.volumes):
        here = (*place, "volumes", number)
        yield from _known((*here, "type"), volume.type, catalogue.volume_types, "volume type", OF_CATALOGUE)
        if volume.recovery != inherited:  # what the project says is checked once, there
            yield from _known((*here, "recovery"), volume.recovery, catalogue.recovery_tiers, "recovery tier", OF_CATALOGUE)
    for key in ("containers", "images", "databases"):
        for number, item in enumerate(getattr(project, key)):
            here = (*place, key, number, "recovery")
            if item.recovery != inherited:
                yield from _known(here, item.recovery, catalogue.recovery_tiers, "recovery tier", OF_CATALOGUE)
    servers = {server.name: server for server in project.servers}
    for number, database in enumerate(project.databases):
        here = (*place, "databases", number, "server")
        if database.server not in servers:
            yield from _known(here, database.server, servers, "server", OF_PROJECT)
        elif not servers[database.server].floating_ip:
            what = f"got {database.server}, which has no floating address, expected a server that backups can reach"
            yield Finding(here, what)


def _security_groups(place: Place, project: Project, catalogue: Catalogue) -> Iterator[Finding]:
    groups = [group.name for group in project.security_groups]
    for number, group in enumerate(project.security_groups):
        for at, rule in enumerate(group.rules):
            here = (*place, "security_groups", number, "rules", at)
            if not isinstance(rule, SecurityRule):
                yield from _known(here, rule, catalogue.rule_sets, "rule set", OF_CATALOGUE)
            elif rule.source_cidr is None and rule.source not in groups:
                expected = f"anywhere, an address range such as 10.20.4.0/24, or {listed(groups)}"
                yield Finding((*here, "from"), f"got {rule.source}, expected {expected}", nearest(rule.source, groups))

    try:
        TopologicalSorter(
            {
                group.name: sorted({r.source for r in group.rules if isinstance(r, SecurityRule)} - {group.name})
                for group in project.security_groups
            }
        ).prepare()
    except CycleError as error:
        circle = list(reversed(error.args[1]))
        what = f"got a circle of groups that let each other in: {' → '.join(circle)}, expected an end to it"
        hint = "Let one of them name an address range."
        yield Finding((*place, "security_groups", groups.index(circle[0]), "rules"), what, hint)


def _server(place: Place, server: Server, project: Project, catalogue: Catalogue) -> Iterator[Finding]:
    yield from _known((*place, "flavor"), server.flavor, catalogue.flavors, "flavor", OF_CATALOGUE)
    yield from _known((*place, "image"), server.image, catalogue.images, "image", OF_CATALOGUE)
    networks = [network.name for network in project.networks]
    if server.shared_network is None:  # else its owner must share it: rules.borrowing
        yield from _known((*place, "network"), server.network, networks, "network", OF_PROJECT)
    groups = [group.name for group in project.security_groups]
    for at, group in enumerate(server.security_groups):
        yield from _known((*place, "security_groups", at), group, groups, "security group", OF_PROJECT)
    volumes = [volume.name for volume in project.volumes]
    for at, volume in enumerate(server.volumes):
        yield from _known((*place, "volumes", at), volume, volumes, "volume", OF_PROJECT)
    yield from _boot(place, server, catalogue)
    flavor, image = catalogue.flavors.get(server.flavor), catalogue.images.get(server.image)
    if flavor and image and flavor.ram_mib < image.min_ram_mib:
        what = f"got {server.flavor} with {flavor.ram_mib} MiB, expected at least {image.min_ram_mib} MiB"
        yield Finding((*place, "flavor"), f"{what} for image {server.image}")
    if flavor and image and flavor.disk_gib < image.min_disk_gib:
        what = f"got {server.flavor} with {flavor.disk_gib} GiB of disk, expected at least {image.min_disk_gib} GiB"
        yield Finding((*place, "flavor"), f"{what} for image {server.image}")


def _boot(place: Place, server: Server, catalogue: Catalogue) -> Iterator[Finding]:
    image = catalogue.images.get(server.image)
    if image and is_cloud_config(server.user_data) and not image.cloud_init:
        able = [name for name, each in catalogue.images.items() if each.cloud_init]
        what = f"got {CLOUD_CONFIG} for image {server.image}, which has no cloud-init, expected a script that starts with #!"
        yield Finding((*place, "user_data"), what, f"Images with cloud-init: {', '.join(able)}." if able else "")


def _attachments(place: Place, project: Project) -> Iterator[Finding]:
    holder: dict[str, str] = {}
    for number, server in enumerate(project.servers):
        for at, volume in enumerate(server.volumes):
            if volume in holder:
                what = f"got {volume}, which server {holder[volume]} has already, expected a volume of its own"
                yield Finding((*place, "servers", number, "volumes", at), what)
            holder.setdefault(volume, server.name)


def _addresses(place: Place, project: Project) -> Iterator[Finding]:
    names = [address.name for address in project.floating_ips]
    holder: dict[str, str] = {}
    for number, server in enumerate(project.servers):
        if not isinstance(server.floating_ip, str):
            continue
        here = (*place, "servers", number, "floating_ip")
        if server.floating_ip not in names:
            what = f"got {server.floating_ip}, expected {listed(['true', 'false', *names])}"
            hint = switch_hint(server.floating_ip) or nearest(server.floating_ip, names)
            yield Finding(here, what, hint or "Names are those of the project's floating_ips.")
        elif server.floating_ip in holder:
            what = (
                f"got {server.floating_ip}, which server {holder[server.floating_ip]} has already, expected one of its own"
            )
            yield Finding(here, what)
        holder.setdefault(server.floating_ip, server.name)


def _known(place: Place, name: str, names: Collection[str], kind: str, whose: str) -> Iterator[Finding]:
    if name in names:
        return
    expected = f"got {name or 'nothing'}, expected {'an' if kind[0] in 'aeio' else 'a'} {kind} {whose}"
    if not names:
        yield Finding(place, f"{expected}, which has none")
        return
    yield Finding(place, f"{expected}: {listed(names)}", nearest(name, names))
