"""Objects end by themselves as their container's lifecycle says, by the object store's own work; the others stay."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from trial_department import TrialDepartment

pytestmark = pytest.mark.system

SLUG = "system-ending"
DECLARATION = f"""
name: {SLUG}
local_name: Trial of a lifecycle
owners: [it@trial.gov.example]
cost_centre: T-1
projects:
  - name: prod
    containers:
      - {{name: logs, lifecycle: {{delete_after_days: 1}}}}
      - {{name: papers, lifecycle: {{delete_after_days: 1}}}}
"""
# papers end no more
CHANGED = DECLARATION.replace("name: papers, lifecycle: {delete_after_days: 1}", "name: papers")


@pytest.fixture(scope="module")
def trial(cloud: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrialDepartment]:  # noqa: ARG001 - it must run first
    made = TrialDepartment(SLUG, tmp_path_factory.mktemp("ending"))
    made.withdraw()
    made.declare(DECLARATION)
    made.apply()
    yield made
    made.withdraw()


@pytest.fixture(scope="module")
def ask(cloud: Any, trial: TrialDepartment) -> Callable[..., Any]:
    """Give what asks the project's own account of objects, from inside the project."""
    session = cloud.connect_as(project_id=trial.outcome().projects[0]["id"]).session
    address = session.auth.get_access(session).service_catalog.url_for("object-store", interface="public")
    return lambda method, path, data=None: session.request(f"{address}/{path}", method, data=data, raise_exc=False)


def test_what_is_old_goes_and_what_has_no_end_stays(
    trial: TrialDepartment, ask: Callable[..., Any], oneroof: Callable[..., str]
) -> None:
    trial.declare(CHANGED)
    trial.apply()
    for path, text in (("logs/a", b"1"), ("papers/a", b"1")):
        assert ask("PUT", path, text).status_code == 201
    time.sleep(3)
    project = trial.outcome().projects[0]["id"]
    for name in ("logs", "papers"):
        oneroof("lab", "ssh", "site-a", "--", as_if_days_were_seconds(f"{project}/{name}"))
    assert [ask("GET", name).text.split() for name in ("logs", "papers")] == [[], ["a"]]


def as_if_days_were_seconds(bucket: str) -> str:
    """Have the gateway's own program do a day's work on one bucket, and on no other."""
    return f"radosgw-admin --rgw-lc-debug-interval=1 lc process --bucket '{bucket}'"


def test_a_lifecycle_is_no_difference_later(trial: TrialDepartment) -> None:
    planned = trial.plan("--refresh")
    assert (planned.returncode, planned.stdout.strip()) == (0, "nothing to change"), planned.stdout + planned.stderr


def test_no_access_key_is_left(cloud: Any, trial: TrialDepartment) -> None:
    project = trial.outcome().projects[0]["id"]
    assert [each.id for each in cloud.identity.credentials() if each.project_id == project] == []
