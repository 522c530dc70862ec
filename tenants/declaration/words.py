"""The words that every part of a declaration is written in."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

NAME_PATTERN = r"^[a-z]([a-z0-9-]*[a-z0-9])?$"
CODE_PATTERN = r"^([A-Z0-9]([A-Z0-9-]*[A-Z0-9])?)?$"
PHONE_PATTERN = r"^\+?[0-9][0-9 ()-]{2,28}[0-9]$"
PLACE_PATTERN = r"^[a-z]([a-z0-9-]*[a-z0-9])?/[a-z]([a-z0-9-]*[a-z0-9])?$"

Name = Annotated[str, Field(pattern=NAME_PATTERN, max_length=32)]
"""A DNS label: what becomes part of names in the cloud, in metrics and in addresses."""
Mailbox = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254)]
"""Where people of the department are reached."""
Port = Annotated[int, Field(strict=True, ge=1, le=65535)]
Switch = Annotated[bool, Field(strict=True)]


def _parse_day(value: object) -> object:
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError("expected a day such as 2026-12-31")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("expected a day of the calendar, such as 2026-12-31") from None


Day = Annotated[date, BeforeValidator(_parse_day, json_schema_input_type=str)]
"""A day of the calendar, such as 2026-12-31; days are UTC's."""


def parse_instant(text: str) -> datetime:
    """Read an instant such as ``2026-11-20T10:00``, UTC where no zone is told; raise ``ValueError`` for others."""
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("expected an instant such as 2026-11-20T10:00 (UTC)") from None
    return told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)


Instant = Annotated[
    datetime,
    BeforeValidator(lambda value: parse_instant(value) if isinstance(value, str) else value, json_schema_input_type=str),
]
"""A moment in UTC, such as 2026-11-20T10:00."""


class Declared(BaseModel):
    """What every part of a declaration shares: it never changes, and knows no other keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)
