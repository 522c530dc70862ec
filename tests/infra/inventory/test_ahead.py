"""Reading begun ahead: it reads all that a plan compares and judges by, and what goes wrong is told to whoever asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.agreement import SOURCES_OF
from infra.inventory.ahead import PLANNED, begin_reading
from infra.inventory.model import Inventory
from infra.plan.capacity import STOCK_SOURCES
from infra.plan.usage import USE_SOURCES
from tenants.installation import Installation
from tenants.problem import UserError


def test_what_a_plan_compares_and_judges_by_is_read() -> None:
    assert frozenset().union(*SOURCES_OF.values(), *STOCK_SOURCES.values(), *USE_SOURCES.values()) <= PLANNED
    assert set(Inventory.__dataclass_fields__) > PLANNED


def test_a_cloud_that_is_not_there_is_told_when_it_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "clouds.yaml").write_text("clouds: {}\n")
    reading = begin_reading(Installation(tmp_path), "oneroof")
    with pytest.raises(UserError, match="got cloud oneroof"):
        reading()
