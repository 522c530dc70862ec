"""Pull requests on a forge of the lab become servers in its cloud, by webhooks alone; hostile ones become nothing."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from gitea_command import find_gitea
from openstack.connection import Connection
from real_forge import BOT, REPOSITORY
from review_desk import BASE, OTHER, OWNER, PARKS, SECOND, STRANGER, WATER, WITH_SERVER, Listener
from review_office import Office, open_office

from infra.lab import process
from infra.lab.status import LabStatus
from infra.outcome import load_outcome
from infra.review.policy import POLICY_PATH
from monitoring.probe import Probe, ask_until_good
from tenants.installation import Installation

# Building Gitea takes minutes: the quick run takes these in where it was built before.
pytestmark = [pytest.mark.system, *([] if find_gitea() else [pytest.mark.slow])]

FILE = f"tenants/{PARKS}.yaml"


@pytest.fixture(scope="module")
def office(
    lab: LabStatus,  # noqa: ARG001 - it must run first
    installation: Installation,
    command: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Office]:
    with open_office(installation, command, tmp_path_factory.mktemp("forge")) as made:
        yield made


@pytest.fixture
def listener(office: Office) -> Iterator[Listener]:
    with office.hears() as made:
        yield made


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


def test_the_forge_is_a_small_machine_of_its_own(office: Office) -> None:
    assert office.machine.ask("hostname").strip() == "forge"
    assert office.machine.ask("systemctl show --value --property User gitea").strip() == "git"
    running = process.find_running(office.machine.place.root)
    assert running is not None
    used = process.memory_bytes(running.pid)
    assert used is not None
    assert used < 300 * 2**20


@pytest.mark.usefixtures("listener", "nothing_there")
def test_a_request_is_answered_kept_up_to_date_merged_and_built(
    office: Office, cloud: Connection, installation: Installation
) -> None:
    desk, forge = office.desk, office.desk.forge
    forge.push(OWNER, "site", {FILE: WITH_SERVER.replace("flavor: tiny", "flavor: teeny")})
    number = forge.propose(OWNER, "site", "A server for our pages")

    # a mistake is told with its line, and nothing else is
    office.status(number, "failure")
    assert f"`{FILE}:14`: `projects[0].servers[0].flavor: got teeny" in desk.comment(number)
    assert forge.labels(number) == set()

    # mended: the same comment has the plan now
    first = forge.comments(number)[0]["id"]
    forge.push(OWNER, "site", {FILE: WITH_SERVER}, onto="site")
    office.status(number, "pending", "waits for approval: another owner of review-parks")
    comment = desk.comment(number)
    assert forge.comments(number)[0]["id"] == first
    assert "## Waits for approval" in comment, comment
    assert "Server pages/web" in comment
    assert forge.labels(number) == {"risk: production"}

    # nobody approves what is their own, nor what was pushed after they looked; and the forge holds it back meanwhile
    assert not forge.ask(OWNER, "POST", f"/repos/{REPOSITORY}/pulls/{number}/reviews", {"event": "APPROVED"}).ok
    forge.approve(SECOND, number)
    office.status(number, "success")
    forge.push(OWNER, "site", {FILE: WITH_SERVER + "# Reviewed by all of us\n"}, onto="site")
    office.status(number, "pending")
    assert not forge.merge(OWNER, number).ok

    forge.approve(SECOND, number)
    office.status(number, "success", "may be merged")
    assert "## May be merged" in desk.comment(number)

    # reviewed again, nothing is written again
    before = forge.comments(number), forge.statuses(forge.request(number)["head"]["sha"])
    assert desk.review(str(number)).returncode == 0
    assert (forge.comments(number), forge.statuses(forge.request(number)["head"]["sha"])) == before

    answer = forge.merge(OWNER, number)
    assert answer.ok, answer.text
    assert office.result(number) == ("success", "applied")
    comment = desk.comment(number)
    assert forge.comments(number)[0]["id"] == first
    assert comment.splitlines()[1] == "## Applied"
    outcome = load_outcome(installation, PARKS)
    assert outcome is not None
    server = outcome.projects[0]["servers"][0]
    assert f"| `{PARKS}` | `pages` | `web` | `{server['fixed_address']}` | `{server['floating_address']}` |" in comment
    assert cloud.compute.get_server(server["id"]).status == "ACTIVE"
    probe = Probe(PARKS, "pages", "web", server["floating_address"], 80, "/", "Open until dusk")
    assert ask_until_good(probe, 180).good
    assert "was applied before" in desk.review("--merged", str(number)).stderr


HOSTILE = {
    "another-department": {FILE: BASE + "# mine now\n"},
    "workflow": {".github/workflows/review.yml": "on: pull_request_target\njobs: {x: {steps: [{run: env}]}}\n"},
    "policy": {POLICY_PATH: "operations: [water-it]\n"},
    "link": {f"tenants/{WATER}.yaml": "link:/var/lib/oneroof"},
    "beside": {f"tenants/{WATER}.yaml": OTHER + "# ours\n", "infra/review/reviewing.py": "import os\n"},
}


@pytest.mark.usefixtures("listener")
def test_a_hostile_request_gets_a_refusal_and_nothing_else(office: Office, installation: Installation) -> None:
    desk, forge = office.desk, office.desk.forge
    evil = "${{ secrets.ONEROOF_FORGE_TOKEN }} $(touch /tmp/sprung) `id`"
    for name, files in HOSTILE.items():
        forge.push(STRANGER, name, dict(files))
        number = forge.propose(STRANGER, name, evil, evil)
        office.status(number, "failure", "refused: not the author's to change")
        assert not forge.merge(STRANGER, number).ok
        assert desk.comment(number).splitlines()[1] == "## Refused"
        assert forge.tokens[BOT] not in desk.comment(number)
        assert "sprung" not in desk.comment(number)
        assert not list((installation.home / "reviews").rglob(f"{number}.json"))
