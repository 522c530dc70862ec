"""The sections of a report of any kind."""

from __future__ import annotations

from monitoring.periods.shown.department import show_department
from monitoring.periods.shown.proof import show_questions
from monitoring.periods.shown.savings import show_savings
from monitoring.periods.shown.section import Section, Told, Words
from monitoring.periods.shown.utilisation import show_utilisation


def build_sections(told: Told, words: Words) -> tuple[Section, ...]:
    """Give a report's own sections, and the questions that all have."""
    own = {"utilisation": show_utilisation, "savings": show_savings, "department": show_department}[told["report"]]
    return (*own(told, words), *show_questions(told, words))
