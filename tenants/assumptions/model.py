"""What is assumed for all departments: prices, power and factors, each with its source (``assumptions.yaml``)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import model_validator

from tenants.assumptions.figures import Confidence, Figure, Sourced, load_figures

ASSUMPTIONS_FILE = Path(__file__).resolve().parent / "assumptions.yaml"
HOURS_A_YEAR = 8760
CURRENCY = "CNY"
"""ISO 4217 of every amount of money: yuan."""


class Assumptions(Sourced):
    """Prices, power and factors that are the same for all departments; money in yuan."""

    version: Literal[1]
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
    servers_a_rack: Figure
    """Surveyed servers that a rack held, for the racks that are emptied."""
    spread: Mapping[Confidence, Figure]
    """How far a figure of that confidence may be from the truth, as a part of it, where its own range is not told."""
    planned_utilisation: Figure
    """Mean CPU utilisation of a host that quotas reserve, 0..1: a plan has nothing measured yet."""

    @model_validator(mode="after")
    def _every_confidence_has_its_spread(self) -> Assumptions:
        lacking = [confidence.value for confidence in Confidence if confidence not in self.spread]
        if lacking:
            raise ValueError(f"spread: got none for {', '.join(lacking)}, expected one for each confidence")
        return self


def load_assumptions(path: Path = ASSUMPTIONS_FILE) -> Assumptions:
    """Read the assumptions; raise UserError with every mistake."""
    return load_figures(Assumptions, path)


def power(idle_watts: float, max_watts: float, utilisation: float) -> float:
    """Give the watts of one server: idle + (max - idle) * utilisation; Cloud Carbon Footprint's compute estimator."""
    return idle_watts + (max_watts - idle_watts) * utilisation
