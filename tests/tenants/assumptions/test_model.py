"""What is assumed names its sources, or is not taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenants.assumptions.model import ASSUMPTIONS_FILE, load_assumptions, power
from tenants.problem import UserError


def test_the_committed_file_is_right_and_says_that_it_is_an_example() -> None:
    assert load_assumptions().is_example


def test_a_figure_needs_a_known_source(tmp_path: Path) -> None:
    file = tmp_path / "assumptions.yaml"
    file.write_text(ASSUMPTIONS_FILE.read_text().replace("source: grid", "source: hearsay"))
    with pytest.raises(UserError, match="got 'hearsay', expected one of grid, hosts, prices, spread, tariff"):
        load_assumptions(file)


def test_a_figure_that_is_missing_is_named(tmp_path: Path) -> None:
    file = tmp_path / "assumptions.yaml"
    file.write_text(ASSUMPTIONS_FILE.read_text().replace("cloud_pue", "pue"))
    with pytest.raises(UserError, match="cloud_pue: Field required"):
        load_assumptions(file)


def test_power_is_between_idle_and_full() -> None:
    assert [power(100, 300, u) for u in (0, 0.5, 1)] == [100, 200, 300]
