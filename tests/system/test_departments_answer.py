"""A department's server answers on its floating address with what lies on its volume, also after a restart."""

from __future__ import annotations

import time
import urllib.request
from datetime import timedelta
from typing import Any

import pytest
from openstack.connection import Connection

from infra.probe import probe

pytestmark = pytest.mark.system
PATIENCE = timedelta(minutes=3)  # servers start after the machines, and two cores emulate them all


def urls(departments: dict[str, dict[str, Any]]) -> list[tuple[str, dict[str, Any], str, str]]:
    return [
        (slug, server, f"http://{server['floating_address']}:{server['probe']['port']}{server['probe']['path']}", expect)
        for slug, made in departments.items()
        for project in made["projects"]
        for server in project["servers"]
        if server["floating_address"] and server["probe"]
        for expect in [server["probe"]["expect"]]
    ]


def test_every_department_has_a_server_that_answers_with_its_text(departments: dict[str, dict[str, Any]]) -> None:
    asked = urls(departments)
    assert {slug for slug, *_ in asked} == set(departments)
    results = {f"{slug}/{server['name']}": probe(url, expect, PATIENCE, persist=True) for slug, server, url, expect in asked}
    assert {name: result.error for name, result in results.items() if not result.matched} == {}


def test_content_survives_a_reboot_of_its_server(cloud: Connection, departments: dict[str, dict[str, Any]]) -> None:
    slug, server, url, expect = urls(departments)[-1]
    assert server["volumes"], f"{slug}/{server['name']} has no volume to keep content on"
    assert probe(url, expect, PATIENCE, persist=True).matched
    written = last_modified(url)

    cloud.compute.reboot_server(server["id"], "SOFT")
    end = time.monotonic() + 90
    while probe(url, expect, timedelta(seconds=1)).answered:
        assert time.monotonic() < end, "the server never went away"
        time.sleep(0.2)
    back = probe(url, expect, PATIENCE, persist=True)

    assert back.matched, back.error
    # the root is memory and the page is written when it is missing: the same instant means the same file
    assert last_modified(url) == written
    assert cloud.compute.get_server(server["id"]).status == "ACTIVE"


def last_modified(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as response:  # noqa: S310 - an address of the lab
        return str(response.headers["Last-Modified"])
