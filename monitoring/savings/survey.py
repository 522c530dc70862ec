"""Reads what was there before the cloud (``baseline.yaml``) and what is assumed (``assumptions.yaml``).

Every figure names its source, and every source has a date and a confidence: a saving without a baseline is a claim
(GAO-14-713: agencies that closed 67 data centres could not calculate what they had cost before).
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tenants.problem import Problem, UserError

_FOLDER = Path(__file__).resolve().parent


class Confidence(StrEnum):
    """How far a figure can be trusted."""

    MEASURED = "measured"
    STATED = "stated"
    ASSUMED = "assumed"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Strict):
    """Where figures come from."""

    title: str
    dated: date
    confidence: Confidence
    example: bool = False
    """True for sample figures that a real survey must replace."""


class Figure(_Strict):
    """One number and the key of its source."""

    value: Annotated[float, Field(ge=0)]
    source: str


class ServerGroup(_Strict):
    """Servers of one kind that a department ran in a machine room of its own."""

    name: str
    servers: Figure
    cores: Figure
    """Cores of one server."""
    memory_gib: Figure
    """Memory of one server."""
    utilisation: Figure
    """Mean CPU utilisation, 0..1."""
    idle_watts: Figure
    max_watts: Figure
    maintenance: Figure
    """Contract for hardware and software, yuan a server and year."""
    retired_on: date | None = None
    """Day the servers were switched off; until then they save nothing."""
    contract_ended_on: date | None = None
    """Day the maintenance stopped being paid; until then no money is saved on it."""

    @model_validator(mode="after")
    def _ordered(self) -> ServerGroup:
        if self.utilisation.value > 1:
            raise ValueError(f"utilisation: got {self.utilisation.value}, expected a share from 0 to 1")
        if self.max_watts.value < self.idle_watts.value:
            raise ValueError(f"max_watts: got {self.max_watts.value}, expected at least idle_watts")
        return self


class DepartmentBaseline(_Strict):
    """One department's machine rooms before the cloud."""

    rooms: Figure
    pue: Figure
    """Power usage effectiveness of these rooms: total facility energy over IT energy."""
    groups: tuple[ServerGroup, ...] = Field(min_length=1)


class Baseline(_Strict):
    """The survey of all departments."""

    version: Literal[1]
    sources: dict[str, Source]
    departments: dict[str, DepartmentBaseline]

    @property
    def is_example(self) -> bool:
        """Whether any figure is a sample that a real survey must replace."""
        return any(source.example for source in self.sources.values())


class Assumptions(_Strict):
    """Prices, power and factors that are the same for all departments; money in yuan."""

    version: Literal[1]
    sources: dict[str, Source]
    electricity_price: Figure
    """Yuan a kWh."""
    grid_factor: Figure
    """Kilograms of CO2 a kWh."""
    server_price: Figure
    """Yuan for a replacement of one surveyed server."""
    server_lifetime_years: Figure
    space: Figure
    """Yuan a server and year for rack space and cooling plant."""
    host_price: Figure
    """Yuan for one host of the cloud."""
    host_maintenance: Figure
    """Yuan a host and year."""
    host_idle_watts: Figure
    host_max_watts: Figure
    cloud_pue: Figure

    @property
    def is_example(self) -> bool:
        """Whether any figure is a sample that must be replaced."""
        return any(source.example for source in self.sources.values())


_Model = TypeVar("_Model", Baseline, Assumptions)


def load_baseline(path: Path = _FOLDER / "baseline.yaml") -> Baseline:
    """Read the survey; raise UserError with every mistake."""
    return _load(Baseline, path)


def load_assumptions(path: Path = _FOLDER / "assumptions.yaml") -> Assumptions:
    """Read the assumptions; raise UserError with every mistake."""
    return _load(Assumptions, path)


def _load(model: type[_Model], path: Path) -> _Model:
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(Problem("the file does not exist", "copy the sample of the repository", path)) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = None if mark is None else mark.line + 1
        raise UserError(Problem("this is no YAML", str(getattr(error, "problem", "")), path, line)) from error
    try:
        value = model.model_validate(data)
    except ValidationError as error:
        raise UserError.of(
            Problem(f"{'.'.join(str(part) for part in mistake['loc'])}: {mistake['msg']}", file=path)
            for mistake in error.errors()
        ) from error
    unknown = sorted({name for name in _sources_named(data) if name not in value.sources})
    if unknown:
        raise UserError.of(
            Problem(
                f"source: got {name!r}, expected one of {', '.join(sorted(value.sources))}",
                "every figure names a source of this file",
                path,
            )
            for name in unknown
        )
    return value


def _sources_named(data: Any) -> list[str]:  # YAML is any tree of values
    if isinstance(data, dict):
        own = [data["source"]] if "source" in data and "value" in data else []
        return own + [name for part in data.values() for name in _sources_named(part)]
    if isinstance(data, list):
        return [name for part in data for name in _sources_named(part)]
    return []
