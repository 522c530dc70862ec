"""What ``oneroof status`` says, for programs and for people."""

from __future__ import annotations

import pytest

from monitoring.departments import build_probes
from monitoring.overview import Overview
from monitoring.probe import Probe
from monitoring.savings.table import print_savings
from monitoring.status import build_status, print_status


def test_the_json_names_everything(overview: Overview) -> None:
    status = build_status(overview)
    assert status["cloud"]["endpoints"]["identity"] == "https://10.88.0.21:5000/v3"
    assert status["machines"][1] == {"name": "site-b", "site": "vaults", "address": "10.88.0.22", "state": "off"}
    health, transport = status["departments"]
    (project,) = health["projects"]
    assert project["servers"][0]["floating_addresses"] == ["10.88.8.10"]
    assert project["servers"][0]["probe"]["good"] is True
    assert transport["projects"][0]["servers"][0]["probe"]["reason"] == "[Errno 113] No route to host"
    assert health["last_backup"]["data_of"] == "2026-11-22T08:00:00+00:00"
    assert health["last_drill"] == {
        "source": "volume",
        "name": "prod/data",
        "ended_at": "2026-11-22T10:00:20+00:00",
        "recovery_seconds": 12.5,
        "restored_bytes": 2 * 1024**3,
        "identical": True,
    }
    assert transport["last_backup"] is None
    assert status["missing"] == {"utilisation of departments": "Prometheus has no sample yet"}


def test_the_table_is_result_and_what_is_not_known_is_talk(overview: Overview, capsys: pytest.CaptureFixture[str]) -> None:
    print_status(overview)
    said = capsys.readouterr()
    for words in ("10.88.8.10", "yes, 31 ms", "No route to host", "4 h ago", "identical, 12.5 s", "site-b 10.88.0.22 off"):
        assert words in said.out
    assert "not known: utilisation of departments" in said.err


def test_the_savings_table_shows_the_idle_pool(overview: Overview, capsys: pytest.CaptureFixture[str]) -> None:
    assert overview.savings
    print_savings(overview.savings)
    said = capsys.readouterr().out
    assert "(idle)" in said
    assert "baseline covers 100% of the departments; 53% of its servers were measured" in said
    assert "civil-affairs, market-supervision: in the baseline, but not on the cloud" in said


def test_only_servers_with_an_address_and_a_probe_are_asked() -> None:
    asked = {"port": 80, "path": "/", "expect": "Clinic"}
    servers = [
        {"name": "web", "floating_address": "10.88.8.10", "probe": asked},
        {"name": "inner", "floating_address": None, "probe": asked},
        {"name": "batch", "floating_address": "10.88.8.11", "probe": None},
    ]
    outcome = {"department": "health", "projects": [{"name": "prod", "servers": servers}]}
    assert list(build_probes(outcome)) == [Probe("health", "prod", "web", "10.88.8.10", 80, "/", "Clinic")]
