"""Reads what was there before the cloud (``baseline.yaml``); what is assumed for all is in :mod:`tenants.assumptions`.

Every figure names its source, and every source has a date and a confidence: a saving without a baseline is a claim
(GAO-14-713: agencies that closed 67 data centres could not calculate what they had cost before).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from tenants.assumptions.figures import Figure, Sourced, Strict, load_figures

BASELINE_FILE = Path(__file__).resolve().parent / "baseline.yaml"


class ServerGroup(Strict):
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
    retired_proof: str | None = None
    """Source that proves it, such as a meter's reading or a record of disposal; a day without one is only stated."""
    contract_ended_on: date | None = None
    """Day the maintenance stopped being paid; until then no money is saved on it."""

    @model_validator(mode="after")
    def _ordered(self) -> ServerGroup:
        if self.utilisation.value > 1:
            raise ValueError(f"utilisation: got {self.utilisation.value}, expected a share from 0 to 1")
        if self.max_watts.value < self.idle_watts.value:
            raise ValueError(f"max_watts: got {self.max_watts.value}, expected at least idle_watts")
        return self


class DepartmentBaseline(Strict):
    """One department's machine rooms before the cloud."""

    rooms: Figure
    pue: Figure
    """Power usage effectiveness of these rooms: total facility energy over IT energy."""
    groups: tuple[ServerGroup, ...] = Field(min_length=1)


class Baseline(Sourced):
    """The survey of all departments."""

    version: Literal[1]
    departments: dict[str, DepartmentBaseline]

    @model_validator(mode="after")
    def _proofs_are_sources(self) -> Baseline:
        for name, entry in self.departments.items():
            for group in entry.groups:
                if group.retired_proof is not None and group.retired_proof not in self.sources:
                    raise ValueError(f"{name}, {group.name}: retired_proof: got {group.retired_proof}, expected a source")
                if group.retired_proof is not None and group.retired_on is None:
                    raise ValueError(f"{name}, {group.name}: got a retired_proof, expected retired_on beside it")
        return self


def load_baseline(path: Path = BASELINE_FILE) -> Baseline:
    """Read the survey; raise UserError with every mistake."""
    return load_figures(Baseline, path)
