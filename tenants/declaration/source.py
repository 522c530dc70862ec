"""YAML text to plain values, each with the line it stands on.

Declarations come from many hands, so only the plain part of YAML is read: one document, no anchors, aliases or tags,
unique keys, and scalars as YAML 1.2 reads them (``no`` is a word and ``10:30`` is not a number).
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tenants.declaration.hidden import find_hidden, spell_hidden
from tenants.problem import Problem, UserError

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 20

WIDE_HINT = "Type YAML's own marks with the input method switched to half width."
_PLAIN: Mapping[str, str] = {"：": ":", "，": ",", "【": "[", "】": "]", "｛": "{", "｝": "}", "－": "-"}

Place = tuple[str | int, ...]
"""Where a value stands: ``("projects", 1, "quota", "cores")``."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: Mapping[str, Any] = {"": None, "~": None, "null": None, "true": True, "false": False}


@dataclass(frozen=True)
class Source:
    """One file's value, and the lines of everything in it."""

    file: Path
    value: dict[str, Any]
    lines: Mapping[Place, int]

    def line(self, place: Place) -> int:
        """Give the line of a place, or of the nearest thing that holds it."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


def load_source(file: Path) -> Source:
    """Read one file; raises UserError with a sentence for each thing that is not plain YAML."""
    try:
        data = _read(file)
    except OSError as error:
        raise UserError(Problem(f"cannot be read: {error.strerror}", file=file)) from error
    if len(data) > MAX_BYTES:
        raise UserError(Problem("got more than 1 MiB, expected a declaration of a few pages", file=file))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        what = f"got byte 0x{data[error.start]:02x}, expected UTF-8 text"
        raise UserError(Problem(what, "Save the file with the encoding UTF-8.", file, line)) from error
    return parse_source(text, file)


def _read(file: Path) -> bytes:
    """Read a plain file, not more than is judged: a link in a pull request could lead to anything on the machine."""
    if file.is_symlink():
        raise UserError(Problem("got a link to another file, expected a file of its own", file=file))
    # a pipe would be waited for; without O_NOFOLLOW the link could come after the look above
    with os.fdopen(os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:
        if not stat.S_ISREG(kind := os.fstat(stream.fileno()).st_mode) and not stat.S_ISDIR(kind):
            raise UserError(Problem("got a pipe or device, expected a file", file=file))
        return stream.read(MAX_BYTES + 1)


def parse_source(text: str, file: Path) -> Source:
    """Turn text into a value with lines; ``file`` is only named in messages."""
    if not text.strip():
        raise UserError(Problem("the file is empty, expected a mapping such as name: health", file=file))
    if hidden := find_hidden(text):
        where, code = hidden
        raise UserError(_hidden_problem(code, file, text[:where].count("\n") + 1))
    reader = _Reader(file)
    try:
        value = reader.document(yaml.parse(text, Loader=_LOADER))
    except yaml.YAMLError as error:
        raise UserError(_syntax_problem(error, text, file)) from error
    if not reader.problems and not isinstance(value, dict):
        got = "nothing" if value is None else describe(value)
        what = f"got {got}, expected a mapping such as name: health"
        hint = WIDE_HINT if full_width(text) else ""
        reader.problems.append(Problem(what, hint, file, reader.lines.get((), 1)))
    if reader.problems:
        raise UserError.of(reader.problems)
    return Source(file, value, reader.lines)


def describe(value: object) -> str:
    """Say what was found, short enough for a sentence."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if value is None:
        return "nothing"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    text = spell_hidden(" ".join(text.split()) if text.split() else repr(text))
    return text if len(text) <= 60 else text[:57] + "…"


def full_width(text: str) -> str:
    """Give the first mark that an input method wrote full width outside of quotes and remarks, or nothing."""
    plain = re.sub(r"\"[^\"]*\"|'[^']*'|#.*", "", text)
    return next((letter for letter in plain if letter in _PLAIN), "")


def _hidden_problem(code: str, file: Path, line: int) -> Problem:
    what = f"got the control character {code}, expected text that is read as it is written"
    return Problem(what, "Remove it; an editor may not show it.", file, line)


def _syntax_problem(error: yaml.YAMLError, text: str, file: Path) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:  # a control character: the reader stops before there are lines
        position = getattr(error, "position", 0)
        line = text[:position].count("\n") + 1 if isinstance(position, int) else None
        return Problem("got a control character, expected text", "Remove it; an editor may not show it.", file, line)
    lines = text.splitlines() or [""]
    for number in range(min(mark.line, len(lines) - 1), max(mark.line - 2, -1), -1):
        indent = lines[number][: len(lines[number]) - len(lines[number].lstrip())]
        if "\t" in indent:
            return Problem("got a tab at the start of the line, expected spaces", "Indent by spaces.", file, number + 1)
    for number in range(min(mark.line, len(lines) - 1), max(mark.line - 2, -1), -1):
        if wide := full_width(lines[number]):
            return Problem(f"got the full-width {wide}, expected {_PLAIN[wide]} and a space", WIDE_HINT, file, number + 1)
    begun = getattr(error, "context_mark", None)
    if begun and "quoted scalar" in str(getattr(error, "context", "")):
        return Problem("got a quotation mark that nothing closes", "Put one at the end of the text.", file, begun.line + 1)
    found = str(getattr(error, "problem", None) or "the text cannot be understood")
    hint = "Look at this line and the one before: indentation, a missing colon, or text that needs quotes."
    return Problem(f"this is not YAML: {found}", hint, file, mark.line + 1)


class _Reader:
    """Builds values from YAML events, so that neither an alias nor deep nesting costs anything before it is refused."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.lines: dict[Place, int] = {}
        self.problems: list[Problem] = []
        self._stopped = False

    def document(self, events: Iterator[yaml.Event]) -> Any:
        value: Any = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._problem("got a second document, expected one in a file", event, "Remove the line ---.")
                    break
            elif isinstance(event, yaml.NodeEvent):
                value = self._value(event, events, ())
                if self._stopped:
                    break
        return value

    def _value(self, event: yaml.Event, events: Iterator[yaml.Event], place: Place) -> Any:
        self.lines.setdefault(place, _line(event))
        if isinstance(event, yaml.AliasEvent):
            self._problem(f"got the alias *{event.anchor}, expected the value itself", event, "Write the value out.")
            return None
        if getattr(event, "anchor", None) is not None:
            self._problem(
                f"got the anchor &{getattr(event, 'anchor', '')}, expected a value", event, "Write each value out."
            )
        if (tag := getattr(event, "tag", None)) not in (None, "!"):
            self._problem(
                f"got the tag {describe(tag)}, expected a plain value", event, "Remove the word that starts with !."
            )
        if isinstance(event, yaml.ScalarEvent):
            self._show_hidden(event)
            return _scalar(event)
        if len(place) >= MAX_DEPTH:
            self._problem(f"got values nested deeper than {MAX_DEPTH}, expected a declaration", event)
            self._stopped = True
            return None
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(events, place)
        return self._mapping(events, place)

    def _sequence(self, events: Iterator[yaml.Event], place: Place) -> list[Any]:
        values: list[Any] = []
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent) or self._stopped:
                break
            values.append(self._value(event, events, (*place, len(values))))
        return values

    def _mapping(self, events: Iterator[yaml.Event], place: Place) -> dict[str, Any]:
        values: dict[str, Any] = {}
        first: dict[str, int] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent) or self._stopped:
                break
            line = _line(event)
            if isinstance(event, yaml.ScalarEvent):
                key = event.value
                self._show_hidden(event)
                if event.anchor is not None or (event.tag is not None and event.tag != "!"):
                    self._problem(f"got the key {describe(key)} with an anchor or tag, expected a plain word", event)
            else:
                self._problem("got a list, mapping or alias as a key, expected a word", event)
                self._value(event, events, (*place, "?"))
                key = f"?{line}"
            repeated = key in first
            if repeated:
                self._problem(
                    f"{describe(key)}: got it twice in one mapping, expected it once (first on line {first[key]})", event
                )
            else:
                first[key] = line
                self.lines[(*place, key)] = line
            value = self._value(next(events), events, (*place, key))
            if not repeated:
                values[key] = value
        return values

    def _show_hidden(self, event: yaml.ScalarEvent) -> None:
        if hidden := find_hidden(event.value):  # by an escape such as "\\e"; one written out was found before
            self.problems.append(_hidden_problem(hidden[1], self.file, _line(event)))

    def _problem(self, what: str, event: yaml.Event, hint: str = "") -> None:
        self.problems.append(Problem(what, hint, self.file, _line(event)))


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _scalar(event: yaml.ScalarEvent) -> Any:
    text: str = event.value
    if event.style not in (None, "") or event.tag == "!":
        return text
    if text.lower() in _WORDS and text in (text.lower(), text.upper(), text.capitalize()):
        return _WORDS[text.lower()]
    if _INTEGER.fullmatch(text) and len(text) <= 19:
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text
