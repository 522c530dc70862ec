"""The recovery report as a page without anything beside itself, and as a table of commas; pure but for the template."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined

from backup.report import level
from tenants.problem import Problem, UserError

LANGUAGES = {"en": "en", "zh": "zh-Hans"}
"""Language to its tag in HTML."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_STYLE = Path(__file__).parent.parent / "reports" / "style.css"
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


def load_words(language: str) -> dict[str, str]:
    """Give every word of the report in one language."""
    told: Mapping[str, Mapping[str, str]] = yaml.safe_load(Path(__file__).with_name("words.yaml").read_text("utf-8"))
    return {key: words[language] for key, words in told.items()}


def render_page(document: Mapping[str, Any], language: str) -> str:
    """Give the report as HTML."""
    environment = Environment(
        loader=PackageLoader("monitoring.recovery", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words = load_words(language)
    environment.filters |= {"when": render_instant, "span": render_span, "percent": lambda value: f"{value:.0%}"}
    return environment.get_template("recovery.html.j2").render(
        r=document,
        w=words,
        language=language,
        tag=LANGUAGES[language],
        style=_STYLE.read_text("utf-8"),
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


def print_page(page: str, target: Path) -> None:
    """Have a browser print a page to PDF; raise :class:`UserError` where this machine has none."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        hint = "Install Debian's package chromium, or print the HTML page from any browser."
        raise UserError(Problem("a PDF is printed by Chromium, and this machine has none", hint))
    with tempfile.TemporaryDirectory(prefix="oneroof-pdf-") as folder:
        source, made = Path(folder, "report.html"), Path(folder, "report.pdf")
        source.write_text(page, encoding="utf-8")
        flags = ["--headless=new", "--disable-gpu", "--no-pdf-header-footer", f"--user-data-dir={folder}/profile"]
        flags += ["--no-sandbox"]  # the page has no script and reaches nothing, and root has no other way
        argv = [browser, *flags, f"--print-to-pdf={made}", source.as_uri()]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode or not made.is_file():
            said = " ".join(done.stderr.split())[-300:]
            raise UserError(Problem(f"{browser} did not print the page: it ended with {done.returncode}: {said}"))
        data = made.read_bytes()
    from tenants.writing import write_private

    write_private(target, data)
