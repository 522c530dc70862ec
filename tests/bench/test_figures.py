"""The benchmark's pure parts: what is declared to each side, what the door saw, what the table says."""

from datetime import date

import pytest
import yaml
from department_files import CHANGED_CORES, PORTS, build_catalogue, build_declaration, render_terraform
from figures import FLOOR, Figure, build_middle, ratio, render_figures
from requests_seen import Request, from_clients, new_lines, parse_requests
from rich.console import Console

from infra.desired import build_desired
from tenants.declaration.catalogue import Catalogue
from tenants.declaration.complete import complete
from tenants.declaration.model import Department
from tenants.installation import repository

LINES = """\
10.89.0.1:51038 [25/Nov/2026:16:12:08.557] keystone~ keystone/site-a 0/0/0/46/47 201 432 - - ---- 28/12/2/2/0 0/0 \
{openstacksdk/4.22.0} "POST /v3/groups HTTP/1.1"
10.89.0.11:45608 [25/Nov/2026:16:12:30.151] placement~ placement/site-a 0/0/0/23/23 200 2536 - - ---- 15/2/0/0/0 0/0 \
{} "GET /allocation_candidates?resources=VCPU:1 HTTP/1.1"
10.89.0.1:40000 [25/Nov/2026:16:12:31.000] mariadb mariadb/site-a 0/0/5 12 -- 1/1/0/0/0 0/0
""".splitlines()


def test_a_request_at_the_door_is_read_and_the_clouds_own_are_left_out() -> None:
    seen = parse_requests(LINES)
    assert [request.method for request in seen] == ["POST", "GET"]
    own = frozenset({"10.89.0.11"})
    assert from_clients(seen, own) == (Request("10.89.0.1", "keystone", "POST", "/v3/groups", 201),)


def test_only_what_came_since_the_last_look_counts_and_a_ring_that_turned_over_is_told() -> None:
    assert new_lines([], ["a"]) == ["a"]
    assert new_lines(["a", "b"], ["a", "b"]) == []
    assert new_lines(["a", "b"], ["b", "c", "d"]) == ["c", "d"]
    with pytest.raises(ValueError, match="turned over"):
        new_lines(["a"], ["c"])


def test_both_sides_are_told_the_same_department() -> None:
    sample = yaml.safe_load((repository() / "tenants" / "catalogue.yaml").read_text())
    catalogue = Catalogue.model_validate(build_catalogue(sample))
    department = complete(Department.model_validate(build_declaration("bench-000", 0)))
    desired = build_desired(department, catalogue, date(2026, 1, 1))
    (project,) = desired.projects
    assert sorted(project.quotas) == ["block_storage", "compute", "network"]
    inward = [rule for rule in project.security_groups[0].rules if rule.direction == "ingress"]
    assert [rule.port_range_min for rule in inward] == list(PORTS)
    assert (len(project.networks), project.has_router) == (1, True)
    assert (len(desired.groups), len(desired.users)) == (1, 1)
    text = render_terraform(["bench-000", "bench-001"], external="public", password="x", first_cores=CHANGED_CORES)  # noqa: S106
    assert text.count('resource "openstack_') == 2 * 17
    assert text.count("secgroup_rule_v2") == 2 * len(PORTS)
    assert text.count(f"cores      = {CHANGED_CORES}") == 1
    assert text.count(project.networks[0].cidr) == 1


def test_ratios_are_of_what_was_measured_in_the_same_run_alone() -> None:
    assert ratio(3.0, 2.0) == 1.5
    assert ratio(None, 2.0) is None
    assert ratio(1.0, None) is None
    figures = [
        Figure("Terraform", "create", 40.0, 405, recorded=True),
        Figure("oneroof", "create", 22.0, 155, cloud_cpu=30.0),
        Figure(FLOOR, "create", 20.0, 155, cloud_cpu=30.0),
    ]
    console = Console(width=140)
    with console.capture() as told:
        console.print(render_figures(figures, 10))
    lines = told.get().splitlines()
    (ours,) = (line for line in lines if "oneroof" in line)
    (recorded,) = (line for line in lines if "recorded elsewhere" in line)
    assert "1.10" in ours
    assert "2.00" not in recorded


def test_of_several_rounds_the_middle_is_told_and_the_most_of_memory_and_of_what_is_left() -> None:
    rounds = [
        Figure("oneroof", "create", 30.0, 163, peak_mb=280.0),
        Figure("oneroof", "plan", 2.0),
        Figure("oneroof", "create", 26.0, 165, peak_mb=290.0, left=1),
    ]
    create, plan = build_middle(rounds)
    assert create == Figure("oneroof", "create", 28.0, 163, peak_mb=290.0, left=1)
    assert plan == rounds[1]
