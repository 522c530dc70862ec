"""The day, read from the clock: for the edge alone, which hands it on as an argument."""

from __future__ import annotations

from datetime import UTC, date, datetime


def today() -> date:
    """Give the day in UTC, so that a grant ends at the same instant on every machine."""
    return datetime.now(UTC).date()
