"""Timers of the operator's machine: what it alone may do for the vault, every day at the policy's times (decision 9)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from backup.policy import VaultTerms
from backup.schedule import Place, render_calendar, render_pair

PREFIX = "oneroof-operator-"
"""Of these units alone: those of the operations host begin otherwise."""
_WHY = "What runs at the vault is interrupted with it, and the lease ends with it."


def render_operator_units(terms: VaultTerms, home: Path, checkout: Path, program: Path) -> dict[str, str]:
    """Give the text of every unit by its file name."""
    place = Place("oneroof vault timers", home, program, _WHY, workplace=checkout, homes="read-only")
    units: dict[str, str] = {}
    for name, command, at, description in (
        ("retain", "vault retain", terms.retain_at, "Removing from the vault what need no longer be kept"),
        ("drill", "drill --if-due", terms.drill_at, "Restore drills that are due"),
    ):
        calendar = render_calendar(at, timedelta(days=1))
        units |= render_pair(
            f"{PREFIX}{name}", place, description=description, command=command, often="day", calendar=calendar
        )
    return units
