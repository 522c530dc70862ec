"""Every ``oneroof …`` line of a page is a command that exists, with options that it knows."""

from __future__ import annotations

import re
import shlex
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

import oneroof

ROOT = Path(oneroof.__file__).parent
FENCE = re.compile(r"^(?P<indent> *)```(?P<kind>[a-z]*)\n(?P<text>.*?)^(?P=indent)```", re.DOTALL | re.MULTILINE)
SHELL = ("console", "sh", "bash", "shell")
INLINE = re.compile(r"`(oneroof [^`\n]+)`")
PLACEHOLDER = re.compile(r"<[^<>\s]+>|\.\.\.|…")


@dataclass(frozen=True)
class Line:
    """One command of a page."""

    page: Path
    number: int
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.page}:{self.number}: {shlex.join(self.words)}"


def documented(page: Path) -> Iterator[Line]:
    """Give the ``oneroof`` lines of a page: those of its shell blocks, and those in the midst of a sentence."""
    text = (ROOT / page).read_text(encoding="utf-8")
    prose = FENCE.sub(lambda block: "\n" * block[0].count("\n"), text)
    for found in INLINE.finditer(prose):
        number = prose[: found.start()].count("\n") + 1
        first, *more = found[1].split(" · ")  # several in one cell of a table
        for text in (first, *(f"oneroof {also}" for also in more)):
            for words in commands(text):
                yield Line(page, number, words)
    for block in FENCE.finditer(text):
        if block["kind"] not in SHELL:
            continue
        first = text[: block.start("text")].count("\n") + 1
        for offset, raw in enumerate(block["text"].splitlines()):
            for words in commands(raw.strip().removeprefix("$ ")):
                yield Line(page, first + offset, words)


def commands(text: str) -> Iterator[tuple[str, ...]]:
    """Give the ``oneroof`` commands of a shell line, without what they are piped from or into."""
    lexer = shlex.shlex(PLACEHOLDER.sub("value", text), posix=True, punctuation_chars=True)
    lexer.commenters = "#"
    words: list[str] = []
    for token in (*lexer, ";"):
        if set(token) <= set("();<>|&"):
            while words and (words[0] == "sudo" or re.match("[A-Z_]+=", words[0])):
                del words[0]
            if words and words[0] == "oneroof":
                yield tuple(words)
            words = []
        else:
            words.append(token)


def parse(words: list[str]) -> None:
    """Let click read the words as it would before running; raises click.ClickException for what it refuses."""
    command: click.Command = oneroof.cli
    context: click.Context | None = None
    name = "oneroof"
    while True:
        # make_context reads options and arguments and runs nothing
        context = command.make_context(name, words, parent=context)
        if not isinstance(command, click.Group):
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # click 9 puts all of it into args
            rest = [*getattr(context, "protected_args", ()), *context.args]
        if not rest:
            return
        found, sub, words = command.resolve_command(context, rest)
        assert sub
        assert found
        command, name = sub, found


PAGES = sorted(
    page.relative_to(ROOT)
    for page in (ROOT / "README.md", *ROOT.glob("[!.]*/**/*.md"))
    if page.relative_to(ROOT).name != "CHANGELOG.md"
)
LINES = [line for page in PAGES for line in documented(page)]


@pytest.mark.parametrize("line", LINES, ids=str)
def test_a_documented_command_is_one(line: Line) -> None:
    try:
        parse([*line.words[1:]])
    except click.exceptions.Exit as done:
        if done.exit_code:  # --help and --version end here with 0
            pytest.fail(f"{line}: ends with {done.exit_code}")
    except click.ClickException as error:
        pytest.fail(f"{line}: {error.format_message()}")


def test_pages_do_document_commands() -> None:
    assert {"README.md", "tenants/README.md"} <= {str(line.page) for line in LINES}


def test_what_no_command_knows_is_refused() -> None:
    for words in (["tenants", "chekc"], ["tenants", "check", "--fast"], ["tenants", "show"]):
        with pytest.raises(click.ClickException):
            parse(words)


def test_commands_are_found_among_others() -> None:
    line = "sudo ONEROOF_LAB=b oneroof status --json | jq '.a | .b' && oneroof backup run <department>  # now"
    assert list(commands(line)) == [("oneroof", "status", "--json"), ("oneroof", "backup", "run", "value")]
