"""Whatever was declared before, an apply leaves exactly what is declared now; so does one after a run that was killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from random_department import Declaration, departments, keep_data, render
from trial_department import TrialDepartment, descendants

from infra.lab.status import LabStatus
from infra.provider.account import build_address
from tenants.declaration.load import load_departments

pytestmark = pytest.mark.system

SLUG = "system-random"
DECLARED = departments(SLUG, "10.23.16")
KILLED_AFTER = st.none() | st.integers(0, 14)
"""Lines of progress that an apply may say before it is killed."""
# Shrinking would apply hundreds of departments: what failed is printed as it was drawn.
UNHURRIED = settings(
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


class Department(TrialDepartment):
    """The tests' own department, and what its accounts of objects hold."""

    def __init__(self, folder: Path, cloud: Any) -> None:
        super().__init__(SLUG, folder)
        self.cloud = cloud
        self.declared: Declaration = {"projects": []}

    def keep_and_declare(self, declaration: Declaration) -> Declaration:
        """Declare it with the data that is there already; give what was written."""
        self.declared = declaration = keep_data(self.declared, declaration)
        self.declare(render(declaration))
        load_departments(self.folder)
        return declaration

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

    def containers(self) -> dict[str, list[str]]:
        """Give project to the containers that its account really has: no bulk reading tells of them."""
        outcome = self.outcome()
        store, own = self.cloud.object_store, self.cloud.current_project_id
        addresses = {
            project["name"]: build_address(store.get_endpoint(), own, project["id"]) for project in outcome.projects
        }
        answers = {name: store.get(address, params={"format": "json"}) for name, address in addresses.items()}
        return {
            name: sorted(each["name"] for each in answer.json()) if answer.status_code == 200 else []
            for name, answer in answers.items()
        }


@pytest.fixture(scope="module")
def department(lab: LabStatus, cloud: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Department]:  # noqa: ARG001
    made = Department(tmp_path_factory.mktemp("declared"), cloud)
    made.withdraw()
    yield made
    made.withdraw()


def is_exactly(department: Department, declaration: Declaration) -> None:
    """Hold that the cloud has what is declared and nothing beside it, by bulk reading and one by one."""
    text = render(declaration)
    drift = department.on_declared("drift")
    assert (drift.returncode, drift.stdout.strip()) == (0, "everything is as declared"), (
        f"{drift.stdout}{drift.stderr}\n{text}"
    )
    assert f"{SLUG}: skipped" in department.apply().stderr
    plan = department.plan("--refresh")
    assert (plan.returncode, plan.stdout.strip()) == (0, "nothing to change"), f"{plan.stdout}{plan.stderr}\n{text}"
    declared = {project["name"]: sorted(c["name"] for c in project["containers"]) for project in declaration["projects"]}
    assert department.containers() == declared


def converges(department: Department, first: Declaration, second: Declaration, killed_after: int | None) -> None:
    """Apply one declaration, be killed on the way or not, then apply another: exactly that is there."""
    department.keep_and_declare(first)
    if killed_after is None:
        department.apply()
    else:
        department.apply_until_killed(killed_after)
    written = department.keep_and_declare(second)
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
