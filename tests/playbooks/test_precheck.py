"""Precheck: each mistake of an inventory gets its sentence."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

RIGHT: dict[str, Any] = {
    "controllers": ["one"],
    "storage": ["one"],
    "operations": ["one"],
    "addresses": {"one": "10.0.0.1", "two": "10.0.0.2"},
    "api_address": "10.0.0.1",
    "cidr": "10.0.8.0/24",
    "gateway": "10.0.8.1",
    "pool_start": "10.0.8.10",
    "pool_end": "10.0.8.200",
}


@pytest.fixture(scope="module")
def precheck() -> ModuleType:
    path = Path(__file__).parents[2] / "playbooks/files/precheck.py"
    spec = importlib.util.spec_from_file_location("precheck", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_right_inventory_has_no_problem(precheck: ModuleType) -> None:
    assert list(precheck.look_at_inventory(RIGHT)) == []


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"controllers": ["one", "two"], "api_address": "10.0.0.9"}, "there are 2 controllers, expected 1 or at least 3"),
        ({"controllers": ["one", "two", "three"]}, "api_address is 10.0.0.1, which is one alone, and there are several"),
        ({"operations": ["one", "two"]}, "group operations has two, expected controllers alone"),
        ({"storage": []}, "group storage is empty"),
        ({"addresses": {"one": "10.0.0.1", "two": "10.0.0.1"}}, "two and one both have management_address 10.0.0.1"),
        ({"cidr": "10.0.8.0/33"}, "external_network_cidr: '10.0.8.0/33'"),
        ({"pool_end": "10.0.9.200"}, "external_network_pool_end is 10.0.9.200, expected an address of 10.0.8.0/24"),
        ({"pool_start": "10.0.8.201"}, "external_network_pool_start 10.0.8.201 lies after its end 10.0.8.200"),
        ({"gateway": "10.0.8.11"}, "external_network_gateway 10.0.8.11 lies in the pool"),
        ({"api_address": "10.0.8.5"}, "api_address has 10.0.8.5 in the external network"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_mistake_gets_its_sentence_and_a_hint(precheck: ModuleType, wrong: dict[str, Any], told: str) -> None:
    problems = list(precheck.look_at_inventory({**RIGHT, **wrong}))
    assert len(problems) == 1, problems
    assert told in problems[0]
    assert "\n  HINT: " in problems[0]
