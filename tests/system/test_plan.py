"""What a plan promises, on the real cloud: it writes nothing, tells what is used, refuses in time, and is done exactly."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.lab.status import LabStatus
from infra.outcome import load_outcome
from infra.provider.account import build_address
from tenants.installation import Installation, repository

pytestmark = pytest.mark.system

SLUG = "system-plan"
METHODS = "GET|HEAD|POST|PUT|PATCH|DELETE"
DECLARATION = f"""
name: {SLUG}
local_name: Trial of plans
owners: [it@trial.gov.example]
cost_centre: T-1
projects:
  - name: prod
    quota: {{cores: 4, instances: 2, containers_gib: 2}}
    networks:
      - {{name: front, cidr: 10.23.40.0/24, internet: false}}
    volumes:
      - {{name: data, size_gib: 1}}
    containers:
      - {{name: papers}}
    servers:
      - {{name: keeper, flavor: tiny, image: tiny}}
"""
# Marks every request that any process of the plan makes, so that the services' own logs tell whose it was; keeps a list too.
MARK = """
import os
try:
    import requests
except ImportError:
    pass
else:
    send = requests.Session.send
    def marked(self, request, **kwargs):
        request.headers["User-Agent"] = os.environ["MARK"] + " " + request.headers.get("User-Agent", "")
        with open(os.environ["REQUESTS_SEEN"], "a") as file:
            file.write(f"{request.method} {request.url}\\n")
        return send(self, request, **kwargs)
    requests.Session.send = marked
"""


@dataclass(frozen=True)
class Run:
    """What a command ended with."""

    code: int
    out: str
    err: str

    @property
    def plan(self) -> Any:
        return json.loads(self.out)

    @property
    def department(self) -> Any:
        (found,) = self.plan["departments"]
        return found


class Trial:
    """A department of the tests' own in a folder under git."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copy(repository() / "tenants" / "catalogue.yaml", folder)
        self.git("init", "--quiet")
        self.declare(DECLARATION)

    def git(self, *words: str) -> None:
        identity = ("-c", "user.name=Trial", "-c", "user.email=it@trial.gov.example", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *identity, *words], cwd=self.folder, check=True, capture_output=True)

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "trial")

    def declare(self, text: str, slug: str = SLUG) -> None:
        (self.folder / f"{slug}.yaml").write_text(text)

    def run(self, *words: str, **environment: str) -> Run:
        argv = [sys.executable, "-c", "import oneroof; oneroof.main()", *words]
        done = subprocess.run(argv, capture_output=True, text=True, env={**os.environ, **environment}, check=False)
        return Run(done.returncode, done.stdout, done.stderr)

    def plan(self, *words: str, **environment: str) -> Run:
        return self.run("plan", "--directory", str(self.folder), "--format", "json", *words, **environment)

    def apply(self, *words: str) -> Run:
        return self.run("apply", "--directory", str(self.folder), *words)

    def withdraw(self) -> None:
        done = self.run("withdraw", SLUG, "--yes", "--erase-data")
        assert done.code == 0 or "never applied" in done.err, done.err


@pytest.fixture(scope="module")
def trial(lab: LabStatus, cloud: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:  # noqa: ARG001 - first
    made = Trial(tmp_path_factory.mktemp("planned"))
    made.withdraw()
    done = made.apply(SLUG)
    assert done.code == 0, done.err
    made.commit()
    yield made
    made.withdraw()


@pytest.fixture
def project(trial: Trial, installation: Installation) -> str:
    """Give the id of the department's project, with the declaration as it was applied."""
    trial.declare(DECLARATION)
    outcome = load_outcome(installation, SLUG)
    assert outcome is not None
    return str(outcome.projects[0]["id"])


@pytest.fixture
def planner(cloud: Any, project: str) -> Iterator[tuple[str, str, str]]:
    """Give an operator whom nobody else is: name, password and id, by which the services' logs tell the plan's requests."""
    name, password = f"system-plan-{secrets.token_hex(4)}", secrets.token_urlsafe(24)
    user = cloud.identity.create_user(name=name, password=password, domain_id="default")
    role = next(cloud.identity.roles(name="admin"))
    for where in (cloud.current_project_id, project):  # what is in containers, a project's own token alone may ask
        cloud.identity.assign_project_role_to_user(where, user, role)
    yield name, password, user.id
    cloud.identity.delete_user(user)


@pytest.fixture
def home(installation: Installation, planner: tuple[str, str, str], tmp_path: Path) -> Path:
    """Give a copy of what an installation knows, whose operator is the planner."""
    copy = tmp_path / installation.name  # the key of the secrets is found by this name
    copy.mkdir(mode=0o700)
    for path in (installation.secrets, installation.ca_certificate):
        shutil.copy2(path, copy)
    for name in ("pulumi", "departments", "stamps", "inventory"):
        shutil.copytree(installation.home / name, copy / name)
    clouds = yaml.safe_load(installation.clouds.read_text())
    clouds["clouds"]["oneroof"]["auth"] |= {"username": planner[0], "password": planner[1]}
    (copy / "clouds.yaml").write_text(yaml.safe_dump(clouds))
    return copy


def contents(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def writes(requests: list[str]) -> list[str]:
    """Give the requests that change something: all but reads and tokens."""
    return [r for r in requests if not r.startswith(("GET ", "HEAD ")) and not re.match(r"POST \S*/v3/auth/tokens$", r)]


def test_a_plan_of_a_changed_department_writes_nothing_anywhere(
    trial: Trial,
    project: str,
    home: Path,
    planner: tuple[str, str, str],
    cloud: Any,
    oneroof: Callable[..., str],
    tmp_path: Path,
) -> None:
    account = build_address(cloud.object_store.get_endpoint(), cloud.current_project_id, project)
    stored = cloud.connect_as(project_id=project).object_store.put(f"{account}/papers/minutes", data=b"x" * 2_000_000)
    assert stored.status_code == 201
    changed = DECLARATION.replace("cores: 4", "cores: 6, ram_mib: 9216").replace("containers_gib: 2", "containers_gib: 1")
    changed = changed.replace("keeper, flavor: tiny", "keeper, flavor: small")
    trial.declare(changed.replace("    containers:\n      - {name: papers}\n", "").replace("size_gib: 1", "size_gib: 2"))
    (tmp_path / "sitecustomize.py").write_text(MARK)
    seen, mark, before, started = tmp_path / "seen", f"trial-{secrets.token_hex(6)}", contents(home), int(time.time())
    planned = trial.plan(SLUG, ONEROOF_HOME=str(home), PYTHONPATH=str(tmp_path), MARK=mark, REQUESTS_SEEN=str(seen))
    assert planned.code == 3, planned.err

    told = {(s["resource"], s["property"]): (s["operation"], s["declared"], s["actual"], s["in_use"]) for s in
            planned.department["steps"]}  # fmt: skip
    assert told["compute quota prod", "limits.cores"] == ("update", 6, 4, 1)
    assert told["object store quota prod", "limits.bytes"] == ("update", 1024**3, 2 * 1024**3, 2_000_000)
    assert told["Volume prod/data", "size"] == ("update", 2, 1, None)
    assert told["Server prod/keeper", "flavor"] == ("replace", "small", "tiny", None)
    assert told["Container prod/papers", ""] == ("delete", None, "present", None)
    assert planned.department["replaced"] == ["Server prod/keeper (flavor)"]
    assert planned.department["data_lost"] == [
        "container prod/papers (1 objects, 1.9 MiB)",
        "root disk of server prod/keeper",
    ]
    assert (planned.department["cost"]["vcpus"], planned.department["cost"]["memory_mib"]) == (2, 1024)
    assert planned.department["cost"]["money_per_month"] > 0

    assert contents(home) == before
    assert writes(seen.read_text().splitlines()) == []
    journal = oneroof("lab", "ssh", "site-a", "--", f"journalctl --since @{started} --output cat --no-pager")
    # Nova, Cinder and Placement write down who asked them what, the object store by which program
    arrived = re.findall(rf"{planner[2]} .*?((?:{METHODS}) \S+)", journal)
    arrived += re.findall(rf'"((?:{METHODS}) \S+) HTTP[^\n]*{mark}', journal)
    for place in ("/servers/detail", "/os-quota-sets/", "/scheduler-stats/", "/resource_providers", "/papers"):
        assert any(place in request for request in arrived), f"no request for {place} arrived"
    assert writes(arrived) == []


@pytest.mark.usefixtures("project")
def test_the_door_of_the_cloud_saw_no_write(
    trial: Trial,
    home: Path,
    oneroof: Callable[..., str],
    tmp_path: Path,
) -> None:
    show = 'echo "show events requests" | socat -t9 - /run/haproxy/admin.sock'
    if "No such event sink" in oneroof("lab", "ssh", "site-a", "--", show):
        pytest.skip("this cloud's door keeps no list of requests: it was deployed by older code")
    trial.declare(DECLARATION.replace("cores: 4", "cores: 6").replace("10.23.40.0", "10.23.41.0"))
    (tmp_path / "sitecustomize.py").write_text(MARK)
    seen, mark = tmp_path / "seen", f"trial-{secrets.token_hex(6)}"
    planned = trial.plan(SLUG, ONEROOF_HOME=str(home), PYTHONPATH=str(tmp_path), MARK=mark, REQUESTS_SEEN=str(seen))
    assert planned.code == 3, planned.err
    arrived = re.findall(rf'{{{mark}[^\n]*"((?:{METHODS}) \S+)', oneroof("lab", "ssh", "site-a", "--", show))
    assert len(arrived) == len(seen.read_text().splitlines())
    assert any(request.startswith("POST") for request in arrived), "not even a token"
    assert writes(arrived) == []


def test_less_than_is_used_is_refused_and_nothing_is_changed(trial: Trial, project: str, cloud: Any) -> None:
    without = DECLARATION.replace("    servers:\n      - {name: keeper, flavor: tiny, image: tiny}\n", "")
    trial.declare(without.replace("cores: 4, instances: 2", "cores: 0, instances: 0"))
    planned = trial.plan(SLUG)
    assert (planned.code, planned.department["state"], planned.department["steps"]) == (4, "refused", [])
    instances, cores = sorted(planned.department["refusals"], key=lambda sentence: "cores" in sentence)
    assert "compute quota: instances: got 0, expected at least 1, which is used now" in instances
    assert "compute quota: cores: got 0, expected at least 1, which is used now" in cores
    applied = trial.apply(SLUG)
    assert applied.code == 1
    assert f"left: {SLUG}: refused: project prod: compute quota:" in applied.out
    assert cloud.compute.get_quota_set(project).cores == 4


@pytest.mark.usefixtures("project")
def test_more_than_the_cloud_has_left_is_refused(trial: Trial) -> None:
    trial.declare(DECLARATION.replace("cores: 4", "cores: 100000, volume_gib: 1000000, floating_ips: 100000"))
    planned = trial.plan(SLUG)
    assert planned.code == 4
    assert [sentence.split(":")[0] for sentence in planned.department["refusals"]] == [
        "cores",
        "volume space",
        "floating addresses",
    ]


def test_exactly_the_approved_plan_is_done(trial: Trial, project: str, cloud: Any, tmp_path: Path) -> None:
    approved = tmp_path / "plan.json"
    trial.declare(DECLARATION.replace("cores: 4", "cores: 5"))
    assert trial.plan(SLUG, "--output", str(approved)).code == 3
    cloud.compute.update_quota_set(project, cores=3)  # somebody was at it meanwhile
    stopped = trial.apply("--plan", str(approved))
    assert stopped.code == 2
    assert "compute quota prod limits.cores: approved: update 4 → 5; now: update 3 → 5" in stopped.err
    assert cloud.compute.get_quota_set(project).cores == 3
    cloud.compute.update_quota_set(project, cores=4)
    done = trial.apply("--plan", str(approved))
    assert done.code == 0, done.err
    assert "cloud" not in done.out.split(), "what all share is not in the plan"
    assert cloud.compute.get_quota_set(project).cores == 5
    again = trial.apply("--plan", str(approved))
    assert again.code == 0, "what is done already has not moved"


@pytest.mark.usefixtures("project")
def test_since_a_revision_only_what_differs_is_planned(trial: Trial) -> None:
    done = trial.apply(SLUG)
    assert done.code == 0, done.err
    nothing = trial.plan("--base", "HEAD")
    assert (nothing.code, nothing.plan["departments"]) == (0, [])
    other = DECLARATION.replace(SLUG, "system-plan-two").replace("10.23.40.0", "10.23.41.0")
    trial.declare(other, "system-plan-two")
    (trial.folder / f"{SLUG}.yaml").unlink()
    try:
        planned = trial.plan("--base", "HEAD")
    finally:
        (trial.folder / "system-plan-two.yaml").unlink()
        trial.declare(DECLARATION)
    assert planned.code == 3
    states = {each["department"]: each["state"] for each in planned.plan["departments"]}
    assert states == {"system-plan-two": "changes", SLUG: "gone"}
    (gone,) = [each for each in planned.plan["departments"] if each["state"] == "gone"]
    assert "volume prod/data (1 GiB)" in gone["data_lost"]


@pytest.mark.usefixtures("project")
def test_a_plan_without_changes_is_30_calls_and_a_few_seconds(trial: Trial) -> None:
    started = time.monotonic()
    planned = trial.plan(SLUG)
    took = time.monotonic() - started
    assert planned.code == 0, planned.out
    (calls, seconds) = re.findall(r"read by (\d+) calls in ([\d.]+) s", planned.err)[0]
    assert int(calls) <= 30
    print(f"plan without changes: {calls} calls in {seconds} s, the command {took:.1f} s")
