"""A grant between departments, on the real cloud: it gives what it says, to whom it says, and ends when it says."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import openstack
import pytest
import yaml
from openstack.connection import Connection

from infra.lab.status import LabStatus
from tenants.declaration.load import load_departments
from tenants.declaration.sharing import Kind, granted
from tenants.installation import repository

pytestmark = pytest.mark.system

OWNER, ASKER = "sharing-owner", "sharing-asker"
TODAY = datetime.now(UTC).date()
HEAD = """
name: {slug}
local_name: Trial of the system tests
owners: [it@{slug}.gov.example]
cost_centre: T-0
groups: [{{name: ops, roles: {{{roles}}}}}]
users: [{{name: operator, groups: [ops]}}]
projects:
"""
OWNED = """
  - name: prod
    networks: [{name: front, cidr: 10.23.1.0/28, internet: false}]
    containers: [{name: maps}, {name: plans}]
shares:
"""
ASKED = """
  - {name: prod, containers: [{name: own}]}
  - {name: test}
"""


class Pair:
    """Two departments of the tests' own, and the command as an operator runs it."""

    def __init__(self, folder: Path, command: Path) -> None:
        self.folder, self.command = folder, command
        shutil.copy(repository() / "tenants" / "catalogue.yaml", folder)
        (folder / f"{ASKER}.yaml").write_text(HEAD.format(slug=ASKER, roles="prod: member, test: member") + ASKED)
        self.declare()

    def declare(
        self,
        *things: str,
        first_day: date = TODAY - timedelta(days=200),
        last_day: date = TODAY + timedelta(days=100),
        **ended: str,
    ) -> None:
        """Declare the owner with a grant of each thing (``container: prod/maps``) to the asker's project prod.

        Those told by key are of containers, and ended on the day told.
        """
        entries = [(thing, str(last_day)) for thing in things]
        entries += [(f"container: prod/{name}", day) for name, day in ended.items()]
        body = OWNED + "".join(
            f"  - {thing}\n    with: {ASKER}/prod\n    purpose: Trial\n    data_items: [pages]\n"
            f"    from: {first_day}\n    to: {day}\n"
            f"    approved_by: [it@{OWNER}.gov.example, it@{ASKER}.gov.example]\n"
            for thing, day in entries
        )
        text = HEAD.format(slug=OWNER, roles="prod: member") + (body if entries else body.replace("shares:\n", ""))
        (self.folder / f"{OWNER}.yaml").write_text(text)

    def ask(self, container: str) -> None:
        """Declare the asker with a request for a container of the owner."""
        request = (
            f"requests:\n  - container: {container}\n    of: {OWNER}\n    for: prod\n    purpose: Trial\n"
            f"    data_items: [pages]\n    from: {TODAY}\n    to: {TODAY + timedelta(days=30)}\n    asked_on: {TODAY}\n"
        )
        text = HEAD.format(slug=ASKER, roles="prod: member, test: member") + ASKED + request
        (self.folder / f"{ASKER}.yaml").write_text(text)

    def states(self) -> set[tuple[str, str]]:
        """Give how far each grant and request of the asker has come."""
        told = self.run("shares", "--directory", str(self.folder), "--department", ASKER, "--json").stdout
        return {("request" if each["is_request"] else "grant", each["state"]) for each in json.loads(told or "[]")}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([self.command, *words], capture_output=True, text=True, check=False)

    def apply(self) -> str:
        done = self.run("apply", OWNER, ASKER, "--directory", str(self.folder))
        assert done.returncode == 0, done.stderr
        return done.stderr

    def differences(self) -> list[str]:
        """Give what is open of the owner and not granted, or the other way round."""
        lines = self.run("shares", "verify", "--directory", str(self.folder)).stdout.splitlines()
        return [line for line in lines if line.startswith(f"{OWNER}:")]

    def recorded(self) -> list[tuple[str, str, str, str]]:
        entries = json.loads(self.run("shares", "record", "--json").stdout or "[]")
        return [(e["event"], e["place"], e["access"], e["reason"]) for e in entries if e["owner"] == OWNER]

    def connect(self, slug: str, project: str) -> Connection:
        file = self.folder / "clouds" / f"{slug}.yaml"
        file.parent.mkdir(exist_ok=True)
        done = self.run("department", "clouds", slug, "--output", str(file))
        assert done.returncode == 0, done.stderr
        entries = yaml.safe_load(file.read_text())["clouds"]
        (name,) = [name for name, entry in entries.items() if entry["auth"]["project_name"] == f"{slug}-{project}"]
        return Connection(config=openstack.config.OpenStackConfig(config_files=[str(file)]).get_one(cloud=name))

    def withdraw(self) -> None:
        with ThreadPoolExecutor(2) as pool:
            for done in pool.map(lambda slug: self.run("withdraw", slug, "--yes", "--erase-data"), (OWNER, ASKER)):
                assert done.returncode == 0 or "never applied" in done.stderr, done.stderr


@pytest.fixture(scope="module")
def pair(lab: LabStatus, command: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:  # noqa: ARG001 - it must run first
    made = Pair(tmp_path_factory.mktemp("declared"), command)
    made.withdraw()
    yield made
    made.withdraw()


@pytest.fixture(scope="module")
def people(pair: Pair) -> Iterator[tuple[Connection, Connection, Connection]]:
    """Give the owner, the asker in the project that is given something, and the asker in another of its projects."""
    pair.declare("container: prod/maps", "container: prod/plans", "network: prod/front")
    pair.apply()
    found = pair.connect(OWNER, "prod"), pair.connect(ASKER, "prod"), pair.connect(ASKER, "test")
    owner = found[0]
    for container in ("maps", "plans"):
        owner.object_store.upload_object(container, "page", data=b"where the paths are")
    image = owner.image.create_image(name="paths 2027", data=b"x", disk_format="raw", container_format="bare", wait=True)
    yield found
    owner.image.delete_image(image.id)
    for connection in found:
        connection.close()


def tried(owner: Connection, other: Connection) -> dict[str, int]:
    """Give what the owner's object store answers another project."""
    account, session = owner.object_store.get_endpoint(), other.session
    return {
        "read": session.get(f"{account}/maps/page", raise_exc=False).status_code,
        "write": session.put(f"{account}/maps/mine", data=b"x", raise_exc=False).status_code,
        "read plans": session.get(f"{account}/plans/page", raise_exc=False).status_code,
        "list account": session.get(account, raise_exc=False).status_code,
    }


def networks(owner: Connection, other: Connection) -> list[str]:
    """Give the owner's networks that another project sees."""
    own = {network.id for network in owner.network.networks(project_id=owner.current_project_id)}
    return [network.name for network in other.network.networks() if network.id in own]


def images(owner: Connection, other: Connection) -> list[str]:
    return [image.name for image in other.image.images() if image.owner == owner.current_project_id]


NOTHING = {"read": 403, "write": 403, "read plans": 403, "list account": 403}
YESTERDAY, AFTER = str(TODAY - timedelta(days=1)), str(TODAY + timedelta(days=101))
WIDER = ("container: prod/maps\n    access: write", "network: prod/front", "image: prod/paths 2027")


def test_a_grant_gives_what_it_says_and_nothing_more(pair: Pair, people: tuple[Any, ...]) -> None:
    owner, asker, elsewhere = people
    assert tried(owner, asker) == {**NOTHING, "read": 200, "read plans": 200}
    assert tried(owner, elsewhere) == NOTHING
    assert (networks(owner, asker), networks(owner, elsewhere)) == (["front"], [])
    assert f"{OWNER}: skipped" in pair.apply()
    assert pair.run("plan", OWNER, "--directory", str(pair.folder)).returncode == 0
    given = {
        ("granted", "prod/front", "use", ""),
        ("granted", "prod/maps", "read", ""),
        ("granted", "prod/plans", "read", ""),
    }
    assert set(pair.recorded()[-3:]) == given


def test_an_apply_withdraws_what_ended_and_gives_what_was_added(pair: Pair, people: tuple[Any, ...]) -> None:
    owner, asker, elsewhere = people
    pair.declare(*WIDER, plans=YESTERDAY)
    planned = pair.run("plan", OWNER, "--directory", str(pair.folder))
    assert (planned.returncode, "Container prod/plans" in planned.stdout) == (3, True)
    pair.apply()
    assert tried(owner, asker) == {**NOTHING, "read": 200, "write": 201}
    assert (images(owner, asker), images(owner, elsewhere)) == (["paths 2027"], [])
    assert tried(owner, elsewhere) == NOTHING
    assert set(pair.recorded()[-3:]) == {
        ("withdrawn", "prod/plans", "read", f"ended on {YESTERDAY}"),
        ("changed", "prod/maps", "write", ""),
        ("granted", "prod/paths 2027", "use", ""),
    }


def test_what_people_opened_by_hand_is_found(pair: Pair, people: tuple[Any, ...]) -> None:
    owner, _, elsewhere = people
    account, project = owner.object_store.get_endpoint(), elsewhere.current_project_id
    assert pair.differences() == []
    plans = owner.session.post(f"{account}/plans", headers={"X-Container-Read": f"{project}:*"}, raise_exc=False)
    assert plans.status_code == 204
    (front,) = owner.network.networks(name="front")
    policy = owner.network.create_rbac_policy(
        object_type="network", object_id=front.id, action="access_as_shared", target_project_id=project
    )
    open_ = f"for {ASKER}/test"
    assert pair.differences() == [
        f"{OWNER}: container prod/plans {open_}, read: open without a grant in force",
        f"{OWNER}: network prod/front {open_}, use: open without a grant in force",
    ]
    owner.network.delete_rbac_policy(policy.id)
    owner.session.post(f"{account}/plans", headers={"X-Container-Read": ""})


def test_on_the_day_after_its_last_it_is_taken_back_without_an_apply(pair: Pair, people: tuple[Any, ...]) -> None:
    owner, asker, _ = people
    (front,) = (network for network in asker.network.networks() if network.name == "front")
    port = asker.network.create_port(network_id=front.id)
    enforce = ("shares", "enforce", "--directory", str(pair.folder))
    assert pair.run(*enforce).stdout == ""
    assert len(pair.run(*enforce, "--on", AFTER, "--dry-run").stdout.splitlines()) == 3
    assert tried(owner, asker)["read"] == 200
    done = pair.run(*enforce, "--on", AFTER)
    assert done.returncode == 0, done.stdout + done.stderr
    assert tried(owner, asker) == NOTHING
    assert (networks(owner, asker), images(owner, asker)) == ([], [])
    assert [p.id for p in owner.network.ports(network_id=front.id) if p.id == port.id] == []
    assert pair.run(*enforce, "--on", AFTER).stdout == ""
    assert [event for event, *_ in pair.recorded()[-3:]] == ["withdrawn"] * 3


def test_the_next_apply_finds_it_taken_back_and_says_it_once(pair: Pair, people: tuple[Any, ...]) -> None:
    owner, asker, _ = people
    before = pair.recorded()
    pair.declare(*WIDER, last_day=TODAY - timedelta(days=1))
    pair.apply()
    assert tried(owner, asker) == NOTHING
    assert pair.recorded() == before
    assert f"{OWNER}: skipped" in pair.apply()


def test_on_its_first_day_it_is_given_without_an_apply_and_what_was_closed_since_stays_closed(
    pair: Pair, people: tuple[Any, ...]
) -> None:
    owner, asker, elsewhere = people
    first = TODAY + timedelta(days=2)  # still to come if midnight passes meanwhile
    pair.declare(*WIDER, first_day=first)
    pair.apply()
    enforce = ("shares", "enforce", "--directory", str(pair.folder), "--on", str(first))
    assert tried(owner, asker) == NOTHING
    assert len(pair.run(*enforce, "--dry-run").stdout.splitlines()) == 3
    assert tried(owner, asker) == NOTHING
    done = pair.run(*enforce)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(f"from {first}") == 3
    assert tried(owner, asker) == {**NOTHING, "read": 200, "write": 201}
    assert (networks(owner, asker), images(owner, asker)) == (["front"], ["paths 2027"])
    assert tried(owner, elsewhere) == NOTHING
    assert {(event, place) for event, place, *_ in pair.recorded()[-3:]} == {
        ("granted", "prod/maps"),
        ("granted", "prod/front"),
        ("granted", "prod/paths 2027"),
    }
    owner.session.post(
        f"{owner.object_store.get_endpoint()}/maps", headers={"X-Container-Read": "", "X-Container-Write": ""}
    )
    assert pair.run(*enforce).stdout == ""
    assert tried(owner, asker) == NOTHING


def test_a_request_changes_nothing_until_a_grant_answers_it_and_one_apply_of_both_files_gives_it(
    pair: Pair, people: tuple[Any, ...]
) -> None:
    owner, asker, elsewhere = people
    pair.declare()
    pair.ask("prod/plans")
    pair.apply()
    assert pair.states() == {("request", "open")}
    # what was given on its day, and is declared no more, is closed by the apply though no stack had it
    assert (tried(owner, asker), networks(owner, asker), images(owner, asker)) == (NOTHING, [], [])
    assert pair.recorded()[-1] == ("withdrawn", "prod/paths 2027", "use", "no longer declared")
    assert f"{ASKER}: skipped" in pair.apply(), "a request is no change of the cloud"
    pair.declare("container: prod/plans")
    assert pair.states() == {("grant", "active"), ("request", "granted")}
    pair.apply()
    assert tried(owner, asker) == {**NOTHING, "read plans": 200}
    assert tried(owner, elsewhere) == NOTHING
    assert pair.differences() == []


def test_nothing_is_given_to_a_department_that_is_not_in_the_cloud(pair: Pair) -> None:
    text = HEAD.format(slug="sharing-nobody", roles="prod: member") + "  - {name: prod}\n"
    (pair.folder / "sharing-nobody.yaml").write_text(text)
    pair.declare("container: prod/maps")
    file = pair.folder / f"{OWNER}.yaml"
    file.write_text(file.read_text().replace(ASKER, "sharing-nobody"))
    done = pair.run("apply", OWNER, "--directory", str(pair.folder))
    assert done.returncode == 1
    assert "shares something with sharing-nobody, which is not in the cloud yet: apply sharing-nobody first" in done.stderr


def test_what_the_samples_share_is_open_to_whom_they_say(users: dict[str, Connection]) -> None:
    grants = [(each.name, grant) for each in load_departments() for grant in granted(each.shares, TODAY)]
    containers = [(owner, grant) for owner, grant in grants if grant.kind is Kind.CONTAINER]
    if not containers:
        pytest.skip(f"no container of the samples is shared on {TODAY}")
    for owner, grant in containers:
        address = f"{users[owner].object_store.get_endpoint()}/{grant.item}"
        answers = {slug: user.session.get(address, raise_exc=False).status_code for slug, user in users.items()}
        opened = {slug for slug, status in answers.items() if status in (200, 204)}  # 204: there is nothing in it
        assert opened == {owner, grant.grantee.partition("/")[0]}
        assert {answers[slug] for slug in answers.keys() - opened} == {403}


def test_the_operations_host_takes_back_every_day(lab: LabStatus, oneroof: Callable[..., str]) -> None:
    assert lab.machines
    look = "systemctl start oneroof-shares.service && systemctl is-enabled oneroof-shares.timer"
    assert oneroof("lab", "ssh", "site-a", "--", look).endswith("enabled")
