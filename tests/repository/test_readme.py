"""The README says what the command says, and every link in it leads somewhere."""

import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import oneroof

ROOT = Path(oneroof.__file__).parent
README = ROOT / "README.md"
BLOCK = re.compile(r"(<!-- help: (?P<command>[a-z ]+) -->\n```text\n)(?P<text>.*?)(```\n)", re.DOTALL)


def help_text(command: str) -> str:
    """Give what ``<command> --help`` prints, 100 columns wide."""
    result = CliRunner().invoke(oneroof.cli, [*command.split()[1:], "--help"], prog_name="oneroof", terminal_width=100)
    assert result.exit_code == 0, result.output
    return result.output


def test_help_blocks_are_what_the_command_prints(request: pytest.FixtureRequest) -> None:
    text = README.read_text()
    renewed = BLOCK.sub(lambda block: block[1] + help_text(block["command"]) + block[4], text)
    if request.config.getoption("--update"):
        README.write_text(renewed)
    assert text == renewed, "README.md is behind --help: renew it with pytest tests/repository/test_readme.py --update"


@pytest.mark.parametrize(
    "page", [*sorted(p.relative_to(ROOT) for p in ROOT.glob("[!.]*/**/*.md")), Path("README.md")], ids=str
)
def test_relative_links_lead_to_files(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", (ROOT / page).read_text())
    missing = [link for link in links if not (ROOT / page.parent / link).exists()]
    assert not missing


def test_every_command_says_what_it_does() -> None:
    silent = []

    def walk(name: str, command: click.Command) -> None:
        if not (command.help or "").strip():
            silent.append(name)
        if isinstance(command, click.Group):
            for child, sub in command.commands.items():
                walk(f"{name} {child}", sub)

    walk("oneroof", oneroof.cli)
    assert not silent
