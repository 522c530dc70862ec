"""Months that were closed: a file each, with its own digest and that of the month closed before it."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from monitoring.showback.month import Line, Month
from tenants.problem import Problem, UserError


@dataclass(frozen=True)
class Closed:
    """A closed month as it stands in its file."""

    month: Month
    closed_at: str
    previous: str
    """Digest of the month closed before; empty for the first."""
    digest: str


def load_closed(folder: Path, month: str) -> Closed | None:
    """Give a closed month, None where it is open; raises UserError where its file was changed since, or one before it."""
    files = sorted(folder.glob("????-??.json"))
    before, wanted = "", None
    for file in files:
        closed = _load(file)
        if closed.previous != before:
            expected = before[:12] or "none"
            raise UserError(
                Problem(f"it follows {closed.previous[:12]}, expected {expected}: a closed month was changed", file=file)
            )
        before = closed.digest
        wanted = closed if closed.month.month == month else wanted
    return wanted


def close(folder: Path, month: Month, now: datetime) -> Closed:
    """Write a month's file, once; raises UserError where a later month is closed already."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    names = sorted(file.stem for file in folder.glob("????-??.json"))
    if names and names[-1] >= month.month:
        raise UserError(f"{month.month}: got a month before {names[-1]}, which is closed, expected a later one")
    previous = "" if not names else _load(folder / f"{names[-1]}.json").digest
    content = {"month": asdict(month), "closed_at": now.isoformat(timespec="seconds"), "previous": previous}
    digest = _digest(content)
    file = folder / f"{month.month}.json"
    text = json.dumps({**content, "digest": digest}, indent=1, ensure_ascii=False) + "\n"
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    return Closed(month, str(content["closed_at"]), previous, digest)


def _load(file: Path) -> Closed:
    try:
        read: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        digest = read.pop("digest")
        month = read["month"]
        lines = tuple(Line(**line) for line in month["lines"])
        closed = Closed(Month(**{**month, "lines": lines}), read["closed_at"], read["previous"], digest)
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(Problem(f"it is no closed month any more: {error}", file=file)) from error
    if _digest(read) != digest:
        raise UserError(Problem("it was changed after it was closed", "Bring it back from the backup.", file))
    return closed


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
