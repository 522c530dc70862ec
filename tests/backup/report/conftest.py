"""An empty ledger for each test of reports."""

from __future__ import annotations

from pathlib import Path

import pytest
from recorded_evidence import Written


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return Written(tmp_path / "records")
