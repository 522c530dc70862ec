"""Figures that name their source, in a file where every source has a date and a confidence.

A figure whose source is not in the same file cannot be loaded: a saving without a baseline is a claim (GAO-14-713: agencies
that closed 67 data centres could not calculate what they had cost before).
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tenants.problem import Problem, UserError


class Confidence(StrEnum):
    """How far a figure can be trusted."""

    MEASURED = "measured"
    STATED = "stated"
    ASSUMED = "assumed"


class Strict(BaseModel):
    """What every part of such a file shares: it never changes, and knows no other keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(Strict):
    """Where figures come from."""

    title: str
    dated: date
    confidence: Confidence
    example: bool = False
    """True for sample figures that a real survey must replace."""


class Figure(Strict):
    """One number and the key of its source."""

    value: Annotated[float, Field(ge=0)]
    source: str
    low: Annotated[float, Field(ge=0)] | None = None
    """The least that it could be, where the source tells; else the spread of the source's confidence."""
    high: Annotated[float, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Figure:
        least = self.value if self.low is None else self.low
        most = self.value if self.high is None else self.high
        if not least <= self.value <= most:
            raise ValueError(f"got low {self.low}, value {self.value}, high {self.high}, expected them in this order")
        return self


class Sourced(Strict):
    """A file of figures with the sources that they name."""

    sources: dict[str, Source]

    @property
    def is_example(self) -> bool:
        """Whether any figure is a sample that must be replaced."""
        return any(source.example for source in self.sources.values())


_Model = TypeVar("_Model", bound=Sourced)


def load_figures(model: type[_Model], path: Path) -> _Model:
    """Read a file of figures; raise UserError with every mistake."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(Problem("the file does not exist", "copy the sample of the repository", path)) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = None if mark is None else mark.line + 1
        raise UserError(Problem("this is no YAML", str(getattr(error, "problem", "")), path, line)) from error
    try:
        value = model.model_validate(data)
    except ValidationError as error:
        raise UserError.of(
            Problem(f"{'.'.join(str(part) for part in mistake['loc'])}: {mistake['msg']}", file=path)
            for mistake in error.errors()
        ) from error
    unknown = sorted({name for name in _sources_named(data) if name not in value.sources})
    if unknown:
        raise UserError.of(
            Problem(
                f"source: got {name!r}, expected one of {', '.join(sorted(value.sources))}",
                "every figure names a source of this file",
                path,
            )
            for name in unknown
        )
    return value


def _sources_named(data: Any) -> list[str]:  # YAML is any tree of values
    if isinstance(data, dict):
        own = [data["source"]] if "source" in data and "value" in data else []
        return own + [name for part in data.values() for name in _sources_named(part)]
    if isinstance(data, list):
        return [name for part in data for name in _sources_named(part)]
    return []
