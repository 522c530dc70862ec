"""What was planned of each request, kept in the installation's home: only that is applied after the merge."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tenants.writing import write_private

VERSION = 1


@dataclass(frozen=True)
class Record:
    """A request that could be merged, but for approvals, when it was last reviewed."""

    number: int
    head: str
    blobs: Mapping[str, str]
    """Declaration's path to the git object that was planned; all zeros where it is deleted."""
    needs: tuple[tuple[str, tuple[str, ...]], ...]
    """Whose approval, and the accounts that may give it, as the protected branch said then."""
    plan: str
    """JSON of the plan; empty where no declaration changed."""
    ended: bool = False
    """Whether all of it is in the cloud."""


def record_file(folder: Path, number: int) -> Path:
    """Give where a request's record lies."""
    return folder / f"{number}.json"


def write_record(folder: Path, record: Record) -> None:
    """Keep it; replaces what was kept of the request before."""
    value = {"version": VERSION, **record.__dict__}
    write_private(record_file(folder, record.number), json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def load_record(folder: Path, number: int) -> Record | None:
    """Read it; nothing where there is none, or one of another form."""
    try:
        value = json.loads(record_file(folder, number).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    if value.pop("version") != VERSION:
        return None
    needs = tuple((whose, tuple(accounts)) for whose, accounts in value.pop("needs"))
    return Record(**value, needs=needs)


def forget_record(folder: Path, number: int) -> None:
    """Remove what was kept of a request that must not be applied."""
    record_file(folder, number).unlink(missing_ok=True)


def unended(folder: Path) -> Iterator[int]:
    """Give the numbers of the requests that are kept and not in the cloud, ascending."""
    numbers = sorted(int(file.stem) for file in folder.glob("*.json") if file.stem.isdigit())
    return (number for number in numbers if (record := load_record(folder, number)) is not None and not record.ended)
