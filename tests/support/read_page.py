"""Reads a page as one who cannot see it would: its parts, where it leads, and whether colours can be told apart."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_LEAST_CONTRAST = 4.5
"""Of text to its ground: WCAG 2.2, success criterion 1.4.3."""


class Elements(HTMLParser):
    """Collects what is looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.heads: list[str | None] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.language = ""
        self.open: list[str] = []
        self.tables = self.captions = 0
        self.pictures: list[str] = []
        """What a screen reader says of each."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag not in ("meta", "br"):
            self.open.append(tag)
        if tag == "html":
            self.language = told["lang"] or ""
        if tag == "th":
            self.heads.append(told.get("scope"))
        if "id" in told:
            self.ids.append(str(told["id"]))
        if tag == "a":
            self.links.append(str(told["href"]))
        if tag == "svg":
            assert told["role"] == "img"
            self.pictures.append(told["aria-label"] or "")
        self.tables += tag == "table"
        self.captions += tag == "caption"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Pass over what has no inside."""

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def assert_accessible(text: str, language: str) -> Elements:
    """Hold a page against what everybody needs to read it; give what it is made of."""
    found = Elements()
    found.feed(text)
    assert found.open == []
    assert found.language == language
    assert found.heads
    assert set(found.heads) == {"col", "row"}
    assert len(found.ids) == len(set(found.ids))
    within = {link.removeprefix("#") for link in found.links if link.startswith("#")}
    assert within <= set(found.ids)
    assert all(found.pictures), "a picture without words"
    assert not re.search(r"<script|https?://", text), "it needs nothing beside itself"
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{3,6})", text))
    for ink in ("ink", "soft", "accent", "good", "bad", "warn"):
        for ground in ("paper", "ground"):
            assert contrast(colours[ink], colours[ground]) >= _LEAST_CONTRAST, (ink, ground)
    return found


def contrast(one: str, other: str) -> float:
    """Give the contrast of two colours, 1 to 21: WCAG 2.2, definition of contrast ratio."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    digits = colour.removeprefix("#")
    pairs = [digits[i : i + 2] for i in (0, 2, 4)] if len(digits) == 6 else [digit * 2 for digit in digits]
    parts = [int(pair, 16) / 255 for pair in pairs]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
