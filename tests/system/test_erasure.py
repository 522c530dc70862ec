"""Nothing that holds data goes by a merge alone: quarantine, a verified backup, and then all of it, in every service."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from keystoneauth1.exceptions import ClientException
from openstack.connection import Connection
from openstack.exceptions import SDKException
from trial_home import CLOUD, Trial, TrialBackup, build_backup

from infra.lab.status import LabStatus
from infra.outcome import load_outcome
from tenants.installation import Installation

pytestmark = pytest.mark.system

SLUG = "system-erasure"
DECLARATION = f"""
name: {SLUG}
local_name: Trial of erasures
owners: [it@erasure.gov.example]
cost_centre: T-4
projects:
  - name: old
    networks: [{{name: front, cidr: 10.23.64.0/24}}]
    volumes: [{{name: data, size_gib: 1}}]
    containers: [{{name: scans}}]
    servers: [{{name: web, flavor: tiny, image: tiny, volumes: [data], floating_ip: true}}]
  - name: prod
    volumes: [{{name: papers, size_gib: 1}}, {{name: kept, size_gib: 1}}]
groups: [{{name: ops, roles: {{old: member, prod: member}}}}]
users: [{{name: operator, groups: [ops]}}]
"""
TODAY = datetime.now(UTC).date()


def erasures(expires: str = f"{TODAY + timedelta(days=1)}", approved: str = f"{TODAY}") -> str:
    days = f"approved_on: {approved}, not_before: {approved}, expires: {expires}"
    entry = f"reason: The trial is over, approved_by: [it@erasure.gov.example], {days}"
    return f"erasures:\n  - {{what: project old, {entry}}}\n  - {{what: volume prod/papers, {entry}}}\n"


@pytest.fixture(scope="module")
def trial(lab: LabStatus, installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:  # noqa: ARG001 - it must run first
    made = Trial(installation, tmp_path_factory.mktemp("erasure"), SLUG)
    made.declare(DECLARATION)
    try:
        made.on_department("apply")
        yield made
    finally:
        made.withdraw()


@pytest.fixture(scope="module")
def backups(trial: Trial, installation: Installation) -> Iterator[TrialBackup]:
    made = build_backup(installation, trial.home, SLUG, trial.declared)
    yield made
    made.remove()


def refused(work: Any) -> bool:
    try:
        work()
    except (SDKException, ClientException):
        return True
    return False


def test_in_quarantine_nothing_runs_and_nobody_gets_in_and_taking_the_entry_away_brings_it_back(
    trial: Trial, cloud: Connection
) -> None:
    old, prod = trial.project("old"), trial.project("prod")
    server, papers = old["servers"][0]["id"], prod["volumes"][0]["id"]
    user = trial.user("old")
    user.object_store.upload_object("scans", "a.txt", data=b"kept for ten years")
    assert cloud.compute.get_server(server).status == "ACTIVE"

    trial.declare(DECLARATION + erasures())
    said = trial.on_department("plan", code=3)
    assert f"project old: in quarantine until {TODAY}" in said
    assert cloud.compute.get_server(server).status == "ACTIVE", "a plan writes nothing"
    trial.on_department("apply")
    held = cloud.compute.get_server(server)
    assert (held.status, held.is_locked) == ("SHUTOFF", True)
    assert refused(lambda: trial.user("old").authorize())
    assert refused(lambda: trial.user("prod").block_storage.delete_volume(papers))
    assert cloud.block_storage.get_volume(papers).status == "maintenance"
    assert trial.on_department("plan").count("in quarantine") == 2, "what is in quarantine is no change"

    trial.declare(DECLARATION)
    trial.on_department("apply")
    back = cloud.compute.get_server(server)
    assert (back.status, back.is_locked) == ("ACTIVE", False)
    assert trial.user("old").object_store.download_object("a.txt", "scans") == b"kept for ten years"
    assert cloud.block_storage.get_volume(papers).status == "available"


@pytest.mark.slow
def test_without_a_verified_backup_or_with_an_approval_that_ended_nothing_is_erased(
    trial: Trial, backups: TrialBackup, cloud: Connection
) -> None:
    papers = trial.project("prod")["volumes"][0]["id"]
    yesterday = f"{TODAY - timedelta(days=1)}"
    trial.declare(DECLARATION + erasures(expires=yesterday, approved=yesterday))
    assert trial.on_department("erase", "--yes").count(f"the approval ended on {yesterday} and does nothing") == 2

    trial.declare(DECLARATION + erasures())
    assert "its quarantine has not begun" in trial.on_department("erase", "--yes")
    trial.on_department("apply")
    assert f"volume prod/papers was never backed up: `oneroof backup run {SLUG}` does it" in trial.on_department(
        "erase", "--yes"
    )
    backups.back_up()
    assert "the last snapshot of volume prod/papers is not verified yet" in trial.on_department("erase", "--yes")
    assert cloud.block_storage.get_volume(papers).status == "maintenance"
    backups.reread()
    assert trial.on_department("erase", code=3).count(" due") == 2
    assert cloud.block_storage.get_volume(papers).status == "maintenance", "without --yes nothing is erased"


@pytest.mark.slow
def test_what_was_erased_is_in_no_service_and_on_record(
    trial: Trial, cloud: Connection, oneroof: Callable[..., str]
) -> None:
    old, prod = trial.project("old"), trial.project("prod")
    project, kept = old["id"], prod["volumes"][1]["id"]
    by_hand = cloud.network.create_port(network_id=old["networks"][0]["id"], project_id=project, name="by-hand")
    said = trial.on_department("erase", "--yes")
    assert "project old is erased; nothing of it is left in any service" in said
    assert "volume prod/papers is erased" in said

    assert [each for each in cloud.identity.projects() if each.id == project] == []
    assert cloud.block_storage.get_volume(kept).status == "available", "exactly what was named goes"
    assert [v.id for v in cloud.block_storage.volumes(all_projects=True) if v.project_id == project] == []
    assert [s.id for s in cloud.compute.servers(all_projects=True) if s.project_id == project] == []
    assert [p.id for p in cloud.network.ports() if p.project_id == project or p.id == by_hand.id] == []
    for listed in (cloud.network.networks, cloud.network.routers, cloud.network.ips, cloud.network.security_groups):
        assert [each.id for each in listed() if each.project_id == project] == []
    assert project not in {quota.project_id for quota in cloud.network.quotas()}
    for table in ("nova_api.quotas", "cinder.quotas"):  # Nova tells nothing of a project that is gone
        rows = f"SELECT COUNT(*) FROM {table} WHERE project_id = '{project}'"  # noqa: S608 - constants and an id
        rows += " AND NOT deleted" if table == "cinder.quotas" else ""
        assert oneroof("lab", "ssh", "site-a", "--", f'mariadb -N -e "{rows}"') == "0"
    users = json.loads(oneroof("lab", "ssh", "site-a", "--", "radosgw-admin user list"))
    assert f"{project}${project}" not in users
    assert f"{prod['id']}${prod['id']}" in users
    account = cloud.object_store.get_endpoint().rpartition("AUTH_")[0] + f"AUTH_{project}"
    left = cloud.object_store.get(account, params={"format": "json"})
    assert left.status_code != 200 or left.json() == []

    entries = [json.loads(line) for line in trial.run("evidence", "list", "erasure").splitlines()]
    record = next(entry for entry in entries if entry["name"] == "project old")
    assert record["approved_by"] == ["it@erasure.gov.example"]
    assert set(record["snapshots"]) == {"volume old/data", "container old/scans"}
    assert all(record["snapshots"].values())
    assert record["left"] == []
    trial.run("evidence", "verify")

    assert trial.on_department("plan").count("is gone; take it and its entry out of the file") == 2
    assert "skipped" in trial.on_department("apply"), "what is gone is not made again"
    assert load_outcome(trial.home, SLUG, CLOUD).quarantine == {}  # type: ignore[union-attr]
