"""Marks the language of names, so that a page in English is read aloud and hyphenated right where a name is in another."""

from __future__ import annotations

import re
import unicodedata

from markupsafe import Markup

_LANGUAGES = {"CJK": "zh", "TIBETAN": "bo", "MONGOLIAN": "mn", "YI": "ii"}
"""First word of a character's name in Unicode to the language (BCP 47) that China's departments write with it."""


def render_name(text: str) -> Markup:
    """Give a name as HTML, each part of it that is not in Latin letters with its language.

    >>> str(render_name("林业局 (Forestry Bureau)"))
    '<span lang="zh">林业局</span> (Forestry Bureau)'
    """
    parts = re.split(r"([^\x00-\u02ff]+)", text)
    return Markup("").join(_marked(part) for part in parts)


def _marked(part: str) -> str | Markup:
    scripts = {unicodedata.name(character, "").split(" ")[0].split("-")[0] for character in part}
    languages = {_LANGUAGES[script] for script in scripts if script in _LANGUAGES}
    return Markup('<span lang="{}">{}</span>').format(min(languages), part) if len(languages) == 1 else part
