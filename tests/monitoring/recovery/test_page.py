"""The page can be read by everybody: words in both languages, heads with their scope, links that lead somewhere."""

from __future__ import annotations

import csv
import io
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from browser import assert_accessible_in_a_browser
from read_page import assert_accessible
from recorded_evidence import DAY, HOUR, Written, check, drill, snapshot

from backup.records import Outcome
from backup.report.document import build_document
from monitoring.recovery import page
from monitoring.recovery.page import render_page, render_span, render_table
from monitoring.reports.language import LANGUAGES, load_words
from monitoring.reports.pdf import BROWSERS, print_page
from tenants.problem import UserError


@pytest.fixture
def document(tmp_path: Path) -> dict[str, Any]:
    written = Written(tmp_path / "records")
    gone = {
        "department": "health",
        "outcome": "verified",
        "ended_at": "2026-11-24T00:00:00+00:00",
        "by": "root@b",
        "left": 3,
    }
    written.write(
        snapshot(20 * HOUR),
        snapshot(16 * HOUR, Outcome.FAILED, "the <vault> is full"),
        snapshot(HOUR, Outcome.VERIFIED),
        drill(DAY, 600.0),
        drill(2 * DAY, 1.0, identical=False),
        *(check(DAY, part) for part in (1, 2, 3, 4)),
        deletion=gone,
    )
    things = [
        {"department": "health", "kind": "volume", "name": "prod/x", "state": "undeclared", "gap": True, "why": "in no file",
         "created_at": None},
        {"department": "health", "kind": "server", "name": "prod/web", "state": "rebuilt", "gap": False, "why": "made again",
         "created_at": "2026-11-02T08:00:00+00:00"},
    ]  # fmt: skip
    inputs = written.inputs(things=things)
    told = build_document(inputs, written.entries())
    told["inputs"]["waivers"] = []
    return told


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_whole_and_accessible(document: dict[str, Any], language: str) -> None:
    text = render_page(document, language)
    assert_accessible(text, LANGUAGES[language])
    assert "the &lt;vault&gt; is full" in text


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_browser_finds_nothing_that_keeps_anybody_out(document: dict[str, Any], language: str) -> None:
    assert_accessible_in_a_browser(render_page(document, language))


def test_every_word_is_told_in_both_languages_and_used() -> None:
    folder = Path(page.__file__).parent
    words = yaml.safe_load((folder / "words.yaml").read_text("utf-8"))
    assert all(set(told) == set(LANGUAGES) and all(told.values()) for told in words.values())
    chinese = load_words(folder / "words.yaml", "zh")
    assert all(re.search(r"[\u4e00-\u9fff]", text) for text in chinese.values())


def test_the_table_has_a_line_for_each_thing_with_its_evidence(document: dict[str, Any]) -> None:
    (line,) = csv.DictReader(io.StringIO(render_table(document)))
    assert (line["department"], line["name"], line["level_meant"]) == ("health", "prod/data", "4")
    assert (line["rpo_now_seconds"], line["rpo_longest_seconds"], line["state"]) == ("3600.0", "68400.0", "verified")
    assert len(line["evidence"].split()) == 2


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "–"), (1.26, "1.3 s"), (60, "60 s"), (5400, "90 min"), (21600, "6 h"), (864000, "10 d")]
)
def test_times_are_in_the_unit_that_suits_them(seconds: float | None, text: str) -> None:
    assert render_span(seconds) == text


def test_a_browser_prints_it_or_the_machine_has_none(
    document: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "report.pdf"
    if any(shutil.which(name) for name in BROWSERS):
        print_page(render_page(document, "zh"), target)
        assert target.read_bytes().startswith(b"%PDF-")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="printed by Chromium, and this machine has none"):
        print_page("", target)
