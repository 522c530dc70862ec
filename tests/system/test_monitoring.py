"""What is measured of the real cloud: in Prometheus, in Alertmanager, in the status and on the page."""

from __future__ import annotations

import io
import json
import shlex
import ssl
import subprocess
import tarfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from openstack.connection import Connection

from infra.lab.status import LabStatus
from monitoring.prometheus import DEPARTMENT_UTILISATION, HOST_UTILISATION, Prometheus, Sample
from monitoring.reports.language import render_name
from tenants.installation import Installation, repository
from tenants.machines import Machine, load_machine

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("cloud")]
PATIENCE_SECONDS = 240  # a few readings of the exporter and scrapes after the machines came up


@pytest.fixture(scope="module")
def prometheus(installation: Installation) -> Prometheus:
    found = Prometheus.of(installation)
    assert found is not None, f"{installation.home}/prometheus.yaml is missing"
    return found


@pytest.fixture(scope="module")
def operations_host(installation: Installation) -> Machine:
    return load_machine(installation, "operations")


def run_there(host: Machine, command: str, data: bytes = b"") -> str:
    done = subprocess.run(host.ssh(command), input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    return done.stdout.decode()


def eventually(prometheus: Prometheus, expression: str, is_so: Callable[[tuple[Sample, ...]], bool]) -> tuple[Sample, ...]:
    """Ask until the answer is so; what Prometheus says last is in the failure."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        samples = prometheus.query(expression)
        if is_so(samples):
            return samples
        assert time.monotonic() < end, f"{expression}: {samples}"
        time.sleep(2)


def servers_with_probes(departments: dict[str, dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
    for slug, made in departments.items():
        for project in made["projects"]:
            for server in project["servers"]:
                if server["probe"] and server["floating_address"]:
                    yield slug, project["name"], server["name"]


def test_every_target_is_scraped(prometheus: Prometheus, lab: LabStatus) -> None:
    samples = eventually(prometheus, "up", lambda found: bool(found) and all(sample.value == 1 for sample in found))
    jobs = {(sample.labels["job"], sample.labels["instance"]) for sample in samples}
    assert {("node", machine.name) for machine in lab.machines} <= jobs
    assert {"oneroof", "prometheus", "alertmanager", "haproxy", "rabbitmq", "mariadb", "ceph"} <= {job for job, _ in jobs}


@pytest.mark.parametrize(
    "metric",
    [
        *("ceph_health_status", 'haproxy_backend_status{state="DOWN"}', "rabbitmq_queue_messages_ready", "mysql_up == 1"),
        *("mysql_global_status_threads_connected", "mysql_global_variables_max_connections"),
        *("mysql_global_status_slow_queries", "mysql_global_status_wsrep_ready", "mysql_global_status_wsrep_cluster_size"),
        *("mysql_global_variables_wsrep_on", "mysql_info_schema_processlist_processes_by_user"),
    ],
)
def test_services_tell_of_themselves_what_alerts_ask(prometheus: Prometheus, metric: str) -> None:
    eventually(prometheus, metric, lambda found: bool(found))


def test_the_databases_exporter_may_see_statistics_and_nothing_else(operations_host: Machine) -> None:
    grants = run_there(operations_host, "mariadb --skip-column-names -e 'show grants for prometheus@localhost'").splitlines()
    assert [grant.partition(" TO ")[0] for grant in grants] == ["GRANT PROCESS ON *.*"]
    assert "VIA unix_socket" in grants[0], "there is no password that anybody could find"


def test_the_timers_of_the_operations_host_are_watched(prometheus: Prometheus) -> None:
    timer = 'node_systemd_timer_last_trigger_seconds{name="oneroof-shares.timer"}'
    eventually(prometheus, timer, lambda found: len(found) == 1)  # 0 until its first day on a new machine
    active = prometheus.query('node_systemd_unit_state{name="oneroof-shares.timer",state="active"}')
    assert [sample.value for sample in active] == [1]
    failed = prometheus.query('node_systemd_unit_state{name=~"oneroof-.+",state="failed"}')
    assert {sample.labels["name"] for sample in failed} >= {"oneroof-exporter.service", "oneroof-shares.timer"}


def test_every_source_of_the_exporter_can_be_read(prometheus: Prometheus) -> None:
    samples = eventually(
        prometheus, "oneroof_source_success", lambda found: bool(found) and all(sample.value == 1 for sample in found)
    )
    sources = {sample.labels["source"] for sample in samples}
    assert {"cloud", "guests", "probes", "records", "declarations", "savings", "cloud/servers"} <= sources


def test_departments_servers_answer_in_prometheus(prometheus: Prometheus, departments: dict[str, dict[str, Any]]) -> None:
    expected = set(servers_with_probes(departments))
    assert expected

    def answered(samples: tuple[Sample, ...]) -> bool:
        good = {(s.labels["department"], s.labels["project"], s.labels["server"]) for s in samples if s.value == 1}
        return expected <= good

    eventually(prometheus, "oneroof_probe_success", answered)


def test_usage_is_what_nova_says(prometheus: Prometheus, cloud: Connection, departments: dict[str, dict[str, Any]]) -> None:
    expected: dict[tuple[str, str], float] = {}
    cores = {flavor.name: flavor.vcpus for flavor in cloud.compute.flavors()}
    for server in cloud.compute.servers(all_projects=True):
        for slug, made in departments.items():
            for project in made["projects"]:
                if project["id"] == server.project_id:
                    key = slug, project["name"]
                    expected[key] = expected.get(key, 0) + cores[server.flavor.original_name]
    assert expected

    def same(samples: tuple[Sample, ...]) -> bool:
        found = {(s.labels["department"], s.labels["project"]): s.value for s in samples if s.value}
        return {key: value for key, value in found.items() if key[0] in departments} == expected

    eventually(prometheus, "oneroof_usage_cores", same)


def test_utilisation_is_measured(prometheus: Prometheus, departments: dict[str, dict[str, Any]]) -> None:
    (hosts,) = eventually(prometheus, HOST_UTILISATION, lambda found: len(found) == 1)
    assert 0 < hosts.value <= 1
    running = {slug for slug, _, _ in servers_with_probes(departments)}
    samples = eventually(
        prometheus, DEPARTMENT_UTILISATION, lambda found: running <= {sample.labels["department"] for sample in found}
    )
    assert all(0 <= sample.value <= 1.1 for sample in samples)


def test_nobody_is_let_in_without_a_password(prometheus: Prometheus) -> None:
    for password in ("", "wrong"):
        stranger = Prometheus(prometheus.url, "oneroof" if password else "", password, prometheus.ca_certificate)
        with pytest.raises(Exception, match="401"):
            stranger.query("up")


def test_a_client_without_certificate_reads_no_host(lab: LabStatus, installation: Installation) -> None:
    context = ssl.create_default_context(cafile=str(installation.ca_certificate))
    for machine in lab.machines:
        services = ("haproxy", "rabbitmq", "mariadb", "ceph") if "controllers" in machine.groups else ()
        for place in ("9100/metrics", *(f"9101/{service}" for service in services)):
            with (
                pytest.raises(OSError, match=r"(?i)certificate|closed|reset|eof"),
                urllib.request.urlopen(f"https://{machine.address}:{place}", timeout=10, context=context) as answer,
            ):
                answer.read(1)


ASK_ALERTS = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:9093/api/v2/alerts').read().decode())"


def test_the_heartbeat_reached_alertmanager_and_every_rule_is_sound(
    prometheus: Prometheus, operations_host: Machine
) -> None:
    rules = [rule for group in prometheus.get("/api/v1/rules", {})["groups"] for rule in group["rules"]]
    assert {rule["name"]: rule.get("lastError") for rule in rules if rule["health"] == "err"} == {}
    for rule in rules:
        # A group first runs somewhere within its interval, a quarter of an hour for the longest: until then it is asked.
        if rule["health"] != "ok":
            prometheus.query(rule["query"])
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        alerts = json.loads(run_there(operations_host, f"python3 -c {shlex.quote(ASK_ALERTS)}"))
        if "DeadMansSwitch" in {alert["labels"]["alertname"] for alert in alerts}:
            break
        assert time.monotonic() < end, alerts
        time.sleep(2)


def test_promtool_agrees_with_the_rules_and_their_tests(operations_host: Machine) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.add(repository() / "monitoring" / "rules", "rules")
    script = (
        'set -e; where=$(mktemp -d); trap \'rm -rf "$where"\' EXIT; tar -x -C "$where"; cd "$where/rules"; '
        'for test in *_test.yaml; do promtool check rules "${test%_test.yaml}.yaml"; promtool test rules "$test"; done'
    )
    assert run_there(operations_host, f"bash -c {shlex.quote(script)}", packed.getvalue()).count("SUCCESS") >= 10


def test_the_status_knows_departments_answers_and_drills(
    oneroof: Callable[..., str], departments: dict[str, dict[str, Any]], installation: Installation, lab: LabStatus
) -> None:
    status = json.loads(oneroof("status", "--json"))
    assert status["cloud"]["clouds"] == str(installation.clouds)
    assert all(url.startswith("https://") for url in status["cloud"]["endpoints"].values())
    assert {machine["name"]: machine["state"] for machine in status["machines"]} == {
        machine.name: "running" for machine in lab.machines
    }
    assert status["prometheus"]
    known = {department["name"]: department for department in status["departments"]}
    for slug, project_name, server_name in servers_with_probes(departments):
        project = next(p for p in known[slug]["projects"] if p["name"] == project_name)
        server = next(s for s in project["servers"] if s["name"] == server_name)
        assert server["floating_addresses"]
        assert server["probe"]["good"], server["probe"]
    for slug in departments:
        assert known[slug]["last_backup"], f"{slug} was never backed up"
        assert known[slug]["last_drill"]["identical"] is True


def test_the_page_shows_what_is_there(
    oneroof: Callable[..., str], departments: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    page = Path(oneroof("report", "--output", str(tmp_path / "page.html"))).read_text(encoding="utf-8")
    for made in departments.values():
        assert render_name(made["local_name"]) in page
        for project in made["projects"]:
            for server in project["servers"]:
                if server["floating_address"]:
                    assert server["floating_address"] in page
    assert "restored identically in their last drill" in page
    assert HOST_UTILISATION.split("(")[0] in page
