"""The levels of GB/T 20988 as data, with what this program holds evidence against and where each figure is from."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pydantic import Field

from backup.policy import Duration
from tenants.declaration.source import load_source
from tenants.declaration.words import Declared

FILE = Path(__file__).with_name("standards.yaml")
MOST = 4
"""The highest level that copies of instants can meet."""


class Edition(Declared):
    """One edition of the standard, and how far its figures here can be trusted."""

    name: str
    status: str
    source: str
    secondary: bool


class Figures(Declared):
    """What an edition's table says, in its words."""

    rto: str
    rpo: str


class Limit(Declared):
    """What evidence is held against."""

    recovery_point: Duration
    recovery_time: Duration | None = None
    every: Duration


class Level(Declared):
    """One level."""

    name: str
    local_name: str
    figures: Mapping[str, Figures]
    limit: Limit | None = None
    means: str = ""
    never: str = ""
    """Why backups cannot meet it."""
    local_never: str = ""


class Standards(Declared):
    """Both editions, all levels."""

    editions: Mapping[str, Edition] = Field(min_length=1)
    levels: Mapping[int, Level] = Field(min_length=6)


@cache
def load_standards() -> Standards:
    """Read the tables; they are part of this program, so a mistake in them is a bug."""
    return Standards.model_validate(load_source(FILE).value)
