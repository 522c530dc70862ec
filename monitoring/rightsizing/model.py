"""From evidence to what could be smaller. Pure; every rule stands here.

A server is judged by its busiest five minutes, not by its mean: of the cores of the smaller flavor at most 70 % would have
been used then, and of its memory at most 75 %. Where its memory is not known, no flavor with less of it is proposed. A
limit is judged by the most that was in use, and a third of that, and at least
room for something small, is left on top. A volume is judged likewise, by the most of it that was ever written, and named
where less than half of it would do; no patch makes it smaller, as no cloud does that without losing data. What was
measured for less than nine tenths of the period is not judged, and says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from monitoring.rightsizing.evidence import Evidence, Place
from tenants.declaration.catalogue import Catalogue, Flavor
from tenants.declaration.model import Department, Project, Server

LEAST_MEASURED = 0.9
_BUSY_CORES, _BUSY_MEMORY = 0.7, 0.75
_IDLE_CORES = 0.02
_ROOM = 4 / 3
_MIB, _GIB = 1024**2, 1024**3
LIMIT_OF: Mapping[str, tuple[str, int, int]] = {
    "servers": ("instances", 1, 1),
    "cores": ("cores", 1, 2),
    "memory_bytes": ("ram_mib", _MIB, 1024),
    "volumes": ("volumes", 1, 1),
    "storage_bytes": ("volume_gib", _GIB, 10),
    "floating_addresses": ("floating_ips", 1, 1),
}
"""Usage to the declaration's name of the limit, how many units one of it is, and what is left on top at least."""


@dataclass(frozen=True)
class Named:
    """An entry of a list, by its key ``name``."""

    name: str


Entries = Mapping[tuple[str, str], str]
"""Project and server to the name of the entry that makes it, where ``count`` makes several of one."""


@dataclass(frozen=True)
class Change:
    """One value of a declaration: the keys that lead to it, what stands there, what would."""

    path: tuple[str | Named, ...]
    before: str
    after: str


@dataclass(frozen=True)
class Finding:
    """Something that is idle, too big, or could not be judged."""

    department: str
    project: str
    what: str
    said: str
    """The evidence as a sentence."""
    advice: str = ""
    change: Change | None = None


def build_findings(
    evidence: Evidence, departments: Iterable[Department], catalogue: Catalogue, entries: Mapping[str, Entries]
) -> tuple[Finding, ...]:
    """Give everything that could be smaller, by department and project; ``entries`` are those of each department's file."""
    return tuple(
        finding
        for department in departments
        for project in department.projects
        for finding in (
            *_servers(evidence, department.slug, project, catalogue, entries.get(department.slug, {})),
            *_limits(evidence, department.slug, project, catalogue),
            *_volumes(evidence, department.slug, project),
            *_unused(evidence, department.slug, project),
        )
    )


def _servers(
    evidence: Evidence, department: str, project: Project, catalogue: Catalogue, entries: Entries
) -> Iterator[Finding]:
    for key, servers in _by_entry(project, entries).items():
        entry = key if isinstance(key, Named) else None
        server, places = servers[0], [(department, project.name, each.name) for each in servers]
        what = f"server {entry.name}" if entry else f"server {server.name}"
        measured = min(evidence.measured.get(place, 0.0) for place in places)
        if measured < LEAST_MEASURED:
            said = f"measured for {measured:.0%} of the period, expected {LEAST_MEASURED:.0%}"
            yield Finding(department, project.name, what, said, "not judged")
            continue
        peak, mean = _most(evidence.peak_cores, places), _most(evidence.mean_cores, places)
        memory = _most(evidence.peak_memory_bytes, places) if all(p in evidence.peak_memory_bytes for p in places) else None
        flavor = catalogue.flavors[server.flavor]
        said = f"at most {peak:.2f} of {flavor.vcpus} cores over five minutes, {mean:.2f} in the mean"
        said += "" if memory is None else f", at most {memory / _MIB:.0f} of {flavor.ram_mib} MiB of memory"
        smaller = _smaller(flavor, peak, memory, server, catalogue)
        if smaller and entry:
            path = ("projects", Named(project.name), "servers", entry, "flavor")
            advice = f"flavor {smaller}: the server is made anew, its volumes stay"
            yield Finding(department, project.name, what, said, advice, Change(path, server.flavor, smaller))
        elif smaller:
            advice = f"flavor {smaller} would do; a blueprint makes the server: change what it is given"
            yield Finding(department, project.name, what, said, advice)
        elif peak < _IDLE_CORES:
            yield Finding(department, project.name, what, said, "idle: ask the department whether it is still needed")


def _by_entry(project: Project, entries: Entries) -> dict[Named | str, list[Server]]:
    """Put servers that one entry of the file makes together; what a blueprint makes stands by its own name."""
    found: dict[Named | str, list[Server]] = {}
    for server in project.servers:
        entry = entries.get((project.name, server.name))
        found.setdefault(Named(entry) if entry else server.name, []).append(server)
    return found


def _smaller(flavor: Flavor, peak: float, memory: float | None, server: Server, catalogue: Catalogue) -> str | None:
    image = catalogue.images.get(server.image)
    cores = max(1, math.ceil(peak / _BUSY_CORES))
    ram = flavor.ram_mib if memory is None else memory / _MIB / _BUSY_MEMORY
    ram = max(ram, image.min_ram_mib if image else 0)
    disk = image.min_disk_gib if image else flavor.disk_gib
    fitting = [
        (known.vcpus, known.ram_mib, name)
        for name, known in catalogue.flavors.items()
        if known.vcpus >= cores and known.ram_mib >= ram and known.disk_gib >= disk
        if known.vcpus <= flavor.vcpus and known.ram_mib <= flavor.ram_mib
        if (known.vcpus, known.ram_mib) != (flavor.vcpus, flavor.ram_mib)
    ]
    return min(fitting)[2] if fitting else None


def _limits(evidence: Evidence, department: str, project: Project, catalogue: Catalogue) -> Iterator[Finding]:
    limits = catalogue.limits(project.quota)
    for usage, (name, unit, least) in LIMIT_OF.items():
        place: Place = (department, project.name, usage)
        declared = getattr(limits, name)
        if evidence.usage_measured.get(place, 0.0) < LEAST_MEASURED or place not in evidence.peak_usage:
            continue
        most = math.ceil(evidence.peak_usage[place] / unit)
        wanted = max(math.ceil(most * _ROOM), most + least)
        if wanted * 2 > declared:
            continue  # a limit that would not be halved is left alone
        said = f"at most {most} of {declared} in use"
        change = Change(("projects", Named(project.name), "quota", name), str(declared), str(wanted))
        yield Finding(department, project.name, f"quota {name}", said, f"{name}: {wanted}", change)


def _volumes(evidence: Evidence, department: str, project: Project) -> Iterator[Finding]:
    for place, written in sorted(evidence.written_bytes.items()):
        if place[:2] != (department, project.name) or place not in evidence.volume_bytes:
            continue
        measured = evidence.volume_measured.get(place, 0.0)
        size = round(evidence.volume_bytes[place] / _GIB)
        wanted = max(1, math.ceil(written * _ROOM / _GIB))
        what, said = f"volume {place[2]}", f"at most {written / _GIB:.1f} of {size} GiB ever written"
        if wanted * 2 > size:
            continue
        if measured < LEAST_MEASURED:
            said += f", measured for {measured:.0%} of the period, expected {LEAST_MEASURED:.0%}"
            yield Finding(department, project.name, what, said, "not judged")
            continue
        yield Finding(department, project.name, what, said, f"{wanted} GiB would do: declare one beside it, copy, let it go")


def _unused(evidence: Evidence, department: str, project: Project) -> Iterator[Finding]:
    # what holds data is never proposed as a patch: who knows what is on it decides
    for what, words, advice in (
        ("unattached_volumes", "volumes without a server", "look what is on them, then take them out of the declaration"),
        ("unused_floating_addresses", "floating addresses that lead nowhere", "take them out of the declaration"),
    ):
        if count := evidence.unused.get((department, project.name, what), 0):
            yield Finding(department, project.name, words, f"{count:.0f} at every moment of the period", advice)


def _most(figures: Mapping[Place, float], places: Iterable[Place]) -> float:
    return max((figures[place] for place in places if place in figures), default=0.0)
