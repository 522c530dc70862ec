"""Recovery tiers: ``policy.yaml`` as values, checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from tenants.declaration.sentence import sentences
from tenants.declaration.source import load_source
from tenants.declaration.words import Declared, Name
from tenants.problem import UserError

DEFAULT_POLICY = Path(__file__).with_name("policy.yaml")
NO_RECOVERY = "none"
"""The tier of what is not backed up at all."""

_DAY = timedelta(days=1)
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": _DAY}


def parse_duration(text: object) -> timedelta:
    """Turn ``15m``, ``24h`` or ``30d`` into a duration; raise ``ValueError`` for anything else."""
    if isinstance(text, timedelta):
        return text
    if not isinstance(text, str) or not (match := re.fullmatch(r"([1-9][0-9]{0,5})([mhd])", text)):
        raise ValueError("expected a duration such as 15m, 24h or 30d")
    return int(match[1]) * _UNITS[match[2]]


def render_duration(duration: timedelta) -> str:
    """Give a duration in the largest unit that says it exactly: ``24h``, not ``1d``, up to two days."""
    minutes = int(duration.total_seconds() // 60)
    if minutes % 1440 == 0 and minutes > 2880:
        return f"{minutes // 1440}d"
    return f"{minutes // 60}h" if minutes % 60 == 0 else f"{minutes}m"


def _parse_start(text: object) -> timedelta:
    if isinstance(text, timedelta):
        return text
    if not isinstance(text, str) or not (match := re.fullmatch(r"([01][0-9]|2[0-3]):([0-5][0-9])", text)):
        raise ValueError('expected a time of day in quotes such as "22:00"')
    return timedelta(hours=int(match[1]), minutes=int(match[2]))


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
TimeOfDay = Annotated[timedelta, BeforeValidator(_parse_start)]


class Tier(Declared):
    """What one recovery tier promises."""

    purpose: str = Field(min_length=1, max_length=200, title="Purpose", description="What it is for, in one sentence.")
    every: Duration = Field(title="Every", description="Time between two backups; divides a day evenly.")
    start: TimeOfDay = Field(title="Start", description="First backup of the day, UTC, before the spread.")
    spread: Duration = Field(title="Spread", description="Departments are spread over this long.")
    keep_within: Duration = Field(title="Keep within", description="How long a snapshot is kept at least.")
    recovery_point: Duration = Field(title="RPO", description="How old the newest good snapshot may be.")
    recovery_time: Duration = Field(title="RTO", description="How long bringing the data back may take.")
    drill_every: Duration = Field(title="Drill every", description="How often a snapshot is restored and compared.")
    reread_within: Duration = Field(title="Reread within", description="Every pack in the vault is read again this often.")

    copies: int = Field(
        default=2,
        strict=True,
        ge=1,
        le=5,
        title="Copies",
        description="Places that hold the data: the cloud's own site, the vault, and each further copy on record.",
    )
    level: int = Field(
        default=1, strict=True, ge=1, le=4, title="Level", description="Of GB/T 20988 that it is meant to meet."
    )

    @model_validator(mode="after")
    def _promises_can_be_kept(self) -> Tier:
        if _DAY % self.every:
            raise ValueError(f"got every {render_duration(self.every)}, expected a time that divides 24h evenly")
        if self.spread > self.every:
            raise ValueError(
                f"got spread {render_duration(self.spread)}, expected at most every {render_duration(self.every)}"
            )
        if self.recovery_point <= self.every:
            raise ValueError(
                f"got recovery_point {render_duration(self.recovery_point)}, "
                f"expected more than every {render_duration(self.every)}: a backup takes time itself"
            )
        if self.reread_within < _DAY:
            raise ValueError(f"got reread_within {render_duration(self.reread_within)}, expected at least 24h")
        if self.copies < 2:
            raise ValueError(f"got copies {self.copies}, expected 2: every level asks for a copy at another site")
        if self.keep_within < self.drill_every:
            raise ValueError(
                f"got keep_within {render_duration(self.keep_within)}, "
                f"expected at least drill_every {render_duration(self.drill_every)}: a verified snapshot must exist"
            )
        return self


Share = Annotated[int, Field(ge=1, le=100)]
"""Per cent."""


class Freeze(Declared):
    """What is unusual enough of a run to keep everything that a department has."""

    history: int = Field(ge=2, le=100, title="History", description="Fewer earlier runs say nothing.")
    changed: Share = Field(title="Changed", description="Share of the data that is new in one run.")
    times: int = Field(ge=2, le=100, title="Times", description="So many times the most of the earlier runs.")
    incompressible: Share = Field(title="Incompressible", description="Stored share of new data that looks encrypted.")
    compressible: Share = Field(title="Compressible", description="Median stored share below which that is unusual.")
    matters: Share = Field(title="Matters", description="Share of new data below which nothing is told by it.")
    shrunk: Share = Field(title="Shrunk", description="Share of the run before, below which the data was emptied.")


class VaultTerms(Declared):
    """What the second site goes by when it removes what need no longer be kept."""

    keep_verified: int = Field(ge=1, le=100, title="Keep verified", description="Newest verified snapshots that stay.")
    most_at_once: Share = Field(title="Most at once", description="Share of one thing's snapshots removed in one run.")
    prune_every: Duration = Field(title="Prune every", description="How often space is given back at most.")
    prune_within: Duration = Field(title="Prune within", description="After how long that is interrupted.")
    retain_at: TimeOfDay = Field(default=timedelta(hours=9), title="Retain at", description="When, UTC, every day.")
    drill_at: TimeOfDay = Field(default=timedelta(hours=10), title="Drill at", description="When drills are looked for.")
    freeze: Freeze = Field(title="Freeze", description="What is so unusual that nothing is removed.")


class Policy(Declared):
    """Every tier, the control plane's, and what the vault's side goes by."""

    tiers: Mapping[Name, Tier] = Field(min_length=1, title="Tiers", description="Recovery tiers by name.")
    control_plane: Name = Field(title="Control plane", description="Tier of the cloud's own control plane.")
    at_once: int = Field(default=3, ge=1, le=64, title="At once", description="How many departments are backed up at once.")
    vault: VaultTerms = Field(title="Vault", description="What the second site goes by.")
    copied_within: Duration = Field(
        default=timedelta(days=31),
        title="Copied within",
        description="How old the newest snapshot in a further copy may be, for that to count as one of a tier's copies.",
    )

    shared_images: str = Field(
        default="",
        title="Shared images",
        description="Tier of the images all departments may use; else the control plane's.",
    )

    @model_validator(mode="after")
    def _tier_is_known(self) -> Policy:
        for key, tier in (
            ("control_plane", self.control_plane),
            ("shared_images", self.shared_images or self.control_plane),
        ):
            if tier not in self.tiers:
                raise ValueError(f"got {key} {tier}, expected one of {', '.join(self.tiers)}")
        return self


def load_policy(file: Path = DEFAULT_POLICY) -> Policy:
    """Read a policy; raise :class:`UserError` with a sentence for each mistake."""
    source = load_source(file)
    try:
        return Policy.model_validate(source.value)
    except ValidationError as error:
        raise UserError.of(sentences(error, Policy, source)) from error
