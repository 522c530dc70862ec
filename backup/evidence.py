"""Whether the evidence is what was written: every ledger, held against its key, its head and what other machines saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from backup.ledger import (
    BEGINNING,
    GAP,
    WITNESS,
    Entry,
    hash_line,
    is_line_signed,
    list_ledgers,
    parse_entry,
    public_key,
    read_head,
)


@dataclass(frozen=True)
class Examined:
    """One ledger, and everything that is wrong with it."""

    ledger: str
    machine: str
    entries: tuple[Entry, ...]
    problems: tuple[str, ...]
    """One sentence each; it names the entry."""

    @property
    def summary(self) -> dict[str, object]:
        """What a program wants to know of it."""
        last = self.entries[-1] if self.entries else None
        return {
            "ledger": self.ledger,
            "machine": self.machine,
            "entries": len(self.entries),
            "last_at": last.at.isoformat() if last else None,
            "last_hash": last.hash if last else None,
            "problems": list(self.problems),
        }


def verify(directory: Path) -> tuple[Examined, ...]:
    """Examine every ledger of a ``records/`` directory."""
    found = {file.stem: examine(file) for file in list_ledgers(directory)}
    witnessed = _hold_against_witnesses(found)
    return tuple(
        Examined(e.ledger, e.machine, e.entries, (*e.problems, *witnessed.get(name, ()))) for name, e in found.items()
    ) + tuple(Examined(name, "", (), tuple(said)) for name, said in witnessed.items() if name not in found)


def examine(file: Path) -> Examined:
    """Examine one ledger by itself: each signature, each link, no number twice or missing, and its end."""
    public, head = public_key(file), read_head(file)
    problems: list[str] = []
    if not public:
        problems.append("line 1: entry 1 does not tell the key after which this ledger is called")
    entries: list[Entry] = []
    lines: dict[int, bytes] = {}
    expected, previous, place = 1, BEGINNING, 0
    for number, line in enumerate(file.read_bytes().splitlines(keepends=True), start=1):
        begun, place = place, place + len(line)
        try:
            entry = parse_entry(file.stem, line)
        except ValueError as error:
            if head is None or begun < head.bytes:
                problems.append(f"line {number}: entry {expected} cannot be read: {error}")
                expected += 1
                previous = hash_line(line)
            continue  # behind the head: a write that power cut short, never told to anybody
        problems += _compare(entry, number, expected, previous)
        if public and not is_line_signed(line, public):
            problems.append(f"line {number}: {name(entry)} was changed: its signature does not fit what it says")
        entries.append(entry)
        lines[entry.number] = line
        expected, previous = entry.number + 1, entry.hash
    problems += _end(file, head is not None, head.number if head else 0, head.hash if head else "", lines)
    machine = str(entries[0].record.get("machine", "")) if entries else ""
    return Examined(file.stem, machine, tuple(entries), tuple(problems))


def name(entry: Entry) -> str:
    """Give how a sentence calls an entry."""
    about = " ".join(str(entry.record[k]) for k in ("department", "source", "name") if entry.record.get(k))
    return f"entry {entry.number} ({entry.kind}{f' of {about}' if about else ''}, {entry.at:%Y-%m-%d %H:%M:%S}Z)"


def _compare(entry: Entry, line: int, expected: int, previous: str) -> list[str]:
    if entry.kind == GAP:
        return [
            f"line {line}: {name(entry)} says that entries up to {entry.record.get('expected_entry', 'the head')} "
            f"were there and only those up to {entry.record.get('found_entry')} were left when it was written"
        ]
    if entry.number > expected:
        gone = f"entry {expected} is" if entry.number == expected + 1 else f"entries {expected} to {entry.number - 1} are"
        return [f"line {line}: {gone} missing before {name(entry)}"]
    if entry.number < expected:
        return [f"line {line}: {name(entry)} is out of order or stands here twice, expected entry {expected}"]
    if entry.previous != previous:
        return [f"line {line}: {name(entry)} does not follow the entry before it: one of the two was replaced"]
    return []


def _end(file: Path, told: bool, number: int, digest: str, lines: Mapping[int, bytes]) -> list[str]:
    own = file.with_suffix(".head").exists()
    last = max(lines, default=0)
    if not told:
        foreign = "its head was changed: the ledger's key did not sign it" if own else ""
        return [foreign] if foreign else []
    if number > last:
        gone = f"entry {number} is" if number == last + 1 else f"entries {last + 1} to {number} are"
        return [f"{gone} missing at the end: entry {number} was told"]
    if number in lines and hash_line(lines[number]) != digest:
        return [f"entry {number} is not the one that was told"]
    return []


def _hold_against_witnesses(found: Mapping[str, Examined]) -> dict[str, list[str]]:
    """Hold each ledger against what others saw of it: what was taken from its end together with its head shows here."""
    said: dict[str, list[str]] = {}
    for other in found.values():
        for entry in (e for e in other.entries if e.kind == WITNESS):
            ledger, number, digest = (str(entry.record.get(k, "")) for k in ("ledger", "entry", "hash"))
            seen = f"entry {number}, which {other.machine or other.ledger} saw in its {name(entry)},"
            if ledger not in found:
                said.setdefault(ledger, []).append(f"the ledger is gone, and with it {seen.rstrip(',')}")
                continue
            own: Sequence[Entry] = [e for e in found[ledger].entries if str(e.number) == number]
            if not own:
                said.setdefault(ledger, []).append(f"{seen} is missing")
            elif own[0].hash != digest:
                said.setdefault(ledger, []).append(f"{seen} was replaced")
    return said
