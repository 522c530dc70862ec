"""What a plan would lose for good: volumes and containers that are no longer declared, and root disks of servers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from infra.apply import DATA_TYPES
from infra.plan.document import PlanStep
from infra.plan.recorded import Recorded

Holdings = Mapping[str, tuple[int, int]]
"""Container, as ``<project>/<name>``, to its objects and their bytes."""

_MIB = 1024**2


def lost_with(recorded: Recorded, steps: Iterable[PlanStep], kept: frozenset[str], holdings: Holdings) -> tuple[str, ...]:
    """Give each thing that would lose data, with how much it holds where that is known.

    ``kept`` names the holders of data that stay declared.
    """
    return (*_holders(recorded, kept, holdings), *_root_disks(steps))


def _holders(recorded: Recorded, kept: frozenset[str], holdings: Holdings) -> Iterator[str]:
    for each in recorded.resources:
        name = str(each["urn"]).rpartition("::")[2]
        if each["type"] in DATA_TYPES and name not in kept:
            noun = str(each["type"]).rpartition(":")[2].lower()
            yield f"{noun} {name}{_size((each.get('outputs') or {}).get('size'), holdings.get(name))}"


def _size(gib: object, content: tuple[int, int] | None) -> str:
    if isinstance(gib, int | float):
        return f" ({gib:g} GiB)"
    return "" if content is None else f" ({content[0]} objects, {content[1] / _MIB:.1f} MiB)"


def _root_disks(steps: Iterable[PlanStep]) -> Iterator[str]:
    names = dict.fromkeys(
        step.name for step in steps if step.type == "oneroof:compute:Server" and step.operation in ("replace", "delete")
    )
    yield from (f"root disk of server {name}" for name in names)
