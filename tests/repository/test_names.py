"""Names and sizes: modules say what they hold, and each fits on a few screens."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tenants.installation import repository

ROOT = repository()
PACKAGES = ("tenants", "infra", "backup", "monitoring")
MODULES = sorted(file.relative_to(ROOT) for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
WRITTEN = sorted(
    [*MODULES, Path("oneroof.py"), *(file.relative_to(ROOT) for file in (ROOT / "tests").rglob("*.py"))], key=str
)
SAY_NOTHING = frozenset({"utils", "util", "helpers", "helper", "common", "manager", "base", "misc", "core", "lib"})
MOST_LINES = 400


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_a_module_says_what_it_holds(module: Path) -> None:
    assert not SAY_NOTHING & {part.removesuffix(".py") for part in module.parts}
    for part in module.parts:
        assert re.fullmatch(r"[a-z][a-z0-9_]*|__init__", part.removesuffix(".py"))


@pytest.mark.parametrize("module", WRITTEN, ids=str)
def test_a_file_fits_on_a_few_screens(module: Path) -> None:
    lines = (ROOT / module).read_text(encoding="utf-8").count("\n")
    assert lines <= MOST_LINES, f"got {lines} lines, expected at most {MOST_LINES}: split it by idea"


def test_test_folders_are_no_packages() -> None:
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_every_package_folder_is_one() -> None:
    folders = {module.parent for module in MODULES}
    assert not [folder for folder in folders if not (ROOT / folder / "__init__.py").exists()]


def test_decisions_are_numbered_without_gap() -> None:
    numbers = [int(file.name[:4]) for file in sorted((ROOT / "runbooks" / "decisions").glob("[0-9]*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


def test_no_file_of_the_tree_holds_a_private_key() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    )
    if listed.returncode:
        pytest.skip("not a git checkout: nothing says which files belong to it")
    marker = b"-----BEGIN " + b"OPENSSH PRIVATE KEY"
    rsa = b"PRIVATE KEY" + b"-----"
    found = [
        name
        for name in listed.stdout.splitlines()
        if (ROOT / name).is_file() and any(mark in (ROOT / name).read_bytes() for mark in (marker, rsa))
    ]
    assert not found
