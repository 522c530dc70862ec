"""One holder's share as a file: words that can be copied by hand, and the sealed content as it was on that day."""

from __future__ import annotations

import base64
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

from tenants.problem import Problem, UserError

_WORDS, _SEALED = "words:", "sealed:"


@dataclass(frozen=True)
class Share:
    """What a holder keeps."""

    words: str
    sealed: bytes = b""
    """Empty where only the words were copied: the vault's machine has it too."""

    def __repr__(self) -> str:
        return "Share(…)"


def render_share(
    share: Share, *, installation: str, number: int, shares: int, threshold: int, holder: str, split_on: str, version: int
) -> str:
    """Give the text of a share's file."""
    words = share.words.split()
    lines = "\n".join(" ".join(words[start : start + 4]) for start in range(0, len(words), 4))
    sealed = textwrap.fill(base64.b64encode(share.sealed).decode(), 100)
    return (
        f"Escrow of {installation}: share {number} of {shares}, for the {holder}; split on {split_on}.\n"
        f"Any {threshold} shares together open it: `oneroof restore everything SHARE...`.\n"
        "The procedure is runbooks/procedures/lose-a-site.md of the repository.\n"
        "Keep it apart from the others, off every network. One share alone tells nothing.\n\n"
        f"{_WORDS}\n{textwrap.indent(lines, '    ')}\n\n"
        f"{_SEALED} version {version}\n{textwrap.indent(sealed, '    ')}\n"
    )


def load_share(file: Path) -> Share:
    """Read a share's file, or one that holds nothing but the words; raise :class:`UserError` where it has none."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(Problem("this share cannot be read", file=file)) from error
    before, mark, after = text.partition(f"\n{_WORDS}\n")
    words, _, rest = (after if mark else before).partition(f"\n{_SEALED}")
    words = " ".join(words.split())
    if not re.fullmatch(r"[a-z]+( [a-z]+){19,}", words):
        raise UserError(Problem("this is no share: got no line of words, expected 33 of them", file=file))
    try:
        return Share(words, base64.b64decode("".join(rest.partition("\n")[2].split()), validate=True))
    except ValueError as error:
        raise UserError(
            Problem("the sealed part of this share was changed", "Its words alone still serve.", file)
        ) from error
