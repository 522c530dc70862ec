"""The reports of the last minutes, made and verified as an auditor does it: what Nova says, and nothing that was changed."""

from __future__ import annotations

import csv
import json
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from openstack.connection import Connection

from monitoring.periods.period import SETTLED
from monitoring.prometheus import Prometheus
from tenants.installation import Installation

pytestmark = [pytest.mark.system]

MINUTES = 5
PATIENCE_SECONDS = 600  # a lab that was just switched on
# each minute of the period, and of the two until a reading is settled, has a cloud with hosts and the same servers in it
WHOLE = (
    "(count_over_time({0}[8m:1m]) >= 8) and (min_over_time({0}[8m:1m]) == max_over_time({0}[8m:1m]))"
    " and (min_over_time(max(oneroof_hosts)[8m:1m]) > 0)"
)


@pytest.fixture(scope="module")
def written(
    installation: Installation,
    departments: dict[str, dict[str, Any]],
    oneroof: Callable[..., str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """Give the folder with all reports of the last minutes in which the cloud was read."""
    assert departments
    prometheus, patience = Prometheus.of(installation), time.monotonic() + PATIENCE_SECONDS
    assert prometheus is not None
    given = f'sum(oneroof_usage_cores{{department=~"{"|".join(departments)}"}})'
    while not prometheus.query(WHOLE.format(given)):
        assert time.monotonic() < patience, f"the cloud was not read in each of the last {MINUTES} minutes"
        time.sleep(5)
    folder = tmp_path_factory.mktemp("reports")
    end = datetime.now(UTC) - SETTLED
    first = end - timedelta(minutes=MINUTES)
    told = oneroof("report", "all", f"{first:%Y-%m-%dT%H:%M}..{end:%Y-%m-%dT%H:%M}", "--output", str(folder))
    assert all(Path(line).is_file() for line in told.splitlines())
    return folder


def figures(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text())["figures"]
    return found


def test_what_departments_were_given_is_what_nova_says(
    written: Path, cloud: Connection, departments: dict[str, dict[str, Any]]
) -> None:
    told = figures(written / "utilisation.json")
    assert told["measured"]["cloud"] == 1, "the cloud was read in each of the minutes"
    of = {part["department"]: part for part in told["departments"]}
    for slug, made in departments.items():
        ids = [project["id"] for project in made["projects"]]
        cores = sum(s.flavor["vcpus"] for i in ids for s in cloud.compute.servers(all_projects=True, project_id=i))
        assert of[slug]["hours"]["cores"] == pytest.approx(cores * MINUTES / 60)
        assert of[slug]["running_core_hours"] >= (of[slug]["worked_core_hours"] or 0)


def test_capacity_is_what_prometheus_holds(written: Path, installation: Installation) -> None:
    prometheus = Prometheus.of(installation)
    assert prometheus is not None
    (capacity,) = prometheus.query("sum(max by (site) (oneroof_capacity_cores))")
    assert figures(written / "utilisation.json")["cloud"]["capacity"]["cores"] == pytest.approx(capacity.value)


def test_each_department_has_a_report_with_its_own_name_alone(written: Path, departments: dict[str, dict[str, Any]]) -> None:
    for slug in departments:
        text = (written / "departments" / f"department-{slug}.json").read_text()
        assert not [other for other in departments if other != slug and other in text]


def test_a_page_leads_to_all_of_them_in_both_languages(written: Path, departments: dict[str, dict[str, Any]]) -> None:
    for language in ("en", "zh"):
        page = unescape((written / f"index.{language}.html").read_text())
        for name in ("utilisation", "savings", "recovery", *(f"departments/department-{slug}" for slug in departments)):
            assert f'href="{name}.{language}.html"' in page
            assert (written / f"{name}.{language}.html").is_file()
            assert list(csv.reader((written / f"{name}.csv").open(encoding="utf-8-sig")))


def test_all_are_verified_against_the_stores(written: Path, oneroof: Callable[..., str]) -> None:
    for file in (*written.glob("*.json"), *written.glob("departments/department-*.json")):
        assert "every figure follows" in oneroof("report", "verify", str(file))


@pytest.mark.parametrize("changed", ["figure", "answer and its figure"])
def test_a_changed_report_is_found(written: Path, command: Path, tmp_path: Path, changed: str) -> None:
    document = json.loads((written / "savings.json").read_text())
    if changed == "figure":
        document["figures"]["savings"]["hosts"] += 1
    else:
        key = next(key for key, answer in document["answers"].items() if answer.get("values"))
        for value in document["answers"][key]["values"]:
            value["value"] += 1
    (tmp_path / "savings.json").write_text(json.dumps(document))
    done = subprocess.run(
        [command, "report", "verify", tmp_path / "savings.json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert ("hosts" if changed == "figure" else key) in done.stdout + done.stderr
