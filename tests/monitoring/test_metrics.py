"""The whole exposition, compared with a committed file (``pytest --update`` rewrites it)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from exposing import exposition

DATA = Path(__file__).parent / "data"


def compare(text: str, name: str, update: bool) -> None:
    golden = DATA / name
    if update:
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8"), f"{golden} differs; pytest --update rewrites it"


def test_everything_could_be_read(sources: dict[str, Any], request: pytest.FixtureRequest) -> None:
    compare(exposition(sources), "all.prom", request.config.getoption("--update"))


def test_a_failed_source_leaves_its_metrics_out(sources: dict[str, Any], request: pytest.FixtureRequest) -> None:
    failed = sources | {"cloud": OSError("no route"), "records": ValueError("damaged")}
    text = exposition(failed)
    assert "oneroof_usage_cores" not in text
    assert "oneroof_backup_restorable" not in text
    compare(text, "cloud_and_records_failed.prom", request.config.getoption("--update"))


def test_names_keep_the_rules(sources: dict[str, Any]) -> None:
    for line in exposition(sources).splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            assert name.startswith("oneroof_")
            assert name.endswith("_total") == (kind == "counter"), name
