"""Application credentials: what a program logs in with in place of a local user's password, until a day."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated

from pydantic import BeforeValidator, Field

from tenants.declaration.words import Declared, Name


def _day(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise ValueError("expected a day such as 2027-06-30")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("expected a day of the calendar such as 2027-06-30") from None


Day = Annotated[date, BeforeValidator(_day)]
"""A day as people write it; a number is none."""


class ApplicationCredential(Declared):
    """A login of a program that works as one of the department's local users, in one project."""

    name: Name = Field(title="Name", description="Unique among those of its user.")
    user: Name = Field(title="User", description="The local user it works as.")
    project: Name = Field(title="Project", description="The project it works in.")
    roles: tuple[Name, ...] = Field(
        default=(), title="Roles", description="What it may do there, of what the user may; all of it where left out."
    )
    ends: Day = Field(title="Ends", description="The last day on which it works, for example 2027-06-30; another renews it.")
