"""What is proposed follows from what was measured, and nothing is proposed without evidence."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitoring.rightsizing.evidence import Evidence, Place, build_queries
from monitoring.rightsizing.model import Finding, build_findings
from monitoring.rightsizing.patch import CannotChangeError, apply_changes, list_entries, render_patch
from tenants.declaration.load import load_catalogue, load_departments
from tenants.installation import repository

GIB = 1024**3
DECLARATION = """\
# the department's own words stay
name: parks
local_name: Parks
owners: [it@parks.gov.example]
cost_centre: P-1
projects:
  - name: prod
    quota: {class: medium, volumes: 20}  # agreed in May
    networks: [{name: front, cidr: 10.20.64.0/24}]
    servers:
      - {name: app, flavor: large, image: debian-12}   # the map
      - name: worker
        flavor: medium
        image: debian-12
        count: 2
  - name: test
    networks: [{name: front, cidr: 10.20.65.0/24}]
"""
APP: Place = ("parks", "prod", "app")
WORKERS: tuple[Place, ...] = (("parks", "prod", "worker-1"), ("parks", "prod", "worker-2"))
MAPS: Place = ("parks", "prod", "maps")
TILES: Place = ("parks", "prod", "tiles")
NEW: Place = ("parks", "test", "new")
EVIDENCE = Evidence(
    period=timedelta(days=30),
    peak_cores={APP: 1.2, WORKERS[0]: 0.3, WORKERS[1]: 1.9},
    mean_cores={APP: 0.4, WORKERS[0]: 0.1, WORKERS[1]: 0.9},
    peak_memory_bytes={APP: 2.5 * GIB},
    measured={APP: 1.0, WORKERS[0]: 0.99, WORKERS[1]: 0.95},
    peak_usage={("parks", "prod", "cores"): 8, ("parks", "prod", "volumes"): 3, ("parks", "test", "cores"): 1},
    limits={},
    usage_measured={("parks", "prod", "cores"): 1.0, ("parks", "prod", "volumes"): 1.0, ("parks", "test", "cores"): 1.0},
    unused={("parks", "prod", "unattached_volumes"): 2},
    written_bytes={MAPS: 2.2 * GIB, TILES: 9 * GIB, NEW: 0.0},
    volume_bytes={MAPS: 20 * GIB, TILES: 20 * GIB, NEW: 8 * GIB},
    volume_measured={MAPS: 1.0, TILES: 1.0, NEW: 0.2},
    queries={},
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(repository() / "tenants" / "catalogue.yaml", tmp_path)
    shutil.copytree(repository() / "tenants" / "blueprints", tmp_path / "blueprints")
    (tmp_path / "parks.yaml").write_text(DECLARATION)
    return tmp_path


def findings(folder: Path, evidence: Evidence) -> dict[str, Finding]:
    catalogue = load_catalogue(folder)
    found = build_findings(
        evidence, load_departments(folder, catalogue=catalogue), catalogue, {"parks": list_entries(DECLARATION)}
    )
    return {f"{finding.project} {finding.what}": finding for finding in found}


def test_a_server_gets_the_smallest_flavor_that_bears_its_busiest_minutes(folder: Path) -> None:
    app = findings(folder, EVIDENCE)["prod server app"]
    assert app.change is not None
    assert (app.change.before, app.change.after) == ("large", "medium")
    assert "at most 1.20 of 4 cores" in app.said
    assert "2560 of 16384 MiB" in app.said


def test_several_servers_of_one_entry_are_judged_by_the_busiest(folder: Path) -> None:
    assert "prod server worker" not in findings(folder, EVIDENCE)


def test_several_servers_of_one_entry_are_changed_once(folder: Path) -> None:
    quiet = {**EVIDENCE.peak_cores, WORKERS[1]: 0.3}
    memory = {**EVIDENCE.peak_memory_bytes, WORKERS[0]: 0.5 * GIB, WORKERS[1]: 0.25 * GIB}
    worker = findings(folder, replace(EVIDENCE, peak_cores=quiet, peak_memory_bytes=memory))["prod server worker"]
    assert worker.change is not None
    assert "        flavor: small\n" in apply_changes(DECLARATION, [worker.change])


def test_memory_that_is_not_known_is_not_taken_away(folder: Path) -> None:
    quiet = replace(EVIDENCE, peak_cores={**EVIDENCE.peak_cores, APP: 0.1}, peak_memory_bytes={})
    assert "prod server app" not in findings(folder, quiet)


def test_a_server_that_does_nothing_is_named_and_left(folder: Path) -> None:
    idle = replace(EVIDENCE, peak_cores={**EVIDENCE.peak_cores, APP: 0.001}, peak_memory_bytes={})
    app = findings(folder, idle)["prod server app"]
    assert app.change is None
    assert "idle" in app.advice


@pytest.mark.parametrize("measured", [{}, {APP: 0.5, WORKERS[0]: 1.0}])
def test_what_was_measured_too_little_is_not_judged(folder: Path, measured: dict[Place, float]) -> None:
    found = findings(folder, replace(EVIDENCE, measured=measured))
    assert {found["prod server app"].advice, found["prod server worker"].advice} == {"not judged"}


def test_limits_keep_room_and_only_those_that_would_be_halved_are_named(folder: Path) -> None:
    found = findings(folder, EVIDENCE)
    assert [found[f"prod quota {name}"].advice for name in ("cores", "volumes")] == ["cores: 11", "volumes: 4"]
    assert found["test quota cores"].advice == "cores: 3"
    assert "prod quota instances" not in found, "it was not measured"


def test_a_volume_of_which_little_was_ever_written_is_named_and_nothing_is_changed(folder: Path) -> None:
    found = findings(folder, EVIDENCE)
    maps = found["prod volume maps"]
    assert maps.said == "at most 2.2 of 20 GiB ever written"
    assert maps.advice.startswith("3 GiB would do")
    assert maps.change is None, "it holds data"
    assert "prod volume tiles" not in found, "12 of 20 GiB is more than half"


def test_a_volume_that_was_measured_too_short_is_not_judged(folder: Path) -> None:
    new = findings(folder, EVIDENCE)["test volume new"]
    assert (new.advice, new.change) == ("not judged", None)
    assert "measured for 20% of the period" in new.said


def test_a_volume_that_is_gone_is_not_named(folder: Path) -> None:
    gone = {place: size for place, size in EVIDENCE.volume_bytes.items() if place != MAPS}
    assert "prod volume maps" not in findings(folder, replace(EVIDENCE, volume_bytes=gone))


def test_volumes_without_a_server_are_evidence_and_no_patch(folder: Path) -> None:
    loose = findings(folder, EVIDENCE)["prod volumes without a server"]
    assert loose.change is None
    assert loose.said == "2 at every moment of the period"


def test_the_patch_applies_and_the_declaration_is_sound_and_keeps_its_words(folder: Path) -> None:
    changes = [finding.change for finding in findings(folder, EVIDENCE).values() if finding.change]
    after = apply_changes(DECLARATION, changes)
    (folder / "rightsize.patch").write_text(render_patch("parks.yaml", DECLARATION, after))
    subprocess.run(["git", "apply", "rightsize.patch"], cwd=folder, check=True)
    assert (folder / "parks.yaml").read_text() == after
    (parks,) = load_departments(folder)
    assert parks.projects[0].servers[0].flavor == "medium"
    catalogue = load_catalogue(folder)
    assert [catalogue.limits(project.quota).cores for project in parks.projects] == [11, 3]
    for words in ("# the department's own words stay", "# agreed in May", "# the map"):
        assert words in after


def test_a_place_that_is_not_there_is_said(folder: Path) -> None:
    change = next(f.change for f in findings(folder, EVIDENCE).values() if f.change)
    with pytest.raises(CannotChangeError, match=r"projects\.prod\.servers\.app\.flavor"):
        apply_changes("name: parks\nprojects: []\n", [change])


def test_a_period_is_asked_for_in_at_most_720_points() -> None:
    for days in (1, 30, 365):
        query = build_queries(timedelta(days=days))["peak_cores"]
        seconds, step = (int(part.rstrip("s])")) for part in query.rpartition("[")[2].split(":"))
        assert seconds == days * 86400
        assert seconds / step <= 720
