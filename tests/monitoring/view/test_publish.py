"""What is published of a department is whole, and holds nothing of any other."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from browser import assert_accessible_in_a_browser

from monitoring.overview import NO_BACKUP, Overview
from monitoring.view.document import parse_document, render_document
from monitoring.view.model import View
from monitoring.view.page import render_view, write_views
from monitoring.view.publish import build_view
from tenants.declaration.model import Department
from tenants.problem import UserError


def made(slug: str, name: str, server: str, third: int) -> dict[str, Any]:
    probe = {"port": 80, "path": "/", "expect": f"Page of {name}"}
    return {
        "department": slug,
        "local_name": name,
        "projects": [
            {
                "name": "prod",
                "environment": "production",
                "networks": [{"name": "front", "cidr": f"10.20.{third}.0/24"}],
                "volumes": [{"name": "data", "size_gib": 3, "type": "standard", "recovery": "gold"}],
                "containers": [{"name": "files", "recovery": "gold"}],
                "servers": [
                    {
                        "name": server,
                        "flavor": "tiny",
                        "fixed_address": f"10.20.{third}.9",
                        "floating_address": f"10.88.8.{third}",
                        "volumes": ["data"],
                        "probe": probe,
                    }
                ],
            }
        ],
    }


@pytest.fixture
def whole(overview: Overview) -> Overview:
    return replace(
        overview,
        made={
            "health": made("health", "卫生健康委员会 (Health Commission)", "web", 10),
            "transport": made("transport", "交通运输局 (Roads Bureau)", "portal", 11),
        },
        repositories={"health": "aaaa1111", "transport": "bbbb2222"},
        vaults=("site-b",),
        alerts=({"alertname": "ServerSilent", "department": "transport", "server": "portal"},),
        missing={"declarations": "transport.yaml:7: got 10.20.11.0/24, which overlaps health", "backups": NO_BACKUP},
    )


@pytest.mark.parametrize(
    ("slug", "others"),
    [
        (
            "health",
            ("transport", "交通", "Roads", "portal", r"10\.20\.11\.", r"10\.88\.8\.11\b", "bbbb2222", "ServerSilent"),
        ),
        ("transport", ("health", "卫生", "Health", "web", r"10\.20\.10\.", r"10\.88\.8\.10\b", "aaaa1111", "Immunisation")),
    ],
)
def test_nothing_of_others_is_in_it(whole: Overview, slug: str, others: tuple[str, ...]) -> None:
    view = build_view(whole, slug)
    for text in (render_document(view), render_view(view)):
        assert [word for word in others if re.search(rf"\b{word}" if word.isascii() else word, text)] == []


@pytest.mark.slow
def test_a_browser_finds_nothing_that_keeps_anybody_out(whole: Overview) -> None:
    assert_accessible_in_a_browser(render_view(build_view(whole, "health")))


def test_it_says_what_the_department_has_uses_and_could_get_back(whole: Overview) -> None:
    page = render_view(build_view(whole, "health"))
    for words in (
        'href="http://10.88.8.10/"',
        "HTTP 200 in 31 ms",
        "10.20.10.0/24",
        "cores: 25 % of the quota",
        "in a repository of your own, <code>aaaa1111</code>",
        '2026-11-22 10:00 UTC<br><span class="good">✓ identical',
        "Example figures",
        "people, network lines, licences",
    ):
        assert words in page, f"the page does not say {words!r}"


def test_why_something_could_not_be_read_stays_with_operations(whole: Overview) -> None:
    missing = build_view(whole, "health").missing
    assert missing["declarations"] == "operations could not read it when this was made, and know why"
    assert "backups" not in missing, "nobody's backup is on record: each thing's row says so of its own"


def test_what_is_promised_is_held_against_the_records(whole: Overview) -> None:
    view = build_view(whole, "health")
    volume = next(kept for kept in view.recovery if kept.source == "volume")
    assert (volume.point_kept(view.at), volume.drill_kept(view.at), volume.time_kept()) == (True, True, True)
    container = next(kept for kept in view.recovery if kept.source == "container")
    assert (container.point_kept(view.at), container.drill_kept(view.at), container.time_kept()) == (True, False, None)


def test_facts_are_read_again_as_they_were_written(whole: Overview) -> None:
    view = build_view(whole, "health")
    assert parse_document(render_document(view), "health.json") == view


@pytest.mark.parametrize("text", ["", "[]", '{"department": 1}', '{"version": 2}'])
def test_what_is_no_such_document_is_one_sentence(text: str) -> None:
    with pytest.raises(UserError) as told:
        parse_document(text, "health.json")
    assert len(told.value.problems) == 1
    assert "health.json" in str(told.value)


def test_pages_of_departments_that_are_gone_are_removed(whole: Overview, tmp_path: Path) -> None:
    write_views(whole, tmp_path)
    write_views(replace(whole, made={"health": whole.made["health"]}, missing={}), tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["health.html", "health.json"]


def test_they_stay_while_it_is_not_known_who_there_is(whole: Overview, tmp_path: Path) -> None:
    write_views(whole, tmp_path)
    write_views(replace(whole, made={}, missing={"what was applied": "permission denied"}), tmp_path)
    assert len(list(tmp_path.iterdir())) == 4


def test_a_view_of_nothing_still_says_why(overview: Overview) -> None:
    page = render_view(View("parks", "园林局", overview.at, None, token=True, missing={"costs": "nobody published them"}))
    assert "No project is built" in page
    assert "nobody published them" in page


GRANT = {
    "container": "prod/files",
    "with": "transport/prod",
    "purpose": "Stations look it up <b>",
    "legal_basis": "Agreement 2026 No. 3",
    "data_items": ["opening hours"],
    "from": "2026-01-01",
    "to": "2027-12-31",
    "approved_by": ["it@health.gov.example", "it@transport.gov.example"],
}


def test_what_is_agreed_is_told_to_the_two_it_concerns_and_to_nobody_else(whole: Overview) -> None:
    def declared(slug: str, *shares: dict[str, Any]) -> Department:
        told = {"name": slug, "local_name": slug, "owners": [f"it@{slug}.gov.example"], "cost_centre": "T-1"}
        return Department.model_validate({**told, "shares": list(shares)})

    every = (declared("health", GRANT), declared("transport"), declared("parks"))
    agreed = replace(whole, declared=every, missing={})
    for slug in ("health", "transport"):
        view = build_view(agreed, slug)
        assert view.agreed is not None
        assert [(share.owner, share.place, share.grantee, share.state) for share in view.agreed] == [
            ("health", "prod/files", "transport/prod", "active")
        ]
        page = render_view(view)
        assert "Stations look it up &lt;b&gt;" in page
        assert "Agreement 2026 No. 3" in page
        assert parse_document(render_document(view), "x.json") == view
    none = build_view(agreed, "parks")
    assert none.agreed == ()
    assert "No grant and no request names this department" in render_view(none)
    assert build_view(whole, "health").agreed is None


def test_a_name_in_another_language_says_which(whole: Overview) -> None:
    page = render_view(build_view(whole, "health"))
    assert '<h1><span lang="zh">卫生健康委员会</span> (Health Commission)</h1>' in page
