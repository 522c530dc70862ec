"""What is assumed for all departments: prices, power and factors, each with its source (``assumptions.yaml``)."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from tenants.assumptions.figures import Figure, Sourced, load_figures

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
    planned_utilisation: Figure
    """Mean CPU utilisation of a host that quotas reserve, 0..1: a plan has nothing measured yet."""


def load_assumptions(path: Path = ASSUMPTIONS_FILE) -> Assumptions:
    """Read the assumptions; raise UserError with every mistake."""
    return load_figures(Assumptions, path)


def power(idle_watts: float, max_watts: float, utilisation: float) -> float:
    """Give the watts of one server: idle + (max - idle) * utilisation; Cloud Carbon Footprint's compute estimator."""
    return idle_watts + (max_watts - idle_watts) * utilisation
