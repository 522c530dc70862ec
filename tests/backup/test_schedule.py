"""Timers as systemd reads them."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from backup.plan import CONTROL_PLANE, Job
from backup.records import Source
from backup.schedule import compare_units, render_calendar, render_probe_units, render_units

GOLDEN = Path(__file__).parent / "data" / "units"
HOME = Path("/var/lib/oneroof/site")


def job(department: str, name: str, tier: str, hours: int, source: Source = Source.VOLUME) -> Job:
    return Job(department, source, name, tier, timedelta(hours=hours), timedelta(minutes=67), timedelta(days=14))


JOBS = [
    job(CONTROL_PLANE, CONTROL_PLANE, "gold", 4, Source.CONTROL_PLANE),
    job("health", "prod/portal", "gold", 4),
    job("health", "prod/registry", "gold", 4),
    job("health", "prod/archive", "bronze", 24),
]


def test_units_are_those_of_the_golden_files(request: pytest.FixtureRequest) -> None:
    units = render_units(JOBS, HOME)
    if request.config.getoption("--update"):
        GOLDEN.mkdir(exist_ok=True)
        for name, text in units.items():
            (GOLDEN / name).write_text(text)
    assert {f.name: f.read_text() for f in GOLDEN.iterdir()} == units


def test_the_vault_is_probed_daily_by_units_that_no_department_has() -> None:
    units = render_probe_units(HOME)
    assert not units.keys() & render_units(JOBS, HOME).keys()
    (timer,) = (text for name, text in units.items() if name.endswith(".timer"))
    assert re.findall("OnCalendar=.*", timer) == ["OnCalendar=*-*-* 05:00:00 UTC"]
    (service,) = (text for name, text in units.items() if name.endswith(".service"))
    assert "ExecStart=/usr/local/bin/oneroof vault probe --local\n" in service


def test_jobs_of_one_department_and_tier_share_a_timer() -> None:
    assert sorted(n for n in render_units(JOBS, HOME) if n.endswith(".timer")) == [
        "oneroof-backup-control-plane-gold.timer",
        "oneroof-backup-health-bronze.timer",
        "oneroof-backup-health-gold.timer",
    ]


def test_a_calendar_has_every_run_of_a_day() -> None:
    assert render_calendar(timedelta(hours=23), timedelta(hours=12)) == ["*-*-* 11:00:00 UTC", "*-*-* 23:00:00 UTC"]
    assert len(render_calendar(timedelta(minutes=3), timedelta(minutes=15))) == 96


def test_only_what_differs_is_written_and_what_is_gone_is_removed(tmp_path: Path) -> None:
    units = render_units(JOBS, HOME)
    (tmp_path / "ssh.service").write_text("not ours")
    (tmp_path / "oneroof-exporter.service").write_text("not ours")
    assert compare_units(units, tmp_path) == (sorted(units), [])
    for name, text in units.items():
        (tmp_path / name).write_text(text)
    assert compare_units(units, tmp_path) == ([], [])
    (tmp_path / "oneroof-backup-health-gold.timer").write_text("edited")
    (tmp_path / "oneroof-backup-forestry-gold.timer").write_text("department is gone")
    assert compare_units(units, tmp_path) == (
        ["oneroof-backup-health-gold.timer"],
        ["oneroof-backup-forestry-gold.timer"],
    )
