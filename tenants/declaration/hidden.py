"""Characters that nobody sees and that change what is seen: terminal commands, and marks that turn text around.

A reviewer reads a declaration in a terminal or on a page; what is approved must be what is written:
https://www.unicode.org/reports/tr36/ (bidirectional text spoofing).
"""

from __future__ import annotations

import re

_TURNING = "\u202a-\u202e\u2066-\u2069"
_HIDDEN = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{_TURNING}]")


def find_hidden(text: str) -> tuple[int, str] | None:
    """Give where the first such character stands and its code point, or nothing.

    >>> find_hidden("plain text\\twith a tab"), find_hidden("a\\x1b[2J")
    (None, (1, 'U+001B'))
    """
    found = _HIDDEN.search(text)
    return (found.start(), f"U+{ord(found[0]):04X}") if found else None


def spell_hidden(text: str) -> str:
    """Give the text with each such character spelt out, so that a message can hold it.

    >>> spell_hidden("a\x1b[2J")
    'a<U+001B>[2J'
    """
    return _HIDDEN.sub(lambda found: f"<U+{ord(found[0]):04X}>", text)
