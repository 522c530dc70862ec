"""A section of a page, and how numbers are written in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup

Words = Mapping[str, str]
Told = Mapping[str, Any]
GIB = 1024**3
MOST_BARS = 40
"""A plot of bars has at most so many; the table has all."""


@dataclass(frozen=True)
class Table:
    """A table: the first cell of a row is its heading; columns whose number is in ``texts`` are text."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str | Markup]]
    texts: frozenset[int] = frozenset({0})
    last_is_total: bool = False
    sources: Sequence[str] = ()
    """Keys of the questions that its figures follow from."""


@dataclass(frozen=True)
class Section:
    """A part of the page."""

    name: str
    title: str
    notes: Sequence[str] = ()
    tables: Sequence[Table] = ()
    plots: Sequence[tuple[str, Markup]] = ()
    """Caption and plot."""


def percent(value: float | None) -> str:
    """Give a share as per cent, small ones with a decimal; a dash where it is not known."""
    if value is None:
        return "–"
    return f"{value:.0%}" if value >= 0.1 or value == 0 else f"{value:.1%}" if value >= 0.01 else f"{value:.2%}"


def number(value: float | None, unit: str = "") -> str:
    """Give a number with as many decimals as three figures need; a dash where it is not known."""
    if value is None:
        return "–"
    size = abs(value)
    if size >= 100 or value == int(value):
        shown = f"{value:,.0f}"
    else:
        shown = f"{value:,.1f}" if size >= 10 else f"{value:,.2f}" if size >= 0.1 else f"{value:.2g}"
    return f"{shown.replace('-', '−')} {unit}".strip()


def moment(text: str) -> str:
    """Give an instant to the minute, in UTC."""
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M}Z"
