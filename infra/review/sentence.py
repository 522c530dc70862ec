"""Sentences with words of others in them, kept apart until they are shown: the words are quoted, whatever they hold."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

LONGEST = 200
"""Characters of a quoted word that are shown."""

_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"})
"""Categories of characters that do not show, turn the text around or end the line."""


@dataclass(frozen=True)
class Sentence:
    """A sentence of ours; each ``{}`` stands for words that others wrote."""

    text: str
    words: tuple[str, ...] = ()

    def plain(self) -> str:
        """Give it for a terminal or a status line."""
        return self.text.format(*(visible(word) for word in self.words))

    def markdown(self) -> str:
        """Give it for a comment."""
        return self.text.format(*(quoted(word) for word in self.words))


def visible(text: str, *, longest: int = LONGEST) -> str:
    """Give a text on one line without characters that do not show: each stands as a replacement sign."""
    cut = " ".join(text[: 4 * longest].split())
    seen = "".join("�" if unicodedata.category(character) in _UNSEEN else character for character in cut)
    return seen if len(seen) <= longest and len(text) <= 4 * longest else seen[: longest - 1] + "…"


def quoted(text: str, *, longest: int = LONGEST) -> str:
    """Give a text as a Markdown code span, in which nothing is a link, a mention, an image, HTML or the span's end."""
    shown = visible(text, longest=longest)
    if not shown:
        return "–"
    runs = "".join(character if character == "`" else " " for character in shown).split()
    # CommonMark ends a span at a run of as many backticks as it began with
    fence = "`" * (1 + max((len(run) for run in runs), default=0))
    return f"{fence} {shown} {fence}" if shown[0] == "`" or shown[-1] == "`" else f"{fence}{shown}{fence}"


def cell(text: str, *, longest: int = 80) -> str:
    """Give a text as a code span in a table's cell: there a bar ends the cell even inside a span, but for a backslash."""
    # A backslash of the text's own before a bar would be taken for the bar's.
    return quoted(text, longest=longest).replace("\\|", "\\ |").replace("|", "\\|")
