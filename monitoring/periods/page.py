"""A report of a period as a page without anything beside itself, and as a table of commas."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from monitoring.periods.shown.section import moment
from monitoring.periods.shown.sections import build_sections
from monitoring.reports.language import LANGUAGES, load_words, render_name
from monitoring.reports.page import build_environment, load_style

_HERE = Path(__file__).parent


def render_page(told: Mapping[str, Any], language: str) -> str:
    """Give a report as HTML."""
    words = load_words(_HERE / "words.yaml", language)
    kind = told["report"]
    return (
        build_environment("monitoring.periods")
        .get_template("period.html.j2")
        .render(
            told=told,
            w=words,
            tag=LANGUAGES[language],
            title=words[f"{kind}_title"],
            subtitle=words[f"{kind}_subtitle"],
            who=render_name(told["figures"]["name"]) if kind == "department" else "",
            first=moment(told["period"]["first"]),
            end=moment(told["period"]["end"]),
            made_at=moment(told["made_at"]),
            sections=build_sections(told, words),
            style=load_style("style.css"),
            print_style=load_style("print.css"),
        )
    )


def render_table(told: Mapping[str, Any]) -> str:
    """Give the figures as comma-separated lines, one for each department or line of the bill, with units in the headings."""
    rows = {"utilisation": _usage_rows, "savings": _savings_rows, "department": _bill_rows}[told["report"]](told)
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\r\n")
    table.writerows(["" if cell is None else cell for cell in row] for row in rows)
    return written.getvalue()


_HOURS = {
    "cores": "given_core_hours",
    "memory_bytes": "memory_gib_hours",
    "storage_bytes": "volume_gib_hours",
    "object_bytes": "object_gib_hours",
    "floating_addresses": "address_hours",
}


def _usage_rows(told: Mapping[str, Any]) -> list[list[Any]]:
    own = ("running_core_hours", "worked_core_hours", "utilisation")
    head = ["department", "name", *_HOURS.values(), *own, "cores_of_quota"]
    return [
        head,
        *(
            [
                d["department"],
                d["name"],
                *(d["hours"][key] for key in _HOURS),
                *(d[key] for key in own),
                d["of_quota"]["cores"],
            ]
            for d in told["figures"]["departments"]
        ),
    ]


def _savings_rows(told: Mapping[str, Any]) -> list[list[Any]]:
    own = ("servers_before", "servers_retired", "servers_proven", "utilisation_before", "hosts", "avoided_servers")
    amounts = {
        "energy_saved": "energy_saved_kwh_per_year",
        "carbon_saved": "carbon_saved_kg_per_year",
        "avoided_cost": "avoided_cost_yuan_per_year",
        "saving": "saving_yuan_per_year",
    }
    savings = told["figures"]["savings"]
    departments = savings["departments"] if savings else []
    rows = [[d["department"], *(d[key] for key in (*own, *amounts))] for d in departments]
    if savings:
        rows.append(["(all)", *[None] * len(own), *(savings[key] for key in amounts)])
        for end in ("low", "high"):
            ranges = told["figures"]["ranges"]
            rows.append([f"(all, {end})", *[None] * len(own), *(ranges[key] and ranges[key][end] for key in amounts)])
    return [["department", *own, *amounts.values()], *rows]


def _bill_rows(told: Mapping[str, Any]) -> list[list[Any]]:
    head = ["department", "item", "first", "end", "quantity", "unit", "price_yuan", "amount_yuan"]
    keys = ("item", "first", "end", "quantity", "unit", "price", "amount")
    figures = told["figures"]
    return [head, *([figures["department"], *(line[key] for key in keys)] for line in figures["lines"])]
