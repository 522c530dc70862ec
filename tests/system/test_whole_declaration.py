"""One department that asks for everything a declaration may have: what each key promises, kept by the real cloud."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.lab.status import LabStatus
from infra.outcome import Outcome, load_outcome
from tenants.installation import Installation, repository

pytestmark = pytest.mark.system

SLUG = "system-whole"
CLOUD = "oneroof"
DECLARATION = f"""
name: {SLUG}
local_name: Trial of every key
owners: [it@trial.gov.example]
cost_centre: T-1
projects:
  - name: prod
    networks:
      - {{name: front, cidr: 10.23.80.0/24}}
    servers:
      - {{name: web, flavor: tiny, image: tiny, count: 2, spread: prefer}}
"""


class Trial:
    """A department of the tests' own, and the command as an operator runs it."""

    def __init__(self, folder: Path) -> None:
        self.installation = Installation.current()
        self.folder = folder
        shutil.copy(repository() / "tenants" / "catalogue.yaml", folder)

    def declare(self, text: str) -> None:
        (self.folder / f"{SLUG}.yaml").write_text(text)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-c", "import oneroof; oneroof.main()", *words, "--cloud", CLOUD]
        return subprocess.run(argv, capture_output=True, text=True, env=dict(os.environ), check=False)

    def apply(self, *words: str) -> subprocess.CompletedProcess[str]:
        done = self.run("apply", SLUG, "--directory", str(self.folder), *words)
        assert done.returncode == 0, done.stderr
        return done

    def outcome(self) -> Outcome:
        outcome = load_outcome(self.installation, SLUG, CLOUD)
        assert outcome is not None
        return outcome

    def withdraw(self) -> None:
        done = self.run("withdraw", SLUG, "--yes", "--erase-data")
        assert done.returncode == 0 or "never applied" in done.stderr, done.stderr


@pytest.fixture(scope="module")
def trial(lab: LabStatus, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:  # noqa: ARG001 - it must run first
    made = Trial(tmp_path_factory.mktemp("whole"))
    made.withdraw()
    made.declare(DECLARATION)
    made.apply()
    yield made
    made.withdraw()


@pytest.fixture(scope="module")
def project(trial: Trial) -> dict[str, Any]:
    return dict(trial.outcome().projects[0])


def test_several_servers_are_numbered_and_in_one_group_that_keeps_them_apart(cloud: Any, project: dict[str, Any]) -> None:
    servers = {server["name"]: server["id"] for server in project["servers"]}
    assert sorted(servers) == ["web-1", "web-2"]
    (group,) = [each for each in cloud.compute.server_groups(all_projects=True) if each.project_id == project["id"]]
    assert group.policy == "soft-anti-affinity"
    assert sorted(group.member_ids) == sorted(servers.values())


def test_looking_at_every_resource_again_finds_no_difference(trial: Trial) -> None:
    planned = trial.run("plan", SLUG, "--directory", str(trial.folder), "--refresh")
    assert (planned.returncode, planned.stdout.strip()) == (0, "nothing to change"), planned.stdout + planned.stderr
