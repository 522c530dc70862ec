"""Writes a report's files: its JSON, its table, and a page in each language, printed too where that is asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitoring.reports.language import LANGUAGES
from monitoring.reports.pdf import print_page
from tenants.writing import write_whole

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Form:
    """How a kind of report is shown."""

    page: Callable[[Document, str], str]
    """Report and language to HTML."""
    table: Callable[[Document], str]
    """Report to comma-separated lines."""


def write_files(folder: Path, stem: str, document: Document, form: Form, pdf: bool) -> Iterator[Path]:
    """Write them and name each when it is there; who reads one meanwhile sees the old one or the new one, whole."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = {language: form.page(document, language) for language in LANGUAGES}
    texts = {f"{stem}.json": json.dumps(document, indent=1, ensure_ascii=False) + "\n", f"{stem}.csv": form.table(document)}
    texts |= {f"{stem}.{language}.html": page for language, page in pages.items()}
    for name, text in texts.items():
        write_whole(folder / name, text)
        yield folder / name
    for language, page in pages.items() if pdf else ():
        target = folder / f"{stem}.{language}.pdf"
        print_page(page, target)
        yield target
