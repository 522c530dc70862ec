"""Holds a report of a period against everything it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitoring.periods.asking import find_stores
from monitoring.periods.document import ask_again, check_files, check_questions, derive_again
from monitoring.prometheus import PrometheusError
from tenants.installation import Installation


def verify_period(told: Mapping[str, Any], installation: Installation) -> tuple[list[str], list[str], str]:
    """Derive, compare and ask again; give what is wrong, what could not be looked at, and what the report rests on."""
    wrong = derive_again(told) + check_questions(told)
    differing, unseen = check_files(told)
    try:
        otherwise, unasked = ask_again(told, find_stores(installation))
    except PrometheusError as error:
        otherwise, unasked = [], [f"answers: {error}"]
    return wrong + differing + otherwise, unseen + unasked, f"{len(told['answers'])} answers, asked and derived again"
