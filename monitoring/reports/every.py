"""Writes all reports of a period, and the page that leads to each for those whom it is for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from monitoring.overview import collect_overview
from monitoring.periods.period import Period
from monitoring.periods.shown.section import moment
from monitoring.periods.writing import find_names, write_department, write_report
from monitoring.recovery.files import write_recovery
from monitoring.reports.language import LANGUAGES, load_words, render_name
from monitoring.reports.page import build_environment, load_style
from monitoring.reports.page import write_report as write_overview
from monitoring.view.page import write_views
from tenants.installation import Installation
from tenants.writing import write_whole

_WORDS = Path(__file__).with_name("words.yaml")


@dataclass
class Made:
    """What was written, and what could not be."""

    folder: Path
    say: Callable[[str], None]
    files: set[str] = field(default_factory=set)
    """Paths within the folder."""
    failed: dict[str, str] = field(default_factory=dict)
    """Report to why it could not be made."""

    def attempt(self, name: str, write: Callable[[], Iterable[Path]]) -> None:
        """Write one report; its failure stops no other."""
        try:
            for file in write():
                self.files.add(file.relative_to(self.folder).as_posix())
                self.say(str(file))
        except Exception as error:  # noqa: BLE001 — whatever fails, its reason belongs on the page and the rest is still made
            self.failed[name] = " ".join(str(error).split()) or type(error).__name__


def write_every(
    installation: Installation,
    cloud: str,
    period: Period,
    folder: Path,
    pdf: bool,
    now: datetime,
    say: Callable[[str], None],
) -> dict[str, str]:
    """Write all of them into a folder and name each file when it is there; give what could not be made, and why."""
    from monitoring.periods.cli import stores_of

    folder.mkdir(parents=True, exist_ok=True)
    made, names, stores = Made(folder, say), find_names(), stores_of(installation)
    made.attempt("overview", lambda: _overview(installation, cloud, folder))
    for kind in ("utilisation", "savings"):
        made.attempt(kind, partial(write_report, kind, stores, period, names, folder, pdf, now))
    made.attempt("recovery", lambda: _recovery(installation, cloud, period, folder, pdf))
    departments = sorted(set(names) | (set() if "utilisation" in made.failed else had_something(folder)))
    for name in departments:
        own = folder / "departments"
        made.attempt(name, partial(write_department, stores, period, name, names, own, pdf, now))
    for language in LANGUAGES:
        target = folder / f"index.{language}.html"
        write_whole(
            target, render_contents(made, period, {name: names.get(name, name) for name in departments}, language, now)
        )
        say(str(target))
    return made.failed


def render_contents(made: Made, period: Period, departments: dict[str, str], language: str, now: datetime) -> str:
    """Give the page that leads to the reports: a part each for operations, departments and auditors."""
    return (
        build_environment()
        .get_template("contents.html.j2")
        .render(
            w=load_words(_WORDS, language),
            tag=LANGUAGES[language],
            language=language,
            first=moment(period.first.isoformat()),
            end=moment(period.end.isoformat()),
            made_at=moment(now.isoformat()),
            files=made.files,
            failed=made.failed,
            departments={name: render_name(local) for name, local in departments.items()},
            style=load_style("style.css"),
            print_style=load_style("print.css"),
        )
    )


def _overview(installation: Installation, cloud: str, folder: Path) -> Iterable[Path]:
    overview = collect_overview(installation, cloud)
    write_views(overview, folder / "departments")
    write_overview(overview, folder / "overview.html")
    return [folder / "overview.html", *sorted((folder / "departments").glob("*.html"))]


def _recovery(installation: Installation, cloud: str, period: Period, folder: Path, pdf: bool) -> Iterable[Path]:
    written: list[Path] = []
    write_recovery(
        installation, cloud, max(1, round(period.seconds / 86400)), folder, pdf, lambda f: written.append(Path(f))
    )
    return written


def had_something(folder: Path) -> set[str]:
    """Give the departments that the folder's utilisation report gives hours to, also those that nobody declares any more."""
    told = json.loads((folder / "utilisation.json").read_text(encoding="utf-8"))
    return {part["department"] for part in told["figures"]["departments"] if any(part["hours"].values())}
