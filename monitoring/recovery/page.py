"""The recovery report as a page without anything beside itself, and as a table of commas; pure but for the template."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from backup.report import level
from monitoring.reports.language import LANGUAGES, load_words
from monitoring.reports.page import build_environment, load_style

_WORDS = Path(__file__).with_name("words.yaml")
COLUMNS = (
    "department",
    "source",
    "name",
    "tier",
    "level_meant",
    "level_borne_out",
    "rpo_promised_seconds",
    "rpo_now_seconds",
    "rpo_longest_seconds",
    "data_as_of",
    "state",
    "rto_promised_seconds",
    "rto_measured_seconds",
    "drill_at",
    "evidence",
)


def render_page(document: Mapping[str, Any], language: str) -> str:
    """Give the report as HTML."""
    environment = build_environment("monitoring.recovery")
    words = load_words(_WORDS, language)
    environment.filters |= {"when": render_instant, "span": render_span, "percent": lambda value: f"{value:.0%}"}
    return environment.get_template("recovery.html.j2").render(
        r=document,
        w=words,
        language=language,
        tag=LANGUAGES[language],
        style=load_style("style.css"),
        print_style=load_style("print.css"),
        state=lambda name: words.get(f"{name}_state", words.get(name, name)),
    )


def render_table(document: Mapping[str, Any]) -> str:
    """Give one line for each thing that is backed up, durations in seconds."""
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\r\n")
    table.writerow(COLUMNS)
    for department in document["departments"]:
        for item in department["items"]:
            point, time = item["recovery_point"], item["recovery_time"]
            cells = (
                department["department"],
                item["source"],
                item["name"],
                item["tier"],
                item["level"]["promised"],
                item["level"]["achieved"],
                point["promised"],
                point["now"],
                point["worst"],
                point["as_of"],
                point["state"],
                time["promised"],
                time["measured"],
                time["at"],
                " ".join([*point["evidence"], *time["evidence"]]),
            )
            table.writerow(["" if cell is None else cell for cell in cells])
    return written.getvalue()


def render_instant(text: str | None) -> str:
    """Give an instant to the minute, in UTC."""
    return "–" if not text else f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M}Z"


def render_span(seconds: float | None) -> str:
    """Give a time in the unit that suits it."""
    return "–" if seconds is None else level.render_span(timedelta(seconds=seconds), of_days=0)
