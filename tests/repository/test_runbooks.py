"""The runbooks' index lists every page, each with its own first sentence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tenants.installation import repository

RUNBOOKS = repository() / "runbooks"
BLOCK = re.compile(r"(?P<mark><!-- index: (?P<folder>[a-z]+) -->\n)(?P<table>(?:\|[^\n]*\n)*)")
STARTS = {"alerts": "## Meaning\n", "procedures": "\n\n", "decisions": "**Decision.** "}
"""What the sentence that stands for a page comes after."""


def first_sentence(page: Path) -> str:
    """Give the sentence that says what a page is for."""
    _, start, rest = page.read_text(encoding="utf-8").partition(STARTS[page.parent.name])
    assert start, f"{page}: expected {STARTS[page.parent.name].strip() or 'a first paragraph'}"
    sentence = re.split(r"(?<=[.!?:;])\s", " ".join(rest.split("\n\n")[0].split()), maxsplit=1)[0]
    return sentence.rstrip(".:;").replace("|", r"\|")


def render_index(folder: str) -> str:
    """Give the table of one folder."""
    rows = ["| page | in one sentence |", "|---|---|"]
    for page in sorted((RUNBOOKS / folder).glob("*.md")):
        title = page.read_text(encoding="utf-8").split("\n", 1)[0].removeprefix("# ")
        rows.append(f"| [{title}]({folder}/{page.name}) | {first_sentence(page)} |")
    return "\n".join(rows) + "\n"


def test_the_index_is_fresh(request: pytest.FixtureRequest) -> None:
    readme = RUNBOOKS / "README.md"
    text = readme.read_text(encoding="utf-8")
    renewed = BLOCK.sub(lambda block: block["mark"] + render_index(block["folder"]), text)
    if request.config.getoption("--update"):
        readme.write_text(renewed, encoding="utf-8")
        text = renewed
    assert {block["folder"] for block in BLOCK.finditer(text)} == set(STARTS)
    assert text == renewed, "renew it: pytest tests/repository/test_runbooks.py --update"


@pytest.mark.parametrize("decision", sorted((RUNBOOKS / "decisions").glob("*.md")), ids=lambda page: page.stem)
def test_a_decision_has_context_decision_and_consequences(decision: Path) -> None:
    text = decision.read_text(encoding="utf-8")
    assert text.startswith(f"# {int(decision.name[:4])}. ")
    assert re.findall(r"^\*\*(\w+)\.\*\*", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]
