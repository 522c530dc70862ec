"""Whatever was declared before, an apply leaves exactly what is declared now; so does one after a run that was killed."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from random_department import Declaration, departments, keep_data, render

from infra.lab.status import LabStatus
from infra.outcome import load_outcome
from infra.provider.account import build_address
from tenants.declaration.load import load_departments
from tenants.installation import Installation, repository

pytestmark = pytest.mark.system

SLUG = "system-random"
DECLARED = departments(SLUG, "10.23.16")
KILLED_AFTER = st.none() | st.integers(0, 14)
"""Lines of progress that an apply may say before it is killed."""
# Shrinking would apply hundreds of departments: what failed is printed as it was drawn.
UNHURRIED = settings(
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


class Department:
    """The tests' own department, and the commands as an operator runs them."""

    def __init__(self, folder: Path, cloud: Any) -> None:
        self.folder, self.cloud = folder, cloud
        self.declared: Declaration = {"projects": []}
        shutil.copy(repository() / "tenants" / "catalogue.yaml", folder)

    def declare(self, declaration: Declaration) -> Declaration:
        """Declare it with the data that is there already; give what was written."""
        self.declared = declaration = keep_data(self.declared, declaration)
        (self.folder / f"{SLUG}.yaml").write_text(render(declaration))
        load_departments(self.folder)
        return declaration

    def argv(self, *words: str) -> list[str]:
        return [sys.executable, "-c", "import oneroof; oneroof.main()", *words]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.argv(*words), capture_output=True, text=True, check=False)

    def apply(self, *words: str) -> str:
        done = self.run("apply", SLUG, "--directory", str(self.folder), *words)
        assert done.returncode == 0, f"{done.stderr}\n{(self.folder / f'{SLUG}.yaml').read_text()}"
        return done.stderr

    def apply_until_killed(self, lines: int) -> None:
        """Start an apply; after so many lines of progress, kill every process of it at once."""
        argv = self.argv("apply", SLUG, "--directory", str(self.folder))
        with subprocess.Popen(argv, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as running:
            assert running.stderr is not None
            for said, _ in enumerate(running.stderr):
                if said >= lines:
                    break
            for process in (*descendants(running.pid), running.pid):
                with contextlib.suppress(ProcessLookupError):  # it came to its end first
                    os.kill(process, signal.SIGKILL)

    def withdraw(self) -> None:
        done = self.run("withdraw", SLUG, "--yes", "--erase-data")
        assert done.returncode == 0 or "never applied" in done.stderr, done.stderr

    def containers(self) -> dict[str, list[str]]:
        """Give project to the containers that its account really has: no bulk reading tells of them."""
        outcome = load_outcome(Installation.current(), SLUG)
        assert outcome is not None
        store, own = self.cloud.object_store, self.cloud.current_project_id
        addresses = {
            project["name"]: build_address(store.get_endpoint(), own, project["id"]) for project in outcome.projects
        }
        answers = {name: store.get(address, params={"format": "json"}) for name, address in addresses.items()}
        return {
            name: sorted(each["name"] for each in answer.json()) if answer.status_code == 200 else []
            for name, answer in answers.items()
        }


def descendants(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = [tuple(map(int, line.split())) for line in listed.splitlines()]
    found, queue = [], [pid]
    while queue:
        children = [child for child, parent in parents if parent == queue[0]]
        found += children
        queue = queue[1:] + children
    return found


@pytest.fixture(scope="module")
def department(lab: LabStatus, cloud: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Department]:  # noqa: ARG001
    made = Department(tmp_path_factory.mktemp("declared"), cloud)
    made.withdraw()
    yield made
    made.withdraw()


def is_exactly(department: Department, declaration: Declaration) -> None:
    """Hold that the cloud has what is declared and nothing beside it, by bulk reading and one by one."""
    text = render(declaration)
    drift = department.run("drift", SLUG, "--directory", str(department.folder))
    assert (drift.returncode, drift.stdout.strip()) == (0, "everything is as declared"), (
        f"{drift.stdout}{drift.stderr}\n{text}"
    )
    assert f"{SLUG}: skipped" in department.apply()
    plan = department.run("plan", SLUG, "--refresh", "--directory", str(department.folder))
    assert (plan.returncode, plan.stdout.strip()) == (0, "nothing to change"), f"{plan.stdout}{plan.stderr}\n{text}"
    declared = {project["name"]: sorted(c["name"] for c in project["containers"]) for project in declaration["projects"]}
    assert department.containers() == declared


def converges(department: Department, first: Declaration, second: Declaration, killed_after: int | None) -> None:
    """Apply one declaration, be killed on the way or not, then apply another: exactly that is there."""
    department.declare(first)
    if killed_after is None:
        department.apply()
    else:
        department.apply_until_killed(killed_after)
    written = department.declare(second)
    department.apply()
    is_exactly(department, written)


@settings(UNHURRIED, max_examples=2)
@given(first=DECLARED, second=DECLARED, killed_after=KILLED_AFTER)
def test_an_apply_leaves_exactly_what_is_declared(
    department: Department, first: Declaration, second: Declaration, killed_after: int | None
) -> None:
    converges(department, first, second, killed_after)


@pytest.mark.slow
@settings(UNHURRIED, max_examples=12)
@given(first=DECLARED, second=DECLARED, killed_after=KILLED_AFTER)
def test_however_often_an_apply_leaves_exactly_what_is_declared(
    department: Department, first: Declaration, second: Declaration, killed_after: int | None
) -> None:
    converges(department, first, second, killed_after)
