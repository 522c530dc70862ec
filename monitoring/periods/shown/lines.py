"""Lines over the time of a report, by the keys of the questions that gave them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from markupsafe import Markup

from monitoring.periods.plots import Line, plot_lines
from monitoring.periods.shown.section import Told, Words


def show_lines(told: Told, w: Words, wanted: Sequence[tuple[str, str]], title: str, factor: float) -> Markup:
    """Give lines over time by the keys of their questions and words; a factor of 100 makes shares per cent."""
    answers = told["answers"]
    first, end = (datetime.fromisoformat(told["period"][edge]).timestamp() for edge in ("first", "end"))
    lines = [Line(w[name], [(at, value * factor) for at, value in answers[key]["points"]]) for key, name in wanted]
    unit = "%" if factor == 100 else w["cores"]
    ends = [f"{line.name} {line.points[-1][1]:.3g}{'%' if factor == 100 else ''}" for line in lines if line.points]
    said = f"{w[title]}: {', '.join(ends) or w['none']}"
    return plot_lines(lines, unit, answers[wanted[0][0]]["step"], first, end, said, 100 if factor == 100 else 0)
