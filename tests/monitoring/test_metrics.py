"""The whole exposition, compared with a committed file (``pytest --update`` rewrites it)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from backup.evidence import Examined
from backup.records import BackupRecord, DrillRecord
from monitoring.collector import Collector, Source
from monitoring.exporters.service import Metrics
from monitoring.guests import parse_guests
from monitoring.objectives import Objective
from monitoring.overview import Overview
from monitoring.probe import Answer
from monitoring.usage import CloudUsage

DATA = Path(__file__).parent / "data"
NOW = 1_795_348_800.0
LISTED = "11   instance-00000001\n99   instance-00000009\n"
STATS = """Domain: 'instance-00000001'
  balloon.current=1048576
  vcpu.current=2
  vcpu.maximum=2
  vcpu.0.state=1
  vcpu.0.time=12000000000
  vcpu.0.delay=99000000000
  vcpu.1.time=500000000

Domain: 'instance-00000009'
  vcpu.current=1
  vcpu.0.time=1000000000

"""


def exposition(sources: dict[str, Any]) -> str:
    def read(value: Any) -> Any:
        if isinstance(value, Exception):
            raise value
        return value

    collector = Collector(
        [Source(name, lambda value=value: read(value), 30.0) for name, value in sources.items()],
        clock=lambda: NOW,
    )
    for name in sources:
        collector.read_once(name)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Metrics(collector, "site-a", lambda: 14))
    lines = generate_latest(registry).decode().splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("oneroof_source_duration_seconds{"))


@pytest.fixture
def sources(
    usage: CloudUsage,
    answers: tuple[Answer, ...],
    backups: tuple[BackupRecord, ...],
    drills: tuple[DrillRecord, ...],
    objectives: tuple[Objective, ...],
    overview: Overview,
) -> dict[str, Any]:
    return {
        "cloud": usage,
        "guests": parse_guests(LISTED, STATS),
        "probes": answers,
        "records": (backups, drills),
        "evidence": (Examined("0123456789abcdef", "site-a", (), ("entry 2 is missing at the end: entry 2 was told",)),),
        "declarations": objectives,
        "savings": overview.savings,
    }


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
