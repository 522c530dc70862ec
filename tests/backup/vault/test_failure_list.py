"""The list of failures names tests that are there, alerts that have a runbook, and every test that tries a failure."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tenants.installation import repository

TESTS = repository() / "tests" / "backup"
LIST = TESTS / "vault" / "failures.yaml"
PAGE = repository() / "backup" / "FAILURES.md"
COMPLETE = ("vault/test_failures.py", "vault/test_faults.py", "vault/test_two_runners.py")
"""Files of which every test belongs to a failure of the list."""
HEAD = """\
# What backups die of, and what happens here

Made by `pytest --update` of `tests/backup/vault/failures.yaml`; a test holds each line to the tests that try it, with real
restic and a real append-only vault. In none of them is a run green that is not, and in none is data lost that was there.
All of them run with `make test-all`, and once more with every other restic that `ONEROOF_TEST_RESTIC` names. Alerts are
those of [runbooks/alerts](../runbooks/README.md).

"""


def failures() -> Iterator[tuple[str, dict[str, Any]]]:
    for group in yaml.safe_load(LIST.read_text(encoding="utf-8")):
        for failure in group["failures"]:
            yield group["group"], failure


def tried_in(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def render() -> str:
    lines, last = [], ""
    for group, each in failures():
        if group != last:
            lines += [
                *([""] if last else []),
                f"## {group}",
                "",
                "| failure | what happens | alert | tried by |",
                "|---|---|---|---|",
            ]
            last = group
        alert = each["alert"]
        shown = alert if alert == "-" else f"[{alert}](../runbooks/alerts/{alert}.md)"
        tried = "<br>".join(f"`{test}`" for test in each["tests"])
        lines.append(f"| {each['failure']} | {each['outcome']} | {shown} | {tried} |")
    return HEAD + "\n".join(lines) + "\n"


def test_the_page_is_fresh(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update"):
        PAGE.write_text(render(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == render(), "pytest --update rewrites it"


def test_each_failure_is_tried_and_told() -> None:
    for _, each in failures():
        assert each["tests"], each["failure"]
        for test in each["tests"]:
            file, _, name = test.partition("::")
            assert name in tried_in(TESTS / file), f"{each['failure']}: there is no {test}"
        if each["alert"] != "-":
            assert (repository() / "runbooks" / "alerts" / f"{each['alert']}.md").is_file(), each["alert"]


@pytest.mark.parametrize("file", COMPLETE)
def test_no_test_of_a_failure_is_left_out(file: str) -> None:
    named = {test.partition("::")[2] for _, each in failures() for test in each["tests"] if test.startswith(f"{file}::")}
    assert named == tried_in(TESTS / file)
