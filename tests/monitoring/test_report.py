"""The page is whole, stands alone, and says what it does not know."""

from __future__ import annotations

import html.parser
from dataclasses import replace
from pathlib import Path

import pytest
from browser import assert_accessible_in_a_browser

from monitoring.overview import Overview
from monitoring.reports.page import build_missing, build_recovery, render_bytes, render_duration, render_report, write_report

VOID = {"meta", "br", "rect", "link", "img"}


class _Balance(html.parser.HTMLParser):
    """Follows which elements are open, and what reaches outside."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self.outside += [str(value) for name, value in attrs if name == "src" or (tag == "link" and name == "href")]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag


def test_every_element_is_closed_and_nothing_is_loaded_from_elsewhere(overview: Overview) -> None:
    page, balance = render_report(overview), _Balance()
    balance.feed(page)
    assert balance.open == []
    assert balance.outside == []
    assert "@import" not in page
    assert "url(" not in page


@pytest.mark.slow
def test_a_browser_finds_nothing_that_keeps_anybody_out(overview: Overview) -> None:
    assert_accessible_in_a_browser(render_report(overview))


def test_it_shows_addresses_answers_backups_and_drills(overview: Overview) -> None:
    page = render_report(overview)
    for words in (
        "10.88.8.10",
        "HTTP 200 in 31 ms",
        "No route to host",
        "prod/data",
        "12.5 s",
        "2026-11-22 08:00 UTC",
        "1 of 2</b><span>probed servers answer",
        "18%",
        "Example figures",
    ):
        assert words in page, f"the page does not say {words!r}"


def test_what_could_not_be_measured_is_listed(overview: Overview) -> None:
    assert "Prometheus has no sample yet" in render_report(overview)


def test_what_a_figure_could_be_taken_for_is_listed_too(overview: Overview) -> None:
    told = dict(build_missing(overview))
    assert "everything that runs on it" in told["CPU use of the lab's hosts alone"]
    assert "comes on top" in told["time until a department works again"]
    elsewhere = dict(build_missing(replace(overview, machines=(), drills={})))
    assert "CPU use of the lab's hosts alone" not in elsewhere
    assert "time until a department works again" not in elsewhere


def test_what_is_to_be_backed_up_is_the_whole_that_is_counted_against(overview: Overview) -> None:
    page = render_report(overview)
    assert "3 of 4</b><span>things to back up have a good backup" in page
    assert "1 of 4</b><span>restored identically in their last drill" in page


def test_a_page_about_nothing_still_says_why(overview: Overview) -> None:
    empty = Overview(overview.at, overview.home, overview.clouds, "oneroof", missing={"the cloud": "no answer"})
    page = render_report(empty)
    assert "no answer" in page
    assert "Nothing is on record" in page


def test_text_of_departments_is_escaped(overview: Overview) -> None:
    page = render_report(replace(overview, missing={"<script>": "<b>why</b>"}))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_promises_are_compared_with_records(overview: Overview) -> None:
    rows = {(row.department, row.source, row.name): row for row in build_recovery(overview)}
    kept = rows["health", "volume", "prod/data"]
    assert kept.point_kept(overview.at) is True
    assert kept.time_kept() is True
    never = rows["transport", "volume", "prod/data"]
    assert never.backup is None
    assert never.point_kept(overview.at) is False
    assert never.time_kept() is None


def test_the_page_lands_whole(overview: Overview, tmp_path: Path) -> None:
    target = tmp_path / "reports" / "index.html"
    write_report(overview, target)
    assert target.read_text(encoding="utf-8").rstrip().endswith("</html>")
    assert list(target.parent.iterdir()) == [target]


def test_amounts_read_well() -> None:
    assert render_bytes(3 * 1024**3) == "3.0 GiB"
    assert render_bytes(512) == "512 B"
    assert render_bytes(None) == "–"
    assert [render_duration(s) for s in (0.4, 600, 7200, 4 * 86400)] == ["0.4 s", "10 min", "2 h", "4 d"]
