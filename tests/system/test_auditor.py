"""The account that the exporter reads as: it sees all that the administrator's reading sees, and can change nothing.

What is tried would do no harm where it were allowed: what is there is described anew as it is, what is new has a name that
shows whose it is.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import replace
from email.utils import formatdate
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from openstack.connection import Connection

from backup.coverage.holdings import Holdings, collect_holdings
from infra.inventory.connect import connect
from infra.inventory.object_reader import ObjectReader, sign
from monitoring.reading import CloudReader
from monitoring.usage import CloudUsage
from monitoring.written import parse_written
from tenants.installation import Installation, repository
from tenants.machines import load_machine

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("cloud")]

NEW = "system-auditor"
MICROVERSIONS = {"placement": "1.36"}
POLICIES = repository() / "playbooks/roles/auditor/templates/etc"
SERVICES = ("keystone", "nova", "placement", "cinder", "neutron")
OWN = {"cinder: context_is_admin", "cinder: admin_api", "cinder: admin_or_owner", "neutron: context_with_global_access"}
"""Rules that are not the release's own with one more role."""


@pytest.fixture(scope="module")
def auditors(installation: Installation) -> Installation:
    found = Installation(installation.home / "auditor")
    assert found.clouds.exists(), "`oneroof deploy --tags auditor` writes it"
    return found


@pytest.fixture(scope="module")
def auditor(auditors: Installation) -> Iterator[Connection]:
    connection = connect(auditors, "oneroof")
    yield connection
    connection.close()


def of_one_moment(usage: CloudUsage) -> CloudUsage:
    """Leave out when it was read, and what a reading of some projects a turn has of others by chance."""
    assert usage.breakdown is not None
    told = tuple(replace(each, read_at=0.0) for each in usage.breakdown.told)
    return replace(usage, read_at=0.0, seconds={}, breakdown=replace(usage.breakdown, told=told))


def test_it_reads_what_the_administrator_reads(installation: Installation, auditors: Installation) -> None:
    administrators, own = (CloudReader(each, "oneroof") for each in (installation, auditors))
    for _ in range(3):  # others may change something between two readings
        first, second = administrators.turn(), own.turn()
        if of_one_moment(first) == of_one_moment(second):
            break
    assert second.missing == {}
    assert of_one_moment(second) == of_one_moment(first)
    assert second.breakdown is not None
    assert second.breakdown.containers, "the sample departments have objects"


def attempts(cloud: Connection) -> Iterator[tuple[str, str, str, Mapping[str, Any]]]:
    """Give service, method, path and body of what would change something."""
    domain = next(each for each in cloud.identity.domains() if each.id != "default")
    project = next(cloud.identity.projects(domain_id=domain.id))
    user = next(cloud.identity.users(name="auditor", domain_id="default"))
    admin = next(cloud.identity.roles(name="admin"))
    server = next(cloud.compute.servers(all_projects=True))
    volume = next(cloud.block_storage.volumes(all_projects=True))
    network = next(each for each in cloud.network.networks() if not each.is_router_external)
    outside = next(each for each in cloud.network.networks() if each.is_router_external)
    provider = next(iter(cloud.placement.resource_providers()))
    named = {"name": NEW}
    yield "identity", "POST", "/domains", {"domain": named}
    yield "identity", "POST", "/projects", {"project": named}
    yield "identity", "POST", "/users", {"user": named}
    yield "identity", "POST", "/roles", {"role": named}
    yield "identity", "PATCH", f"/projects/{project.id}", {"project": {"description": project.description}}
    yield "identity", "PUT", f"/projects/{project.id}/users/{user.id}/roles/{admin.id}", {}
    yield "compute", "POST", "/servers", {"server": {**named, "flavorRef": server.flavor.id or "1", "networks": []}}
    yield "compute", "PUT", f"/servers/{server.id}", {"server": {"name": server.name}}
    yield "compute", "POST", f"/servers/{server.id}/metadata", {"metadata": {}}
    yield "compute", "POST", f"/servers/{server.id}/action", {"unlock": None}
    yield "compute", "POST", "/flavors", {"flavor": {**named, "ram": 1, "vcpus": 1, "disk": 0}}
    yield "compute", "PUT", f"/os-quota-sets/{project.id}", {"quota_set": {}}
    yield "block_storage", "POST", "/volumes", {"volume": {**named, "size": 1}}
    yield "block_storage", "PUT", f"/volumes/{volume.id}", {"volume": {"description": volume.description}}
    yield "block_storage", "POST", f"/volumes/{volume.id}/metadata", {"metadata": {}}
    yield "block_storage", "POST", f"/volumes/{volume.id}/action", {"os-reset_status": {"status": volume.status}}
    yield "block_storage", "POST", f"/volumes/{volume.id}/action", {"os-set_image_metadata": {"metadata": {}}}
    yield "block_storage", "POST", "/snapshots", {"snapshot": {**named, "volume_id": volume.id, "force": True}}
    yield "block_storage", "POST", "/types", {"volume_type": named}
    yield "block_storage", "POST", "/qos-specs", {"qos_specs": named}
    limit = cloud.block_storage.get(f"/os-quota-sets/{project.id}").json()["quota_set"]["volumes"]
    yield "block_storage", "PUT", f"/os-quota-sets/{project.id}", {"quota_set": {"volumes": limit}}
    yield "block_storage", "PUT", "/os-services/enable", {"binary": "cinder-scheduler", "host": "nowhere"}
    yield "network", "POST", "/networks", {"network": named}
    yield "network", "PUT", f"/networks/{network.id}", {"network": {"description": network.description}}
    yield "network", "POST", "/security-groups", {"security_group": named}
    yield "network", "POST", "/floatingips", {"floatingip": {"floating_network_id": outside.id}}
    yield "network", "PUT", f"/quotas/{project.id}", {"quota": {"network": 1}}
    shared = {"object_type": "network", "object_id": network.id, "action": "access_as_shared", "target_tenant": project.id}
    yield "network", "POST", "/rbac-policies", {"rbac_policy": shared}
    yield "placement", "POST", "/resource_providers", named
    yield "placement", "PUT", f"/resource_providers/{provider.id}/traits", {"traits": [], "resource_provider_generation": 0}
    yield "image", "POST", "/images", {**named, "disk_format": "raw", "container_format": "bare"}
    yield "object_store", "PUT", f"/{NEW}", {}
    yield "object_store", "POST", "", {}


def test_it_changes_nothing(cloud: Connection, auditor: Connection) -> None:
    tried = list(attempts(cloud))
    allowed = []
    for service, method, path, body in tried:
        proxy = getattr(auditor, service)
        answer = proxy.request(path, method, json=body, raise_exc=False, microversion=MICROVERSIONS.get(service))
        if answer.status_code not in (401, 403, 404):
            allowed.append((service, method, path, answer.status_code, answer.text[:200]))
    assert allowed == []
    assert {service for service, *_ in tried} == {
        *("identity", "compute", "block_storage", "network", "placement", "image", "object_store")
    }


def test_its_key_reads_statistics_and_neither_objects_nor_writes(cloud: Connection, auditor: Connection) -> None:
    reader = ObjectReader.of(auditor)
    assert reader is not None
    own = urlsplit(auditor.object_store.get_endpoint() or "")
    gateway, session = f"{own.scheme}://{own.netloc}", auditor.session

    def ask(method: str, path: str, query: str = "") -> int:
        headers = sign(reader.access_key, reader.secret_key, path, formatdate(usegmt=True), method)
        answer = session.request(f"{gateway}{path}{query}", method, authenticated=False, raise_exc=False, headers=headers)
        return int(answer.status_code)

    bucket = next(each for each in (account_of(cloud, reader, auditor)) if each)
    project, container = bucket
    assert ask("GET", "/admin/bucket", "?stats=true") == 200
    assert ask("GET", f"/{project}:{container}") == 403
    assert ask("PUT", f"/{NEW}") == 403
    assert ask("PUT", "/admin/user", f"?uid={NEW}&display-name={NEW}") == 403
    assert ask("DELETE", "/admin/bucket", f"?bucket={NEW}") == 403
    assert ask("GET", "/admin/user", f"?uid={project}${project}") == 403


def test_all_containers_are_told_by_one_call(cloud: Connection, auditor: Connection) -> None:
    reader = ObjectReader.of(auditor)
    assert reader is not None
    one_by_one: dict[str, set[str]] = {}
    for project, name in account_of(cloud, reader, auditor):
        one_by_one.setdefault(project, set()).add(name)
    assert one_by_one
    assert {project: set(names) for project, names in reader.containers(auditor).items()} == one_by_one


@pytest.mark.usefixtures("cloud")
def test_its_key_of_the_storage_opens_maps_of_volumes_and_no_contents(installation: Installation) -> None:
    host = load_machine(installation, "operations")

    def run(command: str, account: str = "auditor") -> subprocess.CompletedProcess[str]:
        argv = host.ssh(command.replace("RADOS", f"rados --id {account} --pool volumes"))
        return subprocess.run(argv, capture_output=True, text=True, check=False)

    written = run("rbd --id auditor du --pool volumes --format json")
    assert written.returncode == 0, written.stderr
    assert parse_written(written.stdout)
    some = run("RADOS ls", "openstack").stdout.split()
    data = next(name for name in some if name.startswith("rbd_data."))
    head = next(name for name in some if name.startswith("rbd_header."))
    assert run(f"RADOS stat {head}").returncode == 0
    for command in (
        f"RADOS get {data} -",
        f"RADOS stat {data}",
        "RADOS ls",
        f"RADOS rm {NEW}",
        f"RADOS create rbd_header.{NEW}",
    ):
        refused = run(command)
        assert refused.returncode != 0, command
        assert "Operation not permitted" in refused.stderr, refused.stderr


def test_coverage_by_the_auditor_is_the_administrators(cloud: Connection, auditor: Connection) -> None:
    def things(holdings: Holdings) -> set[tuple[str, str, str]]:
        assert holdings.unread == ()
        return {(thing.department, thing.kind, thing.name) for thing in holdings.things}

    assert things(collect_holdings(auditor)) == things(collect_holdings(cloud))


def account_of(cloud: Connection, reader: ObjectReader, auditor: Connection) -> Iterator[tuple[str, str]]:
    for project in cloud.identity.projects():
        account = reader.account(auditor, project.id)
        if account:
            yield from ((project.id, container.name) for container in account.listed)


def test_the_other_rules_are_the_releases_own(installation: Installation) -> None:
    """An upgrade may change them: then the role's files are to be made anew."""
    generator = "/opt/openstack/bin/oslopolicy-sample-generator"
    command = "; ".join(f"{generator} --namespace {service} 2>/dev/null | sed 's/^/{service}: /'" for service in SERVICES)
    host = load_machine(installation, "controllers")
    said = subprocess.run(host.ssh(f"bash -c {shlex.quote(command)}"), capture_output=True, text=True, check=True).stdout
    found = re.findall(r'^(\w+: )#"([^"]+)": "(.*)"$', said, re.MULTILINE)
    defaults = {f"{service}{name}": rule for service, name, rule in found}
    ours = {
        f"{service}: {name}": rule
        for service in SERVICES
        for name, rule in yaml.safe_load(
            (POLICIES / service / "policy.yaml.j2").read_text().replace("{{ auditor_name }}", "auditor")
        ).items()
    }
    assert ours.keys() >= OWN
    for name, rule in ours.items():
        if name not in OWN:
            assert rule == f"{defaults[name]} or role:auditor"
