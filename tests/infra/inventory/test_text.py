"""An inventory as JSON and back; anything else is refused in a sentence."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from infra.inventory import SCHEMA_VERSION, Inventory, load_inventory, parse_inventory, render_inventory
from infra.inventory.model import Failure, Project
from infra.inventory_cli import render_summary
from tenants.problem import UserError

TOLD: dict[str, Any] = {
    "schema_version": SCHEMA_VERSION,
    "collected_at": "2026-01-01T00:00:00+00:00",
    "seconds": 1.5,
    "calls": 24,
    "region": "RegionOne",
    "failures": (Failure("servers", "503"),),
    "not_measured": (),
    "projects": (Project("p1", "parks-prod", "d1", enabled=True, description="Öffentlich", tags=("production",)),),
    "volumes": (),
}
INVENTORY = Inventory(**{**dict.fromkeys((f.name for f in fields(Inventory)), None), **TOLD})


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    file = tmp_path / "inventory.json"
    file.write_text(render_inventory(INVENTORY), encoding="utf-8")
    assert load_inventory(file) == INVENTORY


def test_two_readings_compare_line_by_line() -> None:
    told = json.loads(render_inventory(INVENTORY))
    assert list(told) == sorted(told)
    assert told["servers"] is None
    assert told["volumes"] == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "not a JSON object"),
        ("[]", "not a JSON object"),
        ('{"schema_version": 0}', f"schema_version: got 0, expected {SCHEMA_VERSION}"),
        (json.dumps({"schema_version": SCHEMA_VERSION}), "collected_at: Field required"),
    ],
)
def test_anything_else_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        parse_inventory(text)


def test_the_summary_tells_nothing_from_not_read() -> None:
    lines = {line.split()[0]: line.split()[1:] for line in render_summary(INVENTORY).splitlines()}
    assert (lines["projects"], lines["volumes"], lines["servers"]) == (["1"], ["0"], ["not", "read"])
    assert lines["24"][:3] == ["calls", "in", "1.5"]
