"""A cloud of many departments, as values."""

from __future__ import annotations

from monitoring.breakdown import Breakdown, ContainerUse, HostUse, NamedVolume, ProjectTold, Unused, VolumeUse
from monitoring.guests import Guest
from monitoring.rights import NEEDS
from monitoring.usage import Amounts, CloudUsage, ProjectUse, ServerUse

GIB = 1024**3
KINDS = ("standard", "fast")


def big_cloud(departments: int) -> tuple[CloudUsage, tuple[Guest, ...]]:
    """Give a cloud where every department has a project of five servers, two types of volumes and 30 containers."""
    names = [f"department-{number:04}" for number in range(departments)]
    hosts = [f"host-{number:03}" for number in range(max(1, departments // 20))]
    amounts = Amounts(1, 1, 1, 1, 1, 1)
    servers = tuple(
        ServerUse(f"{name}-{i}", f"server-{i}", name, "prod", "ACTIVE", 1, GIB, hosts[i % len(hosts)], (), "small")
        for name in names
        for i in range(5)
    )
    usage = CloudUsage(
        read_at=0.0,
        hosts=len(hosts),
        capacity=amounts,
        stored_bytes=1.0,
        projects=tuple(ProjectUse(name, "prod", amounts, amounts) for name in names),
        servers=servers,
        parts=dict.fromkeys(NEEDS, True),
        missing={},
        untold={},
        calls=40,
        breakdown=Breakdown(
            hosts=tuple(HostUse(host, True, True, 1, 1, 1, 1, 1, 1, 1) for host in hosts),
            volumes=tuple(VolumeUse(name, "prod", kind, 1, GIB) for name in names for kind in KINDS),
            agents=(),
            shared_networks=dict.fromkeys(names, 0),
            told=tuple(ProjectTold(name, "prod", 0.0, {}, 1, 1) for name in names),
            containers=tuple(ContainerUse(name, "prod", f"c{i}", 1, 1) for name in names for i in range(21)),
            unused=tuple(Unused(name, "prod", 0, 0, 0) for name in names),
            named_volumes=tuple(NamedVolume(f"{name}-{kind}", kind, name, "prod", GIB) for name in names for kind in KINDS),
        ),
    )
    return usage, tuple(Guest(s.name, s.server_id, 1.0, 1, GIB, 1, 1, 1, 1, 1, 1) for s in servers)
