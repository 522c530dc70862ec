"""A report derived again from the ledgers, and each figure named that differs, with what it should say. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from backup.ledger import Entry
from backup.report.document import build_document, parse_inputs, up_to


def find_changes(told: Mapping[str, Any], entries: Sequence[Entry]) -> list[str]:
    """Give one sentence for each figure that does not follow from the ledgers; raise ``ValueError`` for no report."""
    inputs = parse_inputs(told)
    held = {(entry.ledger, entry.number): entry for entry in entries}
    problems = []
    for head in inputs.ledgers:
        name = f"ledger {head['ledger']}: entry {head['entry']}"
        own = held.get((str(head["ledger"]), int(head["entry"])))
        if own is None:
            problems.append(f"{name}, up to which the report was made, is not here")
        elif own.hash != head["hash"]:
            problems.append(f"{name} is not the one that the report was made from")
    derived = build_document(inputs, up_to(entries, inputs.ledgers))
    return problems + list(compare(told, derived))


def compare(told: Any, derived: Any, path: str = "") -> Iterator[str]:
    """Give where two documents differ."""
    if isinstance(told, Mapping) and isinstance(derived, Mapping):
        for key in [*derived, *(k for k in told if k not in derived)]:
            here = f"{path}.{key}" if path else str(key)
            if key not in told:
                yield f"{here}: is missing, expected {_short(derived[key])}"
            elif key not in derived:
                yield f"{here}: got {_short(told[key])}, which follows from nothing"
            else:
                yield from compare(told[key], derived[key], here)
    elif isinstance(told, list) and isinstance(derived, list) and len(told) == len(derived):
        for number, (one, other) in enumerate(zip(told, derived, strict=True)):
            name = other.get("department") or other.get("name") if isinstance(other, Mapping) else None
            yield from compare(one, other, f"{path}[{name or number}]")
    elif told != derived:
        yield f"{path}: got {_short(told)}, expected {_short(derived)}"


def _short(value: Any) -> str:
    if isinstance(value, list | Mapping):
        return f"{len(value)} entries"
    text = str(value)
    return text if len(text) <= 80 else f"{text[:79]}…"
