"""The sections of one department's report."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from monitoring.periods.shown.lines import show_lines
from monitoring.periods.shown.proof import show_holes
from monitoring.periods.shown.section import Section, Table, Told, Words, moment, number, percent


def show_department(told: Told, w: Words) -> Iterator[Section]:
    """Give what the department had, and what that counted for."""
    figures = told["figures"]
    quantities = [
        ("cores", w["core_hours"]),
        ("memory_bytes", w["memory_hours"]),
        ("storage_bytes", w["storage_hours"]),
        ("object_bytes", w["object_hours"]),
        ("floating_addresses", w["address_hours"]),
    ]
    rows = [(title, number(figures["hours"][key]), percent(figures["of_quota"].get(key))) for key, title in quantities]
    rows += [
        (w["running"], number(figures["running_core_hours"]), ""),
        (w["worked"], number(figures["worked_core_hours"]), ""),
        (w["utilisation"], percent(figures["utilisation"]), ""),
    ]
    sources = [*(f"given/{key}" for key, _ in quantities), "running", "worked"]
    yield Section(
        "had",
        w["had"],
        (f"{w['measured_share']}: {percent(figures['measured'])} {w['of_time']}. {w['measured_note']}",),
        (Table(w["had"], (w["figure"], w["value"], w["of_limit"]), rows, sources=sources),),
        ((w["own_plot"], show_lines(told, w, (("given/plot", "given_line"), ("worked/plot", "kept_busy")), "own_plot", 1)),),
    )
    lines: list[tuple[str | Markup, ...]] = [
        (
            w[line["item"]],
            moment(line["first"]),
            moment(line["end"]),
            number(line["quantity"]),
            w[line["unit"]],
            w["no_price"] if line["price"] is None else f"{line['price']:g}",
            "–" if line["amount"] is None else f"{line['amount']:,.2f}",
        )
        for line in figures["lines"]
    ]
    lines.append((w["all"], "", "", "", "", "", f"{figures['amount']:,.2f}"))
    columns = [w[c] for c in ("item", "from", "until", "quantity", "unit", "price", "amount")]
    priced = [f"priced/{place}" for place in range(len(figures["lines"]))]
    yield Section(
        "bill",
        w["bill"],
        (w["example_note"],) if told["inputs"]["example"] else (),
        (Table(w["bill"], columns, lines, frozenset({0, 1, 2, 4}), last_is_total=True, sources=priced),),
    )
    yield from show_holes(told, {"cloud": figures["holes"]}, w, {})
