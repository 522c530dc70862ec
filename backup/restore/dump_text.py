"""The text of mariadb-dump: loaded under other names of schemas, and what of two dumps differs. Pure.

Parts are told by the comments that mariadb-dump puts before each: three lines, the first and the last of them ``--``. Only
the two statements behind ``Current Database`` name a schema by themselves; names that views, routines and triggers say of
their own are theirs, and stay.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

MARK = "oneroof_restoring"
"""Table that stands in a schema from its first moment until it was compared: who finds it has half of a restore."""

_LINE = b"--\n"
_DATABASE = re.compile(rb"-- Current Database: `(\w+)`\n")
_CREATE = re.compile(rb"CREATE DATABASE (?:/\*!32312 IF NOT EXISTS\*/ )?`(\w+)`(.*)\n", re.DOTALL)
_USE = re.compile(rb"USE `(\w+)`;\n")
_DEFINER = re.compile(rb"\bDEFINER=`([^`]+)`@")
_EVENTS = "Dumping events for database"


@dataclass(frozen=True)
class Line:
    """A line of a dump, and where it stands."""

    schema: str
    """Empty before the first."""
    part: str
    """The comment before it, such as ``Dumping data for table `clinics```."""
    text: bytes

    @property
    def is_event(self) -> bool:
        """Whether it belongs to what makes the schema's events."""
        return self.part.startswith(_EVENTS)


def read_lines(dump: Iterable[bytes]) -> Iterator[Line]:
    """Give a dump's lines with their places."""
    schema = part = ""
    held: list[bytes] = []
    for text in dump:
        held.append(text)
        if held == [_LINE] or (len(held) == 2 and held[0] == _LINE and text.startswith(b"-- ")):
            continue  # perhaps the beginning of a part
        if len(held) == 3 and text == _LINE:
            part = held[1][3:].decode("utf-8", "replace").strip()
            if found := _DATABASE.fullmatch(held[1]):
                schema = found[1].decode()
        for each in held:
            yield Line(schema, part, each)
        held = []
    for each in held:
        yield Line(schema, part, each)


def rename(dump: Iterable[bytes], names: Mapping[str, str]) -> Iterator[bytes]:
    """Give a dump that makes schemas of other names, which must not be there, each with :data:`MARK`; without events.

    Raises ``ValueError`` for a schema that ``names`` does not have.
    """
    for line in read_lines(dump):
        if line.is_event:
            continue
        behind_head = line.part.startswith("Current Database")
        if behind_head and (made := _CREATE.fullmatch(line.text)):
            new = _new(made[1], names)
            yield b"CREATE DATABASE `%s`%s\nUSE `%s`;\n" % (new, made[2], new)
            yield b"CREATE TABLE `%s` (`id` int) ENGINE=InnoDB;\n" % MARK.encode()
        elif behind_head and (used := _USE.fullmatch(line.text)):
            yield b"USE `%s`;\n" % _new(used[1], names)
        else:
            yield line.text


def events_alone(dump: Iterable[bytes], names: Mapping[str, str]) -> Iterator[bytes]:
    """Give what makes the events of a dump, in schemas of other names: they run as soon as they are there."""
    last = ""
    for line in read_lines(dump):
        if line.is_event and line.schema != last:
            yield b"USE `%s`;\n" % _new(line.schema.encode(), names)
            last = line.schema
        if line.is_event or (not line.schema and not line.part):  # how the session is set comes first
            yield line.text


def digest_parts(dump: Iterable[bytes], names: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """Give each part's sha256 by schema, called as in ``names``, and comment; without events and the names of schemas."""
    sums: dict[tuple[str, str], hashlib._Hash] = {}
    for line in read_lines(dump):
        if line.is_event or line.text.startswith(b"--") or not line.text.strip():
            continue
        if line.part.startswith("Current Database") and (_CREATE.fullmatch(line.text) or _USE.fullmatch(line.text)):
            continue
        key = (
            names.get(line.schema, line.schema),
            line.part.replace(f"`{line.schema}`", "").replace(f"'{line.schema}'", ""),
        )
        sums.setdefault(key, hashlib.sha256()).update(line.text)
    return {key: each.hexdigest() for key, each in sums.items()}


def find_definers(dump: Iterable[bytes]) -> set[str]:
    """Give the accounts in whose names anything of a dump runs: who makes it must be let to name them."""
    found: set[str] = set()
    for line in read_lines(dump):
        if not line.part.startswith("Dumping data") or line.text.startswith(b"/*!50003 CREATE*/"):  # a trigger
            found |= {name.decode("utf-8", "replace") for name in _DEFINER.findall(line.text)}
    return found


def _new(name: bytes, names: Mapping[str, str]) -> bytes:
    try:
        return names[name.decode()].encode()
    except KeyError as error:
        raise ValueError(f"the dump has a schema {name.decode()} that its description does not tell") from error
