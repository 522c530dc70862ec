"""Pages of a list, in each service's own way of naming the next one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import pytest

from infra.inventory.collect import list_pages
from infra.inventory.model import Inventory
from infra.inventory.sources import SOURCES

NOVA = {
    "/servers/detail?all_tenants=True": {
        "servers": [{"id": "1"}],
        "servers_links": [{"rel": "next", "href": "http://127.0.0.1:8774/v2.1/servers/detail?all_tenants=True&marker=1"}],
    },
    "/servers/detail?all_tenants=True&marker=1": {"servers": [{"id": "2"}]},
}
GLANCE = {
    "/images?visibility=all": {"images": [{"id": "1"}], "next": "/v2/images?visibility=all&marker=1"},
    "/images?visibility=all&marker=1": {"images": [{"id": "2"}]},
}
KEYSTONE = {
    "/projects": {"projects": [{"id": "1"}], "links": {"next": "http://127.0.0.1:5000/v3/projects?marker=1"}},
    "/projects?marker=1": {"projects": [{"id": "2"}], "links": {"next": None}},
}


@pytest.mark.parametrize(
    ("answers", "key"), [(NOVA, "servers"), (GLANCE, "images"), (KEYSTONE, "projects")], ids=["nova", "glance", "keystone"]
)
def test_all_pages_are_read(answers: Mapping[str, Mapping[str, Any]], key: str) -> None:
    first = next(iter(answers))
    assert [item["id"] for item in list_pages(answers.__getitem__, first, key)] == ["1", "2"]


def test_an_answer_without_its_list_is_no_empty_list() -> None:
    with pytest.raises(KeyError):
        list(list_pages({"/servers": {"error": {}}}.__getitem__, "/servers", "servers"))


def test_keystones_lists_ask_for_pages() -> None:
    """Asked without a limit, Keystone answers with 1,000 projects and no next page, however many there are."""
    lists = [source.path for source in SOURCES if source.service == "identity" and source.field != "role_assignments"]
    assert lists
    assert all("limit=1000" in path for path in lists), lists


def test_every_source_fills_a_field_of_its_own() -> None:
    names = [source.field for source in SOURCES]
    assert len(names) == len(set(names))
    told = {"schema_version", "collected_at", "seconds", "calls", "region", "failures", "not_measured"}
    assert {f.name for f in fields(Inventory)} - told == {*names, "resource_providers"}
