"""Languages of reports: their words, and the marking of names, so that a page is read aloud right."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path

import yaml
from markupsafe import Markup

LANGUAGES = {"en": "en", "zh": "zh-Hans"}
"""Language of a report to its tag in HTML."""
_SCRIPTS = {"CJK": "zh", "TIBETAN": "bo", "MONGOLIAN": "mn", "YI": "ii"}
"""First word of a character's name in Unicode to the language (BCP 47) that China's departments write with it."""


def load_words(file: Path, language: str) -> dict[str, str]:
    """Give every word of a report in one language."""
    told: Mapping[str, Mapping[str, str]] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return {key: words[language] for key, words in told.items()}


def render_name(text: str) -> Markup:
    """Give a name as HTML, each part of it that is not in Latin letters with its language.

    >>> str(render_name("林业局 (Forestry Bureau)"))
    '<span lang="zh">林业局</span> (Forestry Bureau)'
    """
    parts = re.split(r"([^\x00-\u02ff]+)", text)
    return Markup("").join(_marked(part) for part in parts)


def _marked(part: str) -> str | Markup:
    scripts = {unicodedata.name(character, "").split(" ")[0].split("-")[0] for character in part}
    languages = {_SCRIPTS[script] for script in scripts if script in _SCRIPTS}
    return Markup('<span lang="{}">{}</span>').format(min(languages), part) if len(languages) == 1 else part
