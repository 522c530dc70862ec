"""Renders one department's view as a page in the design of the report, and publishes all of them."""

from __future__ import annotations

from pathlib import Path

from monitoring.overview import Overview
from monitoring.reports.page import build_environment, render_bar
from monitoring.view.document import render_document
from monitoring.view.model import IN_BYTES, ProjectView, Use, View
from monitoring.view.publish import NEVER_COSTED, build_view
from tenants.writing import write_whole


def render_view(view: View) -> str:
    """Give the page as HTML; it needs nothing beside itself."""
    fullest = find_fullest(view)
    return (
        build_environment()
        .get_template("department.html.j2")
        .render(
            v=view,
            bar=render_bar,
            servers=[server for _, server in view.servers],
            shares=[(project.name, share) for project in view.projects for share in project.shares or ()],
            fullest=fullest[1] if fullest else None,
            fullest_project=fullest[0].name if fullest else "",
            in_bytes=IN_BYTES,
            never_costed=NEVER_COSTED,
        )
    )


def find_fullest(view: View) -> tuple[ProjectView, Use] | None:
    """Give the quota of which most is taken."""
    limited = [(project, use) for project in view.projects for use in project.uses if use.part is not None]
    return max(limited, key=lambda pair: pair[1].part or 0.0, default=None)


def write_views(overview: Overview, folder: Path) -> tuple[str, ...]:
    """Write page and facts of every department; remove those of departments that are gone. Give their names."""
    names = overview.published()
    for name in names:
        view = build_view(overview, name)
        write_whole(folder / f"{name}.json", render_document(view))
        write_whole(folder / f"{name}.html", render_view(view))
    if "declarations" not in overview.missing and "what was applied" not in overview.missing:
        for left in (file for file in folder.glob("*") if file.suffix in (".html", ".json") and file.stem not in names):
            left.unlink()
    return names
