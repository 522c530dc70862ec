"""A pull request on a real forge becomes a server in the real cloud, and a hostile one gets a refusal and nothing else."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from gitea_command import ensure_gitea, find_gitea
from openstack.connection import Connection
from real_forge import REPOSITORY, run_forge
from review_desk import OWNER, PARKS, SECOND, WITH_SERVER, Tried, open_desk

from infra.lab.status import LabStatus
from infra.outcome import load_outcome
from monitoring.probe import Probe, ask_until_good
from tenants.installation import Installation

# Building Gitea takes minutes: the quick run takes these in where it was built before.
pytestmark = [pytest.mark.system, *([] if find_gitea() else [pytest.mark.slow])]


@pytest.fixture(scope="module")
def desk(lab: LabStatus, installation: Installation, command: Path) -> Iterator[Tried]:  # noqa: ARG001 - it must run first
    with run_forge(ensure_gitea()) as forge, open_desk(forge, command, installation.home) as tried:
        yield tried


@pytest.fixture
def nothing_there(lab: LabStatus, command: Path) -> Iterator[None]:  # noqa: ARG001 - it must run first
    """The department has nothing in the cloud, before and after."""

    def withdraw() -> None:
        argv = [command, "withdraw", PARKS, "--yes", "--erase-data"]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert done.returncode == 0 or "never applied" in done.stderr, done.stderr

    withdraw()
    yield
    withdraw()


@pytest.mark.usefixtures("nothing_there")
def test_a_request_is_answered_kept_up_to_date_merged_and_built(
    desk: Tried, cloud: Connection, installation: Installation
) -> None:
    forge, file = desk.forge, f"tenants/{PARKS}.yaml"
    forge.push(OWNER, "site", {file: WITH_SERVER.replace("flavor: tiny", "flavor: teeny")})
    number = forge.propose(OWNER, "site", "A server for our pages")

    # a mistake is told with its line, and nothing else is
    said = desk.review(str(number))
    assert said.returncode == 0, said.stderr
    assert f"`{file}:11`: `projects[0].servers[0].flavor: got teeny" in desk.comment(number)
    assert desk.verdict(number)[0] == "failure"
    assert forge.labels(number) == set()

    # mended: the same comment has the plan now
    first = forge.comments(number)[0]["id"]
    forge.push(OWNER, "site", {file: WITH_SERVER}, onto="site")
    assert desk.verdicts(number) == {}
    said = desk.review()
    assert said.returncode == 0, said.stderr
    comment = desk.comment(number)
    assert forge.comments(number)[0]["id"] == first
    assert "## Waits for approval" in comment, comment
    assert "Server pages/web" in comment
    assert forge.labels(number) == {"risk: production"}
    assert desk.verdict(number) == ("pending", "waits for approval: another owner of review-parks")

    # nobody approves what is their own, nor what was pushed after they looked; and the forge holds it back meanwhile
    assert not forge.ask(OWNER, "POST", f"/repos/{REPOSITORY}/pulls/{number}/reviews", {"event": "APPROVED"}).ok
    forge.approve(SECOND, number)
    forge.push(OWNER, "site", {file: WITH_SERVER + "# Reviewed by all of us\n"}, onto="site")
    assert desk.review(str(number)).returncode == 0
    assert desk.verdict(number)[0] == "pending"
    assert not forge.merge(OWNER, number).ok

    forge.approve(SECOND, number)
    assert desk.review(str(number)).returncode == 0
    assert "## May be merged" in desk.comment(number)
    assert desk.verdict(number) == ("success", "may be merged")

    # reviewed again, nothing is written again
    before = forge.comments(number), forge.statuses(forge.request(number)["head"]["sha"])
    assert desk.review(str(number)).returncode == 0
    assert (forge.comments(number), forge.statuses(forge.request(number)["head"]["sha"])) == before

    answer = forge.merge(OWNER, number)
    assert answer.ok, answer.text
    said = desk.review("--merged", str(number))
    assert said.returncode == 0, said.stderr
    comment = desk.comment(number)
    assert forge.comments(number)[0]["id"] == first
    assert comment.splitlines()[1] == "## Applied"
    outcome = load_outcome(installation, PARKS)
    assert outcome is not None
    server = outcome.projects[0]["servers"][0]
    assert f"| `{PARKS}` | `pages` | `web` | `{server['fixed_address']}` | `{server['floating_address']}` |" in comment
    assert forge.statuses(forge.request(number)["merge_commit_sha"])["oneroof/apply"] == ("success", "applied")
    assert cloud.compute.get_server(server["id"]).status == "ACTIVE"
    probe = Probe(PARKS, "pages", "web", server["floating_address"], 80, "/", "Open until dusk")
    assert ask_until_good(probe, 180).good
    assert "was applied before" in desk.review("--merged", str(number)).stderr
