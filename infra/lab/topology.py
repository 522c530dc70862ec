"""Which machines a lab has and what each is for; read from ``topologies/<name>.yaml``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tenants.problem import Problem, UserError

Group = Literal["controllers", "computes", "storage", "operations", "vaults"]
GROUPS: tuple[Group, ...] = ("controllers", "computes", "storage", "operations", "vaults")

TOPOLOGIES = Path(__file__).parent / "topologies"
DEFAULT_TOPOLOGY = "one"

HostName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}[a-z0-9]$")]


class Machine(BaseModel):
    """One machine of the lab."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: HostName
    groups: tuple[Group, ...] = Field(min_length=1)
    memory_gib: float = Field(gt=0)
    """What it was seen to need, GiB; a note for preflight, not a limit."""


class Topology(BaseModel):
    """The machines of a lab, in the order of their addresses."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    machines: tuple[Machine, ...] = Field(min_length=1, max_length=100)
    external_gateway: str
    """The machine that the host asks for floating addresses."""
    ceph_osd_size: str = Field(pattern=r"^[1-9][0-9]*G$")
    """Size of the sparse file of one object store daemon."""

    @model_validator(mode="after")
    def _names_fit(self) -> Topology:
        names = [machine.name for machine in self.machines]
        if double := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"machine {double[0]} is there twice")
        if self.external_gateway not in names:
            raise ValueError(f"external_gateway is {self.external_gateway}, expected one of {', '.join(names)}")
        return self

    @property
    def memory_gib(self) -> float:
        """What all machines need together, GiB."""
        return sum(machine.memory_gib for machine in self.machines)

    def members(self, group: Group) -> tuple[str, ...]:
        """Give the names of a group's machines."""
        return tuple(machine.name for machine in self.machines if group in machine.groups)


def load_topology(name: str, directory: Path = TOPOLOGIES) -> Topology:
    """Read a topology by its name; raises :class:`UserError` with every mistake and its line."""
    file = directory / f"{name}.yaml"
    if not file.is_file():
        known = ", ".join(sorted(path.stem for path in directory.glob("*.yaml"))) or "none"
        raise UserError(Problem(f"there is no topology {name}", hint=f"known: {known} (in {directory})"))
    text = file.read_text()
    try:
        node = yaml.compose(text, yaml.SafeLoader)
        content = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise UserError(Problem(f"this is not YAML: {error.problem}", file=file, line=line)) from error
    if not isinstance(content, dict):
        raise UserError(
            Problem(f"got {type(content).__name__}, expected machines, external_gateway, ceph_osd_size", file=file)
        )
    try:
        return Topology(name=name, **content)
    except ValidationError as error:
        details = error.errors()
        inner = {detail["loc"][:end] for detail in details for end in range(1, len(detail["loc"]))}
        raise UserError.of(
            Problem(
                f"{'.'.join(str(part) for part in detail['loc']) or 'topology'}: {detail['msg']}",
                file=file,
                line=_line(node, detail["loc"]),
            )
            for detail in details
            if detail["loc"] not in inner  # a wrong machine also counts as a missing one
        ) from error


def _line(node: yaml.Node | None, place: tuple[int | str, ...]) -> int | None:
    """Find the line of a place as pydantic names it; the nearest one above where the place itself is missing."""
    line = None
    for part in place:
        if isinstance(node, yaml.MappingNode):
            node = next((value for key, value in node.value if key.value == part), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
        else:
            node = None
        if node is None:
            break
        line = node.start_mark.line + 1
    return line
