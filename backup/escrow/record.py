"""What is known of an escrow without opening it, and what the ledger tells of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from backup.records import Outcome
from tenants.installation import Installation
from tenants.problem import Problem, UserError
from tenants.writing import write_whole


@dataclass(frozen=True)
class Escrow:
    """The public side of an escrow, in the installation's home: no secret in it."""

    public_key: str
    """Base64."""
    shares: int
    threshold: int
    split_at: str
    """ISO 8601, UTC; the holders' shares are of this instant."""
    version: int
    """Of the newest sealing."""
    sealed_at: str
    repositories: Sequence[str]
    """Whose passwords are sealed."""
    digest: str
    """Of what is sealed."""


@dataclass(frozen=True)
class EscrowRecord:
    """An escrow was split, sealed anew, or opened on trial."""

    KIND: ClassVar[str] = "escrow"

    what: str
    """``split``, ``seal`` or ``drill``."""
    started_at: datetime
    ended_at: datetime
    version: int
    shares: int
    threshold: int
    repositories: Sequence[str]
    """Sealed; in a drill those that were opened at the vault."""
    outcome: Outcome
    reason: str = ""


def escrow_file(installation: Installation) -> Path:
    """Give the file of the public side."""
    return installation.home / "escrow.json"


def sealed_file(installation: Installation) -> Path:
    """Give the file of the sealed content."""
    return installation.home / "escrow.sealed"


def load_escrow(installation: Installation) -> Escrow | None:
    """Read the public side; none where nothing was ever split."""
    file = escrow_file(installation)
    if not file.exists():
        return None
    try:
        return Escrow(**json.loads(file.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise UserError(
            Problem("this is no record of an escrow", "`oneroof escrow split` makes a new one.", file)
        ) from error


def store_escrow(installation: Installation, escrow: Escrow) -> None:
    """Write the public side, whole or not at all."""
    write_whole(escrow_file(installation), json.dumps(asdict(escrow), indent=1) + "\n")


def find_outdated(escrow: Escrow | None, repositories: Iterable[str], digest: str) -> tuple[str, ...]:
    """Give why an escrow would not bring back what there is now; nothing where it would. Pure."""
    if escrow is None:
        return ("nothing is in escrow: who loses both the operator's machine and site-a loses all; `oneroof escrow split`",)
    now, then = set(repositories), set(escrow.repositories)
    found = [f"the password of {name} is not in escrow" for name in sorted(now - then)]
    found += [f"{name} is in escrow and has no password any more" for name in sorted(then - now)]
    if not found and digest != escrow.digest:
        found.append("keys are not those in escrow any more")
    return tuple(found)
